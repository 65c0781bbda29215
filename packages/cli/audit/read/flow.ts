import { languageNamed } from "../languages";
import { nodeLibrary } from "../libraries";
import type { Piece, Source } from "../types";
import { type Part, partAt } from "./part";
import type { Setting } from "./settings";

/** What the nodes of an exported flow of n8n or Node-RED do. */
export interface Flow {
  source: Source;
  /** The code that nodes hold. */
  parts: Part[];
}

export function isFlow(code: string): boolean {
  return /"n8n-nodes-[\w-]+\.|"@[\w-]+\/n8n-nodes-|"type":\s*"http request"/.test(code);
}

const CODE: Record<string, string> = {
  jsCode: "javascript",
  functionCode: "javascript",
  func: "javascript",
  pythonCode: "python",
};

/** @param settings the flow's JSON */
export function readFlow(settings: readonly Setting[]): Flow {
  const source: Source = { texts: [], bindings: [], imports: [], calls: [], routines: [], changes: [] };
  const parts: Part[] = [];
  for (const [index, node] of nodesOf(settings).entries()) {
    const type = node.find(({ path }) => path.at(-1) === "type")?.value ?? "";
    const around = node.map(({ path, value }) => `${path.at(-1)}: ${value}`).join("\n");
    const position = { at: index, scope: [index, index] as const };
    for (const { path, value, line } of node) {
      const key = path.at(-1) ?? "";
      const language = languageNamed(CODE[key] ?? "");
      if (language) parts.push({ ...partAt(language, value, 0), lineOf: () => line });
      if (
        !/^(url|path|uri)$/i.test(key) ||
        !/http|webhook|socket|graphql/i.test(type) ||
        /webhook/i.test(type)
      )
        continue;
      const callee = /socket/i.test(type) ? "WebSocket" : "httpRequest";
      source.texts.push({ line, ...position, pieces: piecesOf(value, settings), callees: [callee], around });
    }
    const library = nodeLibrary(type);
    if (library) {
      const own = communityNode(node);
      source.imports.push({ module: type, names: [], line: own.line });
      source.calls.push({ ...own, ...position, callee: library.name, text: around, handed: [] });
    }
  }
  return { source, parts };
}

/** A node made for ComfyUI takes its address from its credentials, or from a parameter. */
function communityNode(node: readonly Setting[]): { line: number; pieces: Piece[] } {
  const { line = 1 } = node.find(({ path }) => path.at(-1) === "type") ?? {};
  const address = node.find(
    ({ path, value }) => /(url|host|server)$/i.test(path.at(-1) ?? "") && /[.:{]/.test(value),
  );
  const credential = node.find(({ path }) => path.includes("credentials") && path.at(-1) === "name");
  const pieces = address ? [address.value] : [{ config: credential?.value ?? "credentials" }];
  return { line, pieces };
}

/** The settings of each node. */
function nodesOf(settings: readonly Setting[]): Setting[][] {
  const nodes = new Map<string, Setting[]>();
  for (const setting of settings) {
    const [, node] = /^((?:.*\.)?nodes\.\d+|\d+)\./.exec(setting.within ?? "") ?? [];
    if (node !== undefined) nodes.set(node, [...(nodes.get(node) ?? []), setting]);
  }
  return [...nodes.values()];
}

/** `={{ $json.address }}/prompt` is n8n's expression, `{{payload.address}}/prompt` Node-RED's. */
function piecesOf(value: string, settings: readonly Setting[]): Piece[] {
  const pieces: Piece[] = [];
  for (const [, expression, literal] of value
    .replace(/^=/, "")
    .matchAll(/\{\{(.*?)\}\}|((?:(?!\{\{).)+)/gs)) {
    if (literal !== undefined) pieces.push(literal);
    else pieces.push(...ofExpression(expression ?? "", settings));
  }
  return pieces;
}

function ofExpression(expression: string, settings: readonly Setting[]): Piece[] {
  const [, variable] = /\$env(?:\.|\[["'])(\w+)/.exec(expression) ?? [];
  const fallback = /(?:\|\||\?\?)\s*(["'])(.*?)\1/.exec(expression)?.[2];
  const without = fallback === undefined ? {} : { fallback: [fallback] };
  if (variable !== undefined) return [{ env: variable, ...without }];
  const [, , text, rest] = /^\s*(["'])(.*?)\1\s*(?:\+\s*(.*))?$/s.exec(expression) ?? [];
  if (text !== undefined) return [text, ...(rest ? ofExpression(rest, settings) : [])];
  const [, key = "?"] =
    /(\w+)\W*$/.exec(expression.replace(/(?:\|\||\?\?|\.(?:replace|trim|toString)\().*$/s, "")) ?? [];
  const [first, second] = valuesOf(key, settings);
  const known = first !== undefined && second === undefined ? { fallback: [first] } : without;
  return [{ config: key, ...known }];
}

/** What the nodes that set fields give a field of this name. */
function valuesOf(name: string, settings: readonly Setting[]): string[] {
  const owners = settings.filter(({ path, value }) => path.at(-1) === "name" && value === name);
  const found = owners.flatMap(({ within = "" }) => {
    const wanted = within.replace(/name$/, "value");
    return settings
      .filter((each) => each.within === wanted && !each.value.startsWith("="))
      .map(({ value }) => value);
  });
  return [...new Set(found)];
}
