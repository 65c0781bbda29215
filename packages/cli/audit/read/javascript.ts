import ts from "typescript";
import type { Binding, Call, Import, Piece, Source, Text } from "../types";

/**
 * Reads JavaScript and TypeScript by the compiler's own parser, which takes broken code too.
 * @param name decides the dialect: `.tsx` and `.jsx` may hold markup.
 */
export function readJavaScript(text: string, name: string): Source {
  const kind = /x$/.test(name) ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, kind);
  const source: Source = { texts: [], bindings: [], imports: [], calls: [] };
  visit(file, file, source, { callees: [] });
  return source;
}

interface Context {
  callees: string[];
  call?: ts.Node;
  target?: string;
}

function visit(node: ts.Node, file: ts.SourceFile, source: Source, context: Context): void {
  if (ts.isImportDeclaration(node)) {
    source.imports.push(importOf(node, file));
    return;
  }
  const required = requireOf(node, file);
  if (required) source.imports.push(required);
  const binding = bindingOf(node, file);
  if (binding) source.bindings.push(binding);
  const target = targetOf(node) ?? context.target;

  if (ts.isExpression(node) && isTextual(node)) {
    const pieces = piecesOf(node);
    if (pieces.some((piece) => typeof piece === "string")) {
      source.texts.push(textOf(node, file, pieces, { ...context, target }));
      return;
    }
  }
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    const callee = nameOf(node.expression);
    source.calls.push(callOf(node, file, callee));
    visit(node.expression, file, source, context);
    const inside = { callees: [callee, ...context.callees], call: node, target };
    for (const argument of node.arguments ?? []) visit(argument, file, source, inside);
    return;
  }
  // What happens inside a function is not part of the call that the function is handed to.
  const own = ts.isFunctionLike(node) || ts.isClassLike(node) ? { callees: [] } : { ...context, target };
  ts.forEachChild(node, (child) => visit(child, file, source, own));
}

function lineOf(node: ts.Node, file: ts.SourceFile): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

function textOf(node: ts.Node, file: ts.SourceFile, pieces: Piece[], context: Context): Text {
  const around = context.call ?? statementOf(node);
  return {
    line: lineOf(node, file),
    pieces,
    callees: context.callees,
    around: around.getText(file).slice(0, 4000),
    ...(context.target === undefined ? {} : { target: context.target }),
  };
}

function statementOf(node: ts.Node): ts.Node {
  let current = node;
  while (!ts.isStatement(current) && !ts.isPropertyAssignment(current) && current.parent) {
    current = current.parent;
  }
  return current;
}

function callOf(node: ts.CallExpression | ts.NewExpression, file: ts.SourceFile, callee: string): Call {
  return {
    callee: ts.isNewExpression(node) ? `new ${callee}` : callee,
    line: lineOf(node, file),
    text: node.getText(file).slice(0, 4000),
    pieces: node.arguments?.[0] ? addressIn(node.arguments[0]) : [],
  };
}

const ADDRESS_KEY = /^(api_?host|host|server|address|server_?address|url|base_?url|api_?url|endpoint)$/i;

/** The address among an argument's properties, or the argument itself; of a list, its first. */
function addressIn(argument: ts.Expression): Piece[] {
  if (ts.isArrayLiteralExpression(argument))
    return argument.elements[0] ? addressIn(argument.elements[0]) : [];
  if (!ts.isObjectLiteralExpression(argument)) return piecesOf(argument);
  for (const property of argument.properties) {
    if (ts.isPropertyAssignment(property) && ADDRESS_KEY.test(propertyName(property.name))) {
      return piecesOf(property.initializer);
    }
  }
  return [];
}

function importOf(node: ts.ImportDeclaration, file: ts.SourceFile): Import {
  const names: string[] = [];
  const clause = node.importClause;
  if (clause?.name) names.push(clause.name.text);
  const bindings = clause?.namedBindings;
  if (bindings && ts.isNamespaceImport(bindings)) names.push(bindings.name.text);
  if (bindings && ts.isNamedImports(bindings)) names.push(...bindings.elements.map(({ name }) => name.text));
  const module = ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : "";
  return { module, names, line: lineOf(node, file) };
}

function requireOf(node: ts.Node, file: ts.SourceFile): Import | undefined {
  if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isCallExpression(node.initializer)) return;
  const [module] = node.initializer.arguments;
  if (nameOf(node.initializer.expression) !== "require" || !module || !ts.isStringLiteral(module)) return;
  const names = ts.isIdentifier(node.name)
    ? [node.name.text]
    : node.name.elements.flatMap((each) =>
        ts.isBindingElement(each) && ts.isIdentifier(each.name) ? [each.name.text] : [],
      );
  return { module: module.text, names, line: lineOf(node, file) };
}

function bindingOf(node: ts.Node, file: ts.SourceFile): Binding | undefined {
  if (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isBindingElement(node)
  ) {
    if (!ts.isIdentifier(node.name)) return undefined;
    const parameter = ts.isParameter(node) || ts.isBindingElement(node);
    if (!node.initializer && !parameter) return undefined;
    const field = ts.isPropertyDeclaration(node) || (ts.isParameter(node) && node.modifiers !== undefined);
    return {
      ...assignedBy(node.initializer, file),
      name: `${field ? "." : ""}${node.name.text}`,
      line: lineOf(node, file),
      ...(parameter ? { parameter } : {}),
    };
  }
  if (ts.isPropertyAssignment(node)) {
    // `headers: headers` hands a name on and gives it no value.
    if (ts.isIdentifier(node.initializer) && node.initializer.text === propertyName(node.name))
      return undefined;
    const value = assignedBy(node.initializer, file);
    return { ...value, name: propertyName(node.name), line: lineOf(node, file) };
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return { ...assignedBy(node.right, file), name: nameOf(node.left), line: lineOf(node, file) };
  }
  return undefined;
}

