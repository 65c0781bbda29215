import { CSHARP } from "./csharp";
import { GO } from "./go";
import { JAVA } from "./java";
import { JAVASCRIPT, TYPESCRIPT } from "./javascript";
import type { Language } from "./language";
import { PHP } from "./php";
import { POWERSHELL } from "./powershell";
import { PYTHON } from "./python";
import { RUBY } from "./ruby";
import { RUST } from "./rust";
import { SHELL } from "./shell";

export type { Language } from "./language";
export { JAVASCRIPT, SHELL };

/** Every language that the audit reads. */
export const LANGUAGES: readonly Language[] = [
  PYTHON,
  JAVASCRIPT,
  TYPESCRIPT,
  SHELL,
  POWERSHELL,
  GO,
  RUST,
  JAVA,
  CSHARP,
  PHP,
  RUBY,
];

const BY_EXTENSION = table(({ extensions }) => extensions);
const BY_NAME = table(({ name, extensions, aliases = [] }) => [
  name.toLowerCase(),
  ...extensions,
  ...aliases,
]);
const BY_INTERPRETER = table(({ interpreters = [] }) => interpreters);

function table(keys: (language: Language) => string[]): ReadonlyMap<string, Language> {
  return new Map(LANGUAGES.flatMap((language) => keys(language).map((key) => [key, language] as const)));
}

/** @param extension without a dot, in lower case */
export function languageOfExtension(extension: string): Language | undefined {
  return BY_EXTENSION.get(extension);
}

/** By the name that a code block or a kernel gives it. */
export function languageNamed(name: string): Language | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** By a script's first line: `#!/usr/bin/env -S python3 -u`. */
export function languageOfFirstLine(code: string): Language | undefined {
  const [, rest] = /^#!\s*(\S.*)/.exec(code) ?? [];
  for (const word of rest?.split(/\s+/) ?? []) {
    const program = (word.split("/").at(-1) ?? "").replace(/(?<=^(?:python|ruby|php|lua)\d?)[\d.]+$/, "");
    const language = BY_INTERPRETER.get(program);
    if (language) return language;
  }
  return undefined;
}
