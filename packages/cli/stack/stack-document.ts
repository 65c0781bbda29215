import { type Document, type Node, parseDocument, type ToStringOptions, visit } from "yaml";

/** A stack file as a document that can be changed, or the line from which on it is not YAML. */
export function stackDocument(text: string): { document: Document } | { line: number } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { line: error.linePos?.[0]?.line ?? 1 };
  try {
    // Only then are aliases looked up: one that leads nowhere is an error too.
    document.toJS();
  } catch {
    return { line: 1 };
  }
  return { document };
}

const TIME = /^\d{4}-\d\d-\d\d([Tt ]\S|$)/;

/**
 * Puts every time in quotes: one without is a time of YAML's own to the engine, which writes it in another form
 * whenever it writes the file.
 */
export function quoteTimes(node: Document | Node): void {
  visit(node, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && TIME.test(scalar.value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
}

/** How to write the file again, so that lists stand where they stood: the engine does not indent them, others do. */
export function layoutOf(text: string): ToStringOptions {
  return { lineWidth: 0, indentSeq: !/^( *)[^\s#-][^#\n]*:[ \t]*(?:#.*)?\n(?:\s*#.*\n)*\1- /m.test(text) };
}
