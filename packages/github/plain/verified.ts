// Says what `verify --json` found, as a step of the run does: what is wrong fails it; what is not decided is a warning
// on the run's page, because it says nothing of who gets in.
//
// Environment: REPORT_FILE, and VERIFY_EXIT, the code that `verify` ended with.
import { appendFile, readFile } from "node:fs/promises";
import { annotate, runScript, setting } from "#environment";
import { code } from "#escape";

interface Row {
  id: string;
  result: string;
  got: string;
  cause?: string;
  next?: string;
}

/** The codes of `verify` that are no failure: as declared, not decided, rows for a person. */
const ENDED_WELL = [0, 3, 4];

async function main(): Promise<void> {
  const ended = Number(setting("VERIFY_EXIT", /^\d{1,3}$/));
  const rows = parseRows(await readFile(setting("REPORT_FILE", /./), "utf8"));
  if (rows === undefined) throw new Error(`verify ended with ${ended} and left no report`);
  for (const { id, result, got, cause, next } of rows) {
    const more = result === "failed" || result === "undecided" ? [cause, next] : [];
    console.log([`${result}  ${id}`, got, ...more].filter((part) => part).join("  "));
  }
  const open = rows.filter(({ result }) => result === "undecided");
  const failed = rows.filter(({ result }) => result === "failed");
  const tried = `of ${rows.filter(({ result }) => ["passed", "failed", "undecided"].includes(result)).length} checks`;
  if (open.length > 0) annotate("warning", `${open.length} ${tried} of who gets in are not decided`);
  await appendFile(setting("GITHUB_STEP_SUMMARY", /./), summary([...failed, ...open], tried));
  if (failed.length > 0) throw new Error(`${failed.length} ${tried} of who gets in are not as declared`);
  if (!ENDED_WELL.includes(ended)) throw new Error(`verify ended with ${ended}`);
}

function summary(rows: readonly Row[], tried: string): string {
  const lines = rows.map(({ id, result, got }) => `- ${result}: ${code(id)}: ${code(got)}`);
  return `### Who gets in\n\n${lines.length === 0 ? `All ${tried.slice(3)} are as declared.` : lines.join("\n")}\n`;
}

/** The rows of a report; undefined for what is none. */
function parseRows(text: string): Row[] | undefined {
  try {
    const { rows } = JSON.parse(text) as { rows?: unknown };
    return Array.isArray(rows) ? (rows as Row[]) : undefined;
  } catch {
    return undefined;
  }
}

runScript(main);