function assignedBy(node: ts.Expression | undefined, file: ts.SourceFile): { pieces: Piece[]; text: string } {
  return { pieces: node ? piecesOf(node) : [], text: node?.getText(file).slice(0, 4000) ?? "" };
}

function targetOf(node: ts.Node): string | undefined {
  if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
    return ts.isIdentifier(node.name) ? node.name.text : undefined;
  }
  if (ts.isPropertyAssignment(node)) return propertyName(node.name);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return nameOf(node.left);
  }
  return undefined;
}

function propertyName(name: ts.PropertyName): string {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : "";
}

/** `axios.get`, `.url` for `this.url`, `?` where there is no name. */
function nameOf(node: ts.Node): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    if (node.expression.kind === ts.SyntaxKind.ThisKeyword) return `.${node.name.text}`;
    return `${nameOf(node.expression)}.${node.name.text}`;
  }
  if (ts.isCallExpression(node)) return `${nameOf(node.expression)}()`;
  if (isWrapper(node)) return nameOf(node.expression);
  return "?";
}

function isWrapper(node: ts.Node): node is ts.Expression & { expression: ts.Expression } {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isSatisfiesExpression(node)
  );
}

const JOINS = /(^|\.)(urljoin|joinurl|URL)$/i;
/** Methods that leave an address what it is. */
const KEEPS = /^(replace|replaceAll|trim|trimEnd|toString|toLowerCase|href|slice|split)$/;

/** Whether an expression makes a text: else its parts are looked at one by one. */
function isTextual(node: ts.Expression): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  if (ts.isBinaryExpression(node)) return node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  if (isWrapper(node)) return isTextual(node.expression);
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) return JOINS.test(nameOf(node.expression));
  return false;
}

function piecesOf(node: ts.Expression): Piece[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (isWrapper(node)) return piecesOf(node.expression);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.flatMap(({ expression, literal }) => [
      ...placeholder(expression),
      literal.text,
    ]);
    return [node.head.text, ...spans].filter((piece) => piece !== "");
  }
  if (ts.isBinaryExpression(node)) return piecesOfBinary(node);
  if (ts.isConditionalExpression(node)) return piecesOf(node.whenTrue);
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return piecesOfCall(node);
  return environment(node) ?? named(node);
}

/** A part of a longer text; a choice or an arithmetic there is no address of its own. */
function placeholder(node: ts.Expression): Piece[] {
  const pieces = piecesOf(node);
  return pieces.length > 0 ? pieces : [{ ref: "?" }];
}

function named(node: ts.Expression): Piece[] {
  const name = nameOf(node);
  return name === "?" || name.startsWith("?.") ? [] : [{ ref: name }];
}

function piecesOfBinary(node: ts.BinaryExpression): Piece[] {
  const operator = node.operatorToken.kind;
  if (operator === ts.SyntaxKind.PlusToken) return [...placeholder(node.left), ...placeholder(node.right)];
  if (operator !== ts.SyntaxKind.BarBarToken && operator !== ts.SyntaxKind.QuestionQuestionToken) return [];
  const [first] = piecesOf(node.left);
  if (typeof first === "object" && "env" in first) return [{ ...first, fallback: piecesOf(node.right) }];
  return piecesOf(node.right).every((piece) => typeof piece === "string") && first !== undefined
    ? [first]
    : piecesOf(node.right);
}

function piecesOfCall(node: ts.CallExpression | ts.NewExpression): Piece[] {
  const name = nameOf(node.expression);
  const [first, second] = node.arguments ?? [];
  if (JOINS.test(name) && first) {
    if (!second) return piecesOf(first);
    // `new URL(path, base)`, but `urlJoin(base, path)`.
    return /URL$/.test(name)
      ? [...placeholder(second), ...placeholder(first)]
      : [...placeholder(first), ...placeholder(second)];
  }
  if (/^(String|encodeURI)$/.test(name) && first) return piecesOf(first);
  if (ts.isPropertyAccessExpression(node.expression)) {
    const { name: method, expression } = node.expression;
    if (KEEPS.test(method.text)) return piecesOf(expression);
    if (/^default$/.test(method.text) && first) return piecesOf(first);
    if (/^(get|getOrThrow|getNodeParameter)$/.test(method.text) && first && ts.isStringLiteralLike(first)) {
      const environmental = /^[A-Z][A-Z0-9_]+$/.test(first.text);
      if (!environmental) return [{ config: first.text }];
      return [{ env: first.text, ...(second ? { fallback: piecesOf(second) } : {}) }];
    }
  }
  return [{ ref: `${name}()` }];
}

/** `process.env.X`, `process.env["X"]`, `import.meta.env.X`. */
function environment(node: ts.Expression): Piece[] | undefined {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  if (!/(^|\.)(process|import\.meta|Deno|Bun)?\.?env$/.test(node.expression.getText())) return undefined;
  if (ts.isPropertyAccessExpression(node)) return [{ env: node.name.text }];
  return ts.isStringLiteralLike(node.argumentExpression)
    ? [{ env: node.argumentExpression.text }]
    : undefined;
}
