import { type Language, languageOfExtension, languageOfFirstLine } from "./languages";

/** What a file is, by its name or its first line. */
export type Format =
  | { kind: "code"; language: Language }
  | { kind: "yaml" | "json" | "keys" | "markdown" | "notebook" | "page" | "recipe" | "prose" };

const KINDS: Record<string, Exclude<Format["kind"], "code">> = {
  yaml: "yaml",
  yml: "yaml",
  json: "json",
  jsonc: "json",
  json5: "json",
  env: "keys",
  ini: "keys",
  cfg: "keys",
  conf: "keys",
  properties: "keys",
  toml: "keys",
  md: "markdown",
  mdx: "markdown",
  markdown: "markdown",
  ipynb: "notebook",
  html: "page",
  htm: "page",
  vue: "page",
  svelte: "page",
  astro: "page",
  txt: "prose",
  mk: "recipe",
};

/** Names that only a page's code blocks have. */
const BLOCKS: typeof KINDS = { dotenv: "keys", dockerfile: "keys" };

/** What a code block is that is no program, by the name that a page gives it. */
export function kindOfBlock(name: string): Format["kind"] | undefined {
  return BLOCKS[name] ?? KINDS[name];
}

/** What others' tools write, and what holds no program: never read, and never missed. */
const NO_SOURCE =
  /^(package-lock|npm-shrinkwrap|composer)\.json$|^(pnpm-lock\.yaml|yarn\.lock|go\.sum|LICENSE|COPYING)$|\.min\.(js|css)$|\.(lock|map|log|csv|tsv|svg|css|scss|less|po|diff|patch)$/i;

/** Whether a file can hold no use, by its name. */
export function isNoSource(path: string): boolean {
  return NO_SOURCE.test(nameOf(path));
}

/** Which reader a file is for; undefined for what the audit cannot read. */
export function formatOf(path: string, text: string): Format | undefined {
  const name = nameOf(path);
  if (/^\.env(\.|$)/.test(name)) return { kind: "keys" };
  if (/^(.*\.)?(Dockerfile|Containerfile|Makefile|justfile|Procfile)(\..*)?$/.test(name))
    return { kind: "recipe" };
  const extension = name.includes(".") ? (name.split(".").at(-1)?.toLowerCase() ?? "") : "";
  const kind = KINDS[extension];
  if (kind) return { kind };
  const language = languageOfExtension(extension) ?? languageOfFirstLine(text);
  return language && { kind: "code", language };
}

/** The file's name, without what says that it is an example. */
function nameOf(path: string): string {
  return (path.split("/").at(-1) ?? "").replace(/\.(template|example|sample|dist|tmpl)$/i, "");
}
