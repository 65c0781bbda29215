import type { Piece, Source } from "../types";
import type { Setting } from "./settings";
import { readShell } from "./shell";

/**
 * Reads what a configuration file has done: commands of a pipeline, and requests of n8n's and Node-RED's flows.
 * @param code the whole file, which tells whether it is a flow
 */
export function readEmbedded(settings: Setting[], code: string): Source {
  const source: Source = { texts: [], bindings: [], imports: [], calls: [] };
  const flow = /n8n-nodes-base\.httpRequest|"type":\s*"http request"/.test(code);
  for (const [index, setting] of settings.entries()) {
    if (/\b(curl|wget|Invoke-\w+)\s/.test(setting.value)) addCommands(setting, source);
    if (flow && setting.path.at(-1) === "url") {
      source.texts.push({
        line: setting.line,
        pieces: piecesOf(setting.value),
        callees: ["httpRequest"],
        around: requestFrom(index, settings),
      });
    }
  }
  return source;
}

/** `={{ $json.address }}/prompt` is n8n's expression for what comes from another node. */
function piecesOf(value: string): Piece[] {
  const [, name, rest = ""] = /^=?\s*\{\{.*?(\w+)\W*\}\}(.*)$/s.exec(value) ?? [];
  return name === undefined ? [value] : [{ config: name }, rest];
}

function addCommands(setting: Setting, source: Source): void {
  const shell = readShell(setting.value);
  // A block of lines begins below its key.
  const offset = setting.value.includes("\n") ? setting.line : setting.line - 1;
  source.texts.push(...shell.texts.map((each) => ({ ...each, line: each.line + offset })));
  source.bindings.push(...shell.bindings.map((each) => ({ ...each, line: each.line + offset })));
}

/** Everything up to the next request's address: method, headers, body. */
function requestFrom(index: number, settings: Setting[]): string {
  const rest = settings.slice(index + 1);
  const end = rest.findIndex(({ path }) => path.at(-1) === "url");
  const own = end < 0 ? rest : rest.slice(0, end);
  return own.map(({ path, value }) => `${path.at(-1)}: ${value}`).join("\n");
}
