import { LineCounter, parseAllDocuments, visit } from "yaml";
import { JAVASCRIPT } from "../languages";
import { grammarOf } from "./grammars";
import { childrenOf, literalOf, type Tree } from "./tree";

/** A key of a configuration file with its value. */
export interface Setting {
  /** All keys down to it, e.g. `services.bot.environment.COMFYUI_URL`. */
  path: string[];
  value: string;
  line: number;
  /** The keys with the places in lists, for JSON: `nodes.0.parameters.url`. */
  within?: string;
}

/** Settings, and the lines that could not be read. */
export interface Settings {
  settings: Setting[];
  unknown: [from: number, to: number][];
}

/** `KEY=value` lines, as in .env, .ini and .properties files, `ENV` of a Dockerfile included. */
export function readKeyValues(text: string): Setting[] {
  const settings: Setting[] = [];
  let section: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(raw);
    if (header) section = [header[1] ?? ""];
    if (/^\s*[#;]/.test(raw)) continue;
    const pairs = raw.matchAll(/(?:^|\s)([A-Za-z_][\w.]*)\s*=\s*("[^"]*"|'[^']*'|\S*)/g);
    for (const [, key = "", value = ""] of pairs) {
      settings.push({
        path: [...section, key],
        value: value.replace(/^(["'])(.*)\1$/, "$2"),
        line: index + 1,
      });
    }
  }
  return settings;
}

/** Every scalar of a YAML file; entries `KEY=value` of a list count as keys. */
export function readYaml(text: string): Settings {
  const settings: Setting[] = [];
  const unknown: Settings["unknown"] = [];
  const counter = new LineCounter();
  const options = { lineCounter: counter, strict: false, logLevel: "silent" } as const;
  for (const document of parseAllDocuments(text, options)) {
    for (const { linePos } of document.errors) {
      if (linePos) unknown.push([linePos[0].line, linePos[1]?.line ?? linePos[0].line]);
    }
    visit(document, {
      Scalar(key, node, ancestors) {
        if (key === "key" || node.value === null) return;
        const path = ancestors.flatMap((each) => {
          const name = (each as { key?: { value?: unknown } }).key;
          return name && "value" in name ? [String(name.value)] : [];
        });
        const line = counter.linePos(node.range?.[0] ?? 0).line;
        settings.push(...split({ path, value: String(node.value), line }));
      },
    });
  }
  return { settings, unknown };
}

function split(setting: Setting): Setting[] {
  const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(setting.value);
  if (!pair || !/^(environment|env|args)$/.test(setting.path.at(-1) ?? "")) return [setting];
  return [{ path: [...setting.path, pair[1] ?? ""], value: pair[2] ?? "", line: setting.line }];
}

/** Every text and number of a JSON file; comments and trailing commas are taken, since JSON is read as JavaScript. */
export async function readJson(text: string): Promise<Settings> {
  const grammar = await grammarOf(JAVASCRIPT);
  const { tree, unknown } = grammar.parse(`(${text}\n)`);
  const settings: Setting[] = [];
  const walk = (part: Tree, path: string[], within: string[]): void => {
    if (part.kind === "pair") walk(part.value, [...path, part.key], [...within, part.key]);
    else if (part.kind === "text") {
      settings.push({ path, value: literalOf(part) ?? "", line: part.line, within: within.join(".") });
    } else if (part.kind === "list") {
      for (const [index, item] of part.items.entries()) {
        walk(item, path, item.kind === "pair" ? within : [...within, `${index}`]);
      }
    } else for (const child of childrenOf(part)) walk(child, path, within);
  };
  walk(tree, [], []);
  return { settings, unknown };
}
