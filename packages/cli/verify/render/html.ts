import { GROUP_TITLES, type RowGroup, type VerifyReport, type VerifyRow } from "../report";
import { WHAT, WHAT_NAMES, WHO, WHO_NAMES } from "../target";
import { type AlikeRows, alike, isOpen, titleOf } from "./alike";
import { STYLE } from "./html-style";
import { MARK_NAMES, MARKS } from "./marks";
import { escaped } from "./markup";

/**
 * The report as one HTML file that needs nothing else: the verdict first, then what is wrong and what is left to
 * do, then everything that was tried. Holds no secret, since no row does.
 */
export function toHtml(report: VerifyReport): string {
  const failed = alike(report.rows.filter(({ result }) => result === "failed"));
  const undecided = alike(report.rows.filter(({ result }) => result === "undecided"));
  const open = alike(report.rows.filter(isOpen));
  const title = `Access verification: ${report.environment}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${verdict(report)}
${failed.length === 0 ? "" : section("What is wrong", failed.map(failure).join("\n"))}
${undecided.length === 0 ? "" : section("What is not decided", undecided.map(failure).join("\n"))}
${report.applications.map(({ name, url }) => matrix(report.rows, name, url)).join("\n")}
${legend()}
${OTHER_GROUPS.map((group) => checks(report.rows, group)).join("\n")}
${screenshots(report.rows)}
${open.length === 0 ? "" : section("Left open", open.map(openItem).join("\n"))}
<footer>Made by comfyui-access verify. Expectations come from what the applications declare, never from what
they answered. This file holds no credential and loads nothing from elsewhere.</footer>
</main>
</body>
</html>
`;
}

const OTHER_GROUPS: readonly RowGroup[] = ["session", "tests", "around", "barriers", "neighbours"];

function verdict({ summary, environment, startedAt, durationMs, applications, notes }: VerifyReport): string {
  const { failed, passed, undecided, person } = summary;
  const tone = failed > 0 || passed + undecided === 0 ? "bad" : undecided + person > 0 ? "ask" : "good";
  const facts = [
    `${startedAt.slice(0, 16).replace("T", " ")} UTC`,
    `${(durationMs / 1000).toFixed(1)} s`,
    ...applications.map(({ url }) => url),
    `${passed} as declared`,
    ...(failed > 0 ? [`${failed} not as declared`] : []),
    ...(undecided > 0 ? [`${undecided} not decided`] : []),
  ];
  return `<header class="verdict ${tone}">
<p class="over">Cloudflare Access, ${escaped(environment)}</p>
<h1>${escaped(summary.verdict)}</h1>
<ul class="facts">${facts.map((fact) => `<li>${escaped(fact)}</li>`).join("")}</ul>
${notes.length === 0 ? "" : `<ul class="notes">${notes.map((note) => `<li>${escaped(note)}</li>`).join("")}</ul>`}
</header>`;
}

function section(title: string, body: string): string {
  return `<section>\n<h2>${escaped(title)}</h2>\n${body}\n</section>`;
}

function failure(rows: AlikeRows): string {
  return item(rows, [
    ["expected", rows.expected.join("; ")],
    ["got", rows.got],
    ["barrier", rows.detail],
    ["probable cause", rows.cause],
    ["next step", rows.next],
  ]);
}

function openItem(rows: AlikeRows): string {
  return item(rows, [
    ["why", rows.detail],
    [rows.result === "person" ? "please try" : "next step", rows.next],
  ]);
}

function item(rows: AlikeRows, facts: readonly (readonly [string, string | undefined])[]): string {
  const list = facts
    .filter(([, text]) => text !== undefined && text !== "")
    .map(([label, text]) => `<dt>${label}</dt><dd>${withCode(text ?? "")}</dd>`)
    .join("");
  return `<article class="card item ${rows.result}">
<h3>${mark(rows.result)} ${escaped(titleOf(rows))}</h3>
<dl>${list}</dl>
</article>`;
}

/** Text in which backticks mark what is to be typed or found as it stands. */
function withCode(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function matrix(rows: readonly VerifyRow[], application: string, url: string): string {
  const own = rows.filter((row) => row.group === "matrix" && row.application === application);
  const body = WHO.flatMap((who) => {
    const cells = own.filter((row) => row.who === WHO_NAMES[who]);
    if (cells.length === 0) return [];
    const columns = WHAT.map((what) =>
      cell(
        cells.find((row) => row.what === WHAT_NAMES[what]),
        WHAT_NAMES[what],
      ),
    );
    return `<tr><th scope="row">${escaped(WHO_NAMES[who])}</th>${columns.join("")}</tr>`;
  });
  const head = WHAT.map((what) => `<th scope="col">${escaped(WHAT_NAMES[what])}</th>`).join("");
  return section(
    `${GROUP_TITLES.matrix}: ${application}`,
    `<p class="soft"><code>${escaped(url)}</code></p>
<table class="card matrix"><thead><tr><td></td>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>`,
  );
}

function cell(row: VerifyRow | undefined, what: string): string {
  if (row === undefined) return `<td data-what="${escaped(what)}"></td>`;
  // Why something was left open is told once, below.
  const said = isOpen(row) ? MARK_NAMES[row.result] : row.got;
  return `<td class="${row.result}" data-what="${escaped(what)}">${mark(row.result)} <span class="got">${escaped(said)}</span></td>`;
}

function mark(result: VerifyRow["result"]): string {
  return `<span class="mark ${result}" role="img" aria-label="${MARK_NAMES[result]}">${MARKS[result]}</span>`;
}

function legend(): string {
  const entries = Object.keys(MARKS) as VerifyRow["result"][];
  return `<p class="legend">${entries
    .map((result) => `<span>${mark(result)} ${MARK_NAMES[result]}</span>`)
    .join("")}</p>`;
}

function checks(rows: readonly VerifyRow[], group: RowGroup): string {
  const own = rows.filter((row) => row.group === group);
  if (own.length === 0) return "";
  const items = own.map(
    (row) =>
      `<li>${mark(row.result)}<span><strong>${escaped(row.who)}</strong>, ${escaped(row.what)}</span><span class="got">${escaped(row.got || row.detail || "")}</span></li>`,
  );
  return section(GROUP_TITLES[group], `<ul class="card checks">${items.join("\n")}</ul>`);
}

function screenshots(rows: readonly VerifyRow[]): string {
  const shown = rows.filter((row) => row.screenshot !== undefined);
  if (shown.length === 0) return "";
  const figures = shown.map(
    ({ screenshot, who, what, result, got }) =>
      `<figure class="card"><img src="${escaped(screenshot ?? "")}" alt="${escaped(`What the browser showed: ${who}, ${what}`)}"><figcaption>${mark(result)} <strong>${escaped(who)}</strong>, ${escaped(what)}<br><span class="soft">${escaped(got)}</span></figcaption></figure>`,
  );
  return section("What the browser showed", `<div class="shots">${figures.join("\n")}</div>`);
}
