import ts from "typescript";
import { LineCounter, parseAllDocuments, visit } from "yaml";

/** A key of a configuration file with its value. */
export interface Setting {
  /** All keys down to it, e.g. `services.bot.environment.COMFYUI_URL`. */
  path: string[];
  value: string;
  line: number;
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

/** Every scalar of a YAML file; entries `KEY=value` of a list count as keys. Empty where it is no YAML. */
export function readYaml(text: string): Setting[] {
  const settings: Setting[] = [];
  const counter = new LineCounter();
  for (const document of parseAllDocuments(text, {
    lineCounter: counter,
    strict: false,
    logLevel: "silent",
  })) {
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
  return settings;
}

function split(setting: Setting): Setting[] {
  const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(setting.value);
  if (!pair || !/^(environment|env|args)$/.test(setting.path.at(-1) ?? "")) return [setting];
  return [{ path: [...setting.path, pair[1] ?? ""], value: pair[2] ?? "", line: setting.line }];
}

/** Every text and number of a JSON file; comments and trailing commas are taken. */
export function readJson(text: string): Setting[] {
  const file = ts.parseJsonText("settings.json", text);
  const settings: Setting[] = [];
  const walk = (node: ts.Node, path: string[]): void => {
    if (ts.isPropertyAssignment(node)) {
      walk(node.initializer, [...path, ts.isStringLiteral(node.name) ? node.name.text : ""]);
    } else if (ts.isStringLiteral(node) || ts.isNumericLiteral(node)) {
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      settings.push({ path, value: node.text, line });
    } else {
      ts.forEachChild(node, (child) => walk(child, path));
    }
  };
  for (const statement of file.statements) walk(statement, []);
  return settings;
}
