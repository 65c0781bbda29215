import { languageNamed, SHELL } from "../languages";
import type { Part } from "./part";
import type { Setting } from "./settings";

interface Cell {
  lines: { text: string; line: number }[];
  isCode: boolean;
}

/** The code of a Jupyter notebook: its cells share their names, so that all of one language are one program. */
export interface Notebook {
  parts: Part[];
  /** The kernel's language, where the audit does not know it. */
  unknown?: string;
}

/** @param settings the notebook's JSON */
export function readNotebook(settings: readonly Setting[]): Notebook {
  const name =
    settingOf(settings, "metadata.language_info.name") ??
    settingOf(settings, "metadata.kernelspec.language") ??
    "python";
  const kernel = languageNamed(name);
  const byLanguage = new Map<string, Cell[]>();
  for (const cell of cellsOf(settings)) {
    if (!cell.isCode) continue;
    // `%%bash` at the head of a cell hands it to another language.
    const [, magic] = /^%%(\w+)/.exec(cell.lines[0]?.text ?? "") ?? [];
    const language = magic === undefined ? kernel : (languageNamed(magic) ?? kernel);
    const own = magic === undefined ? cell : { ...cell, lines: cell.lines.slice(1) };
    if (language) byLanguage.set(language.name, [...(byLanguage.get(language.name) ?? []), own]);
    const commands = cell.lines.filter(({ text }) => /^\s*!/.test(text));
    if (commands.length > 0) {
      const lines = commands.map(({ text, line }) => ({ text: text.replace(/^\s*!/, ""), line }));
      byLanguage.set(SHELL.name, [...(byLanguage.get(SHELL.name) ?? []), { lines, isCode: true }]);
    }
  }
  const parts = [...byLanguage].flatMap(([each, cells]) => {
    const language = languageNamed(each);
    return language ? [partOf(language, cells)] : [];
  });
  return kernel ? { parts } : { parts, unknown: name };
}

function partOf(language: Part["language"], cells: Cell[]): Part {
  const lines = cells.flatMap((cell) => cell.lines);
  return {
    language,
    code: lines.map(({ text }) => text).join("\n"),
    lineOf: (line) => lines[line - 1]?.line ?? lines.at(-1)?.line ?? 1,
  };
}

function settingOf(settings: readonly Setting[], within: string): string | undefined {
  return settings.find((setting) => setting.within === within)?.value;
}

function cellsOf(settings: readonly Setting[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { within = "", value, line } of settings) {
    const [, at, key] = /^(?:worksheets\.\d+\.)?cells\.(\d+)\.(\w+)/.exec(within) ?? [];
    if (at === undefined) continue;
    const cell = cells.get(at) ?? { lines: [], isCode: false };
    if (key === "cell_type") cell.isCode = value === "code";
    // A list of lines, or one text with all of them.
    if (key === "source" || key === "input") {
      cell.lines.push(
        ...value
          .replace(/\n$/, "")
          .split("\n")
          .map((text) => ({ text, line })),
      );
    }
    cells.set(at, cell);
  }
  return [...cells.values()];
}
