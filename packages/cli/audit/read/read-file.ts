import { type Format, kindOfBlock } from "../formats";
import { languageNamed, SHELL } from "../languages";
import { shellOf } from "../libraries";
import type { Source } from "../types";
import { readCommands, scriptsOf } from "./commands";
import { readFences } from "./fences";
import { isFlow, readFlow } from "./flow";
import { readNotebook } from "./notebook";
import { type Part, partAt } from "./part";
import { readJson, readKeyValues, readYaml, type Setting } from "./settings";

/** What stands in a file. */
export interface Content {
  settings: Setting[];
  /** The settings only show what somebody sets elsewhere: a page's. */
  shown?: Setting[];
  parts: Part[];
  /** What the nodes of a flow ask for. */
  flow?: Source;
  /** The parts are read one after the other, and share their imports. */
  sequel?: boolean;
  /** Lines that the format's reader does not know. */
  unknown: [from: number, to: number][];
  /** A language in it that the audit does not know, and the code in that. */
  foreign: { language: string; code: string }[];
}

/** Takes a file apart into settings and programs. */
export async function readFile(code: string, format: Format): Promise<Content> {
  const content: Content = { settings: [], parts: [], unknown: [], foreign: [] };
  switch (format.kind) {
    case "code":
      return { ...content, parts: [partAt(format.language, code, 0)] };
    case "keys":
      return { ...content, settings: readKeyValues(code) };
    case "recipe":
      return { ...content, settings: readKeyValues(code), parts: readCommands(code) };
    case "prose":
      return { ...content, parts: readCommands(code) };
    case "page":
      return { ...content, parts: scriptsOf(code, (name) => languageNamed(name) ?? SHELL) };
    case "yaml": {
      const { settings, unknown } = readYaml(code);
      return { ...content, settings, unknown, parts: settings.flatMap(commandsIn) };
    }
    case "json": {
      const { settings, unknown } = await readJson(code);
      const flow = isFlow(code) ? readFlow(settings) : undefined;
      const parts = [...settings.flatMap(commandsIn), ...(flow?.parts ?? [])];
      return { ...content, settings, unknown, parts, ...(flow ? { flow: flow.source } : {}) };
    }
    case "notebook": {
      const { settings, unknown } = await readJson(code);
      const { parts, unknown: language } = readNotebook(settings);
      return { ...content, parts, unknown, foreign: language === undefined ? [] : [{ language, code }] };
    }
    case "markdown":
      return readMarkdown(code, content);
  }
}

/** The commands of a pipeline's step. */
function commandsIn(setting: Setting): Part[] {
  const language = languageNamed(shellOf(setting.value) ?? "");
  if (!language) return [];
  // A block of lines begins below its key.
  return [partAt(language, setting.value, setting.value.includes("\n") ? setting.line : setting.line - 1)];
}

/** Languages of code blocks that are no programs. */
const NO_PROGRAM =
  /^(text|txt|plain|plaintext|output|log|http|diff|mermaid|csv|markdown|md|html|xml|css|sql|)$/;

async function readMarkdown(code: string, content: Content): Promise<Content> {
  const shown: Setting[] = [];
  const parts: Part[] = [];
  const foreign: Content["foreign"] = [];
  for (const fence of readFences(code)) {
    const language = languageNamed(fence.language);
    const kind = kindOfBlock(fence.language);
    const moved = (settings: Setting[]): Setting[] =>
      settings.map((each) => ({ ...each, line: each.line + fence.offset }));
    if (language) parts.push(partAt(language, opened(fence.code, language.opening), fence.offset));
    else if (kind === "keys") shown.push(...moved(readKeyValues(fence.code)));
    else if (kind === "yaml") shown.push(...moved(readYaml(fence.code).settings));
    else if (kind === "json") shown.push(...moved((await readJson(fence.code)).settings));
    else if (NO_PROGRAM.test(fence.language)) {
      parts.push(
        ...readCommands(fence.code).map((part) => ({
          ...part,
          lineOf: (line: number) => part.lineOf(line) + fence.offset,
        })),
      );
    } else foreign.push({ language: fence.language, code: fence.code });
  }
  return { ...content, shown, parts, foreign, sequel: true };
}

function opened(code: string, opening = ""): string {
  return code.includes(opening.trim()) ? code : `${opening}${code}`;
}
