import { LEFT_OUT } from "./collect";
import { LANGUAGES } from "./languages";
import { wordsOf } from "./origin";
import type { AuditReport, Finding, NotRead } from "./types";

/** The report as one JSON document. */
export function toJson(report: AuditReport): string {
  const findings = report.findings.map((each) => ({
    ...each,
    address: { ...each.address, from: wordsOf(each.address.from) },
  }));
  const skipped = report.skipped.map((each) => ({ ...each, reason: reasonOf(each) }));
  const languages = LANGUAGES.map(({ name }) => name);
  return `${JSON.stringify({ ...report, skipped, findings, languages, summary: countsOf(report) }, null, 2)}\n`;
}

/** How many uses need what. */
export function countsOf({ findings, leaks }: AuditReport): {
  change: number;
  check: number;
  fine: number;
  leaks: number;
} {
  const count = (verdict: Finding["verdict"]): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  return {
    change: count("change"),
    check: count("check"),
    fine: count("fine"),
    leaks: leaks.filter(({ tracked }) => tracked).length,
  };
}

const TITLES: Record<Finding["place"], string> = {
  remote: "Remote: through the internet",
  unknown: "Unknown: the files do not tell",
  docker: "Docker: from container to container",
  local: "Local: this machine or its network",
  hosted: "Hosted: another company's ComfyUI",
};

const MARKS: Record<Finding["verdict"], string> = {
  change: "**to change**",
  check: "to check",
  fine: "nothing to do",
};

/** The report as a Markdown page that can be passed on; holds no secret. */
export function toMarkdown(report: AuditReport): string {
  const { change, check, fine } = countsOf(report);
  const parts = [
    `# ComfyUI API audit\n`,
    `What Cloudflare Access in front of ${code(`https://${report.hostname}`)} changes for the code that calls ComfyUI. ` +
      `${plural(report.files, "file")} read, ${plural(report.findings.length, "use")} found.\n`,
    "## Summary\n",
    table(
      ["verdict", "uses", "what it means"],
      [
        [
          "to change",
          `${change}`,
          "goes through the internet and does not send the service token: Access answers with its login",
        ],
        [
          "to check",
          `${check}`,
          "the address is decided elsewhere, or a client takes the token from its environment",
        ],
        [
          "nothing to do",
          `${fine}`,
          "local, from container to container, another service, or sends the token",
        ],
      ],
    ),
    leaksPart(report),
    ...placesPart(report),
    filesPart(report),
    skippedPart(report),
    scopePart(),
  ];
  return `${parts
    .filter((part) => part !== "")
    .join("\n")
    .trimEnd()}\n`;
}

function leaksPart({ leaks }: AuditReport): string {
  if (leaks.length === 0) return "";
  const rows = leaks.map(({ path, line, what, tracked }) => [
    code(`${path}:${line}`),
    what,
    tracked
      ? "**kept by git**: rotate the token, take the line out, and mind that the history keeps it"
      : "not in git: keep it that way",
  ]);
  return `## Secrets in files\n\n${table(["where", "what", "state"], rows)}`;
}

function placesPart({ findings }: AuditReport): string[] {
  return (Object.keys(TITLES) as Finding["place"][]).flatMap((place) => {
    const own = findings.filter((finding) => finding.place === place);
    if (own.length === 0) return [];
    const rows = own.map((finding) => [
      code(`${finding.path}:${finding.line}`),
      whatOf(finding),
      addressOf(finding),
      finding.authentication,
      MARKS[finding.verdict],
    ]);
    return [
      `## ${TITLES[place]}\n\n${table(["where", "what", "address", "authentication", "verdict"], rows)}`,
    ];
  });
}

function filesPart({ findings }: AuditReport): string {
  if (findings.length === 0) return "";
  const paths = [...new Set(findings.map(({ path }) => path))];
  const parts = paths.map((path) => {
    const own = findings.filter((finding) => finding.path === path);
    const items = own.map(
      (finding) =>
        `- Line ${finding.line}, ${MARKS[finding.verdict]}: ${whatOf(finding)}, ${addressOf(finding)}. ${finding.advice}\n\n` +
        `  ${code(finding.code)}\n`,
    );
    return `### ${path}\n\n${items.join("\n")}`;
  });
  return `## By file\n\n${parts.join("\n")}`;
}

function skippedPart({ skipped }: AuditReport): string {
  if (skipped.length === 0) return "";
  return `## Not read\n\n${table(
    ["file", "why"],
    skipped.map((each) => [code(each.path), reasonOf(each)]),
  )}`;
}

/** Why a file was not read, in words. */
function reasonOf({ code: why, line, language, cause }: NotRead): string {
  switch (why) {
    case "unreadable":
      return `could not be read (${cause})`;
    case "too-large":
      return "too large, see `--max-bytes`";
    case "binary":
      return "not a text";
    case "too-deep":
      return "brackets or blocks nested too deep";
    case "syntax":
      return `line ${line} has an address or a route, and is no code that the audit understands`;
    case "unknown-language":
      return `has an address or a route, in ${language === undefined ? "a language" : `${language}, a language`} that the audit does not read`;
  }
}

function scopePart(): string {
  return `## What was read\n\nPrograms in ${LANGUAGES.map(({ name }) => name).join(", ")}; notebooks, flows of n8n and Node-RED, pages and their code blocks, settings. Left out is what git ignores, and what it does not keep in folders of others' code or of a build: ${LEFT_OUT.map(code).join(", ")}.\n`;
}

function whatOf({ kind, route, library }: Finding): string {
  if (kind === "setting") return "setting";
  if (kind === "library") return `${library}`;
  return `${kind} ${code(route ?? "/")}${library === undefined ? "" : ` (${library})`}`;
}

function addressOf({ address }: Finding): string {
  const text = address.text === "?" ? "address unknown" : code(address.text);
  return "name" in address.from ? `${text} from ${wordsOf(address.from)}` : text;
}

/** Code in a line of Markdown: fenced by more backticks than it holds, without what would end a table's cell. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${text.replaceAll("\n", " ")}${pad}${fence}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return `${[line(head), line(head.map(() => "-")), ...rows.map(line)].join("\n")}\n`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A few lines for the terminal. */
export function toSummary(report: AuditReport, written?: string): string {
  const { change, check, fine, leaks } = countsOf(report);
  const lines = report.findings
    .filter(({ verdict }) => verdict === "change")
    .map((finding) =>
      `  ${finding.path}:${finding.line}  ${finding.address.text}  ${finding.kind} ${finding.route ?? ""}`.trimEnd(),
    );
  const secrets = report.leaks
    .filter(({ tracked }) => tracked)
    .map(({ path, line, what }) => `  ${path}:${line}  ${what} is kept by git: rotate it`);
  const head = `${report.hostname}: ${change} to change, ${check} to check, ${fine} fine in ${plural(report.files, "file")}`;
  const unread = report.skipped.map((each) => `  ${each.path}  not read: ${reasonOf(each)}`);
  const tail = written === undefined ? [] : [`report: ${written}`];
  return `${[head, ...lines, ...(leaks > 0 ? secrets : []), ...unread, ...tail].join("\n")}\n`;
}
