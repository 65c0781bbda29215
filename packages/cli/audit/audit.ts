import { formatOf, isNoSource } from "./formats";
import { languageNamed } from "./languages";
import { shellAtStart } from "./libraries";
import { leaksIn } from "./mask";
import { hiddenLine, isSuspicious } from "./not-read";
import { programFindings } from "./program";
import { grammarOf } from "./read/grammars";
import type { Part } from "./read/part";
import { type Content, readFile } from "./read/read-file";
import { readKeyValues, type Setting } from "./read/settings";
import { readSource } from "./read/source";
import type { Surroundings } from "./recognise";
import { type Environment, resolve } from "./resolve";
import { settingFindings } from "./setting-findings";
import type { AuditFile, AuditReport, Finding, NotRead, Source } from "./types";

/**
 * Finds every use of ComfyUI's API in a set of files. Reads nothing besides, but the grammars of their languages.
 * @param hostname the name that Access protects, e.g. `comfyui.datacrew.space`
 */
export async function audit(files: readonly AuditFile[], hostname: string): Promise<AuditReport> {
  const environment = environmentOf(files);
  const findings: Finding[] = [];
  const skipped: NotRead[] = [];
  for (const file of files) {
    const found = await auditFile(file, hostname, environment);
    findings.push(...found.findings);
    skipped.push(...found.skipped);
  }
  findings.sort((one, other) => compare(one.path, other.path) || one.line - other.line);
  return { hostname, files: files.length, skipped, findings, leaks: files.flatMap(leaksIn) };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A quick look, so that most files need no reader. */
function mayCall(text: string): boolean {
  return /comfy|8188|clientId=|client_id|\/object_info|\/system_stats|CF-Access/i.test(text);
}

interface Found {
  findings: Finding[];
  skipped: NotRead[];
}

async function auditFile(
  { path, text }: AuditFile,
  hostname: string,
  environment: Environment,
): Promise<Found> {
  if (isNoSource(path) || !(mayCall(text) || text.includes(hostname))) return { findings: [], skipped: [] };
  const format = formatOf(path, text);
  if (!format) {
    const skipped: NotRead[] = isSuspicious(text, hostname) ? [{ path, code: "unknown-language" }] : [];
    return { findings: [], skipped };
  }
  if (isTooDeep(text)) return { findings: [], skipped: [{ path, code: "too-deep" }] };
  try {
    const content = await readFile(text, format);
    return await findingsIn(content, { path, code: text, hostname, environment, test: isTest(path) });
  } catch (error) {
    // The readers follow parts by calling themselves: nothing that a person wrote goes too deep.
    if (!(error instanceof RangeError)) throw error;
    return { findings: [], skipped: [{ path, code: "too-deep" }] };
  }
}

/** More open brackets than any program has that a person wrote, and than a parser should be asked for. */
const MOST_BRACKETS = 2000;
/** Blocks in one another: Python's grammar keeps as many indents as its buffer takes, and loses what lies deeper. */
const MOST_INDENTS = 400;

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[([{}\])]/g)) {
    depth = "([{".includes(bracket) ? depth + 1 : Math.max(0, depth - 1);
    if (depth > MOST_BRACKETS) return true;
  }
  const indents: number[] = [];
  for (const [indent] of text.matchAll(/^[ \t]*(?=[^ \t\r\n])/gm)) {
    while ((indents.at(-1) ?? -1) >= indent.length) indents.pop();
    if (indents.push(indent.length) > MOST_INDENTS) return true;
  }
  return false;
}

function isTest(path: string): boolean {
  return /(^|\/)(tests?|__tests__|spec)\/|[._](test|spec)\.\w+$|(^|\/)test_[^/]*$/.test(path);
}

async function findingsIn(content: Content, around: Surroundings): Promise<Found> {
  const { path, hostname } = around;
  const findings = settingFindings(content.settings, around, hostname);
  // A page shows answers too: only what names ComfyUI, or a variable, is something to set.
  const shown = settingFindings(content.shown ?? [], around, hostname);
  findings.push(
    ...shown.filter(
      ({ address: { from } }) => from.kind === "env" || ("name" in from && /comfy/i.test(from.name)),
    ),
  );
  if (content.flow) findings.push(...programFindings(content.flow, around));
  const environment = new Map([...around.environment, ...variablesOf(content.settings)]);
  const unknown = [...content.unknown];
  const imports: Source["imports"] = [];
  for (const part of content.parts) {
    if (content.sequel && !mayCall(`${part.code}\n${path}`)) continue;
    const found = await findingsOfPart(part, { ...around, environment }, content.sequel ? imports : []);
    findings.push(...found.findings);
    unknown.push(...found.unknown);
  }
  const skipped: NotRead[] = content.foreign
    .filter(({ code }) => isSuspicious(code, hostname))
    .map(({ language }) => ({ path, code: "unknown-language", language }));
  const line = hiddenLine(around.code, unknown, findings, hostname);
  if (line !== undefined) skipped.push({ path, code: "syntax", line });
  return { findings, skipped };
}

async function findingsOfPart(
  { language, code, lineOf }: Part,
  around: Surroundings,
  imports: Source["imports"],
): Promise<{ findings: Finding[]; unknown: [number, number][] }> {
  const { tree, unknown } = (await grammarOf(language)).parse(code);
  const source = readSource(tree, code, language);
  imports.push(...source.imports);
  const found = {
    findings: programFindings({ ...source, imports: [...imports] }, { ...around, code }),
    unknown: [...unknown],
  };
  for (const command of startedBy(source, around.environment)) {
    const inner = await findingsOfPart(command, around, []);
    found.findings.push(...inner.findings);
  }
  return {
    findings: found.findings.map((each) => ({ ...each, line: lineOf(each.line) })),
    unknown: found.unknown.map(([from, to]) => [lineOf(from), lineOf(to)]),
  };
}

/** Commands that a program starts: `os.system("curl …")`, `bash -c "curl …"`. */
function startedBy({ texts, ...source }: Source, environment: Environment): Part[] {
  return texts.flatMap(({ pieces, at, line, callees }) => {
    const [first] = pieces;
    if (callees.length === 0 || typeof first !== "string") return [];
    const language = languageNamed(shellAtStart(first) ?? "");
    if (!language) return [];
    const { text } = resolve(pieces, at, { texts, ...source }, environment);
    const code = text.replace(/\{([\w.]+)\}/g, (_, name) => `\${${name.replaceAll(".", "_")}}`);
    return [{ language, code, lineOf: () => line }];
  });
}

/** What a file sets for the commands in it, e.g. a pipeline's `env`. */
function variablesOf(settings: readonly Setting[]): [string, string][] {
  return settings.flatMap(({ path, value }) => {
    const key = path.at(-1) ?? "";
    return /^[A-Z][A-Z0-9_]+$/.test(key) && !/[${}]/.test(value) ? [[key, value] as [string, string]] : [];
  });
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
