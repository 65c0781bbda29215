import { leaksIn } from "./mask";
import { programFindings } from "./program";
import { readEmbedded } from "./read/embedded";
import { readFences } from "./read/fences";
import { readJavaScript } from "./read/javascript";
import { readPython } from "./read/python";
import { readJson, readKeyValues, readYaml, type Setting } from "./read/settings";
import { readShell } from "./read/shell";
import type { Surroundings } from "./recognise";
import type { Environment } from "./resolve";
import { settingFindings } from "./setting-findings";
import type { AuditFile, AuditReport, Finding, Source } from "./types";

/** A language or format that the audit reads. */
type Format = "javascript" | "python" | "shell" | "yaml" | "json" | "keys" | "markdown";

/**
 * Finds every use of ComfyUI's API in a set of files. Pure: reads nothing besides.
 * @param hostname the name that Access protects, e.g. `comfyui.datacrew.space`
 */
export function audit(files: readonly AuditFile[], hostname: string): AuditReport {
  const environment = environmentOf(files);
  const findings: Finding[] = [];
  const skipped: AuditReport["skipped"] = [];
  for (const file of files) {
    const format = formatOf(file.path);
    if (format === undefined || !mayCall(file.text)) continue;
    try {
      findings.push(...findingsIn({ path: file.path, code: file.text }, format, hostname, environment));
    } catch (error) {
      // The readers follow brackets by calling themselves: nothing that a person wrote goes too deep.
      if (!(error instanceof RangeError)) throw error;
      skipped.push({ path: file.path, reason: "brackets nested too deep" });
    }
  }
  findings.sort((one, other) => compare(one.path, other.path) || one.line - other.line);
  return { hostname, files: files.length, skipped, findings, leaks: files.flatMap(leaksIn) };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const EXTENSIONS: Record<string, Format> = {
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  ts: "javascript",
  mts: "javascript",
  cts: "javascript",
  tsx: "javascript",
  py: "python",
  pyw: "python",
  sh: "shell",
  bash: "shell",
  zsh: "shell",
  ps1: "shell",
  yaml: "yaml",
  yml: "yaml",
  json: "json",
  jsonc: "json",
  env: "keys",
  ini: "keys",
  cfg: "keys",
  conf: "keys",
  properties: "keys",
  toml: "keys",
  md: "markdown",
  mdx: "markdown",
  markdown: "markdown",
};

/** Which reader a file is for, by its name; undefined for the others. */
export function formatOf(path: string): Format | undefined {
  const name = (path.split("/").at(-1) ?? "").replace(/\.(template|example|sample|dist|tmpl)$/i, "");
  if (/^(package-lock|npm-shrinkwrap|composer)\.json$|^pnpm-lock\.yaml$|\.min\.js$/.test(name))
    return undefined;
  if (/^\.env(\.|$)/.test(name) || /^(.*\.)?Dockerfile(\..*)?$/.test(name)) return "keys";
  return EXTENSIONS[name.split(".").at(-1)?.toLowerCase() ?? ""];
}

/** A quick look, so that most files need no reader. */
function mayCall(text: string): boolean {
  return /comfy|8188|clientId=|client_id|\/object_info|\/system_stats|CF-Access/i.test(text);
}

function findingsIn(
  file: { path: string; code: string },
  format: Format,
  hostname: string,
  environment: Environment,
): Finding[] {
  if (format === "markdown") return markdownFindings(file, hostname, environment);
  const settings = settingsIn(file.code, format);
  if (settings) {
    const done = programFindings(
      readEmbedded(settings, file.code),
      surroundings(file, hostname, environment),
    );
    return [...settingFindings(settings, file, hostname), ...done];
  }
  return programFindings(sourceOf(file, format), surroundings(file, hostname, environment));
}

function surroundings(
  file: { path: string; code: string },
  hostname: string,
  environment: Environment,
): Surroundings {
  return { ...file, hostname, environment, test: isTest(file.path) };
}

function isTest(path: string): boolean {
  return /(^|\/)(tests?|__tests__|spec)\/|[._](test|spec)\.\w+$|(^|\/)test_[^/]*$/.test(path);
}

function sourceOf({ path, code }: { path: string; code: string }, format: Format): Source {
  if (format === "python") return readPython(code);
  return format === "shell" ? readShell(code) : readJavaScript(code, path);
}

function settingsIn(code: string, format: Format): Setting[] | undefined {
  if (format === "yaml") return readYaml(code);
  if (format === "json") return readJson(code);
  return format === "keys" ? readKeyValues(code) : undefined;
}

const FENCES: Record<string, Format> = {
  ...EXTENSIONS,
  javascript: "javascript",
  typescript: "javascript",
  python: "python",
  python3: "python",
  shell: "shell",
  console: "shell",
  powershell: "shell",
  dotenv: "keys",
  dockerfile: "keys",
};

/** What a page's code blocks do; what one of them imports, the later ones use. */
function markdownFindings(
  file: { path: string; code: string },
  hostname: string,
  environment: Environment,
): Finding[] {
  const imports: Source["imports"] = [];
  return readFences(file.code).flatMap(({ language, code, offset }) => {
    const format = FENCES[language] ?? (language === "" ? "shell" : undefined);
    if (format === undefined || format === "markdown" || !mayCall(`${code}\n${file.path}`)) return [];
    const part = { path: file.path, code };
    const found = inFence(part, format, hostname, environment, imports);
    return found.map((each) => ({ ...each, line: each.line + offset }));
  });
}

function inFence(
  part: { path: string; code: string },
  format: Format,
  hostname: string,
  environment: Environment,
  imports: Source["imports"],
): Finding[] {
  const settings = settingsIn(part.code, format);
  if (settings) {
    // A page shows answers too: only what names ComfyUI, or a variable, is something to set.
    const own = settingFindings(settings, part, hostname);
    return own.filter(({ address }) => /^env |comfy/i.test(address.from));
  }
  const source = sourceOf(part, format);
  imports.push(...source.imports);
  return programFindings(
    { ...source, imports: [...imports] },
    { ...part, hostname, environment, test: false },
  );
}

/** What the folder's own .env files set; examples set nothing. */
function environmentOf(files: readonly AuditFile[]): Environment {
  const environment = new Map<string, string>();
  for (const { path, text } of files) {
    const name = path.split("/").at(-1) ?? "";
    if (!/^\.env(\.[\w-]+)?$/.test(name) || /example|sample|template|dist/.test(name)) continue;
    for (const { path: keys, value } of readKeyValues(text)) {
      const key = keys.at(-1) ?? "";
      if (/comfy/i.test(key) && !environment.has(key)) environment.set(key, value);
    }
  }
  return environment;
}
