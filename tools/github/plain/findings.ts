import { code, fenced, fitting } from "#escape";

/** What a check of what is live found. */
export interface Findings {
  version: 1;
  /** Why the check could not be made, e.g. a credential that is no longer accepted; empty when it could. */
  failure: string[];
  /** One line for each resource that is not as declared. */
  drift: string[];
  /** Service tokens that end soon or have ended. */
  expiring: { name: string; expiresAt: string }[];
}

/** Findings that are not of the agreed form. */
export class MalformedFindings extends Error {
  override readonly name = "MalformedFindings";
}

const MAX_BYTES = 200_000;

/**
 * Reads an untrusted file.
 * @throws {MalformedFindings} naming the field.
 */
export function parseFindings(text: string): Findings {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new MalformedFindings(`more than ${MAX_BYTES} bytes`);
  let value: Partial<Record<string, unknown>> | null;
  try {
    value = JSON.parse(text) as Partial<Record<string, unknown>> | null;
  } catch {
    throw new MalformedFindings("not JSON");
  }
  if (value?.["version"] !== 1) throw new MalformedFindings("version is not 1");
  const { expiring } = value;
  if (!Array.isArray(expiring)) throw new MalformedFindings("expiring is not a list");
  return {
    version: 1,
    failure: texts(value["failure"], "failure"),
    drift: texts(value["drift"], "drift"),
    expiring: expiring.map((entry: { name?: unknown; expiresAt?: unknown } | null) => {
      const [name = "", expiresAt = ""] = texts([entry?.name, entry?.expiresAt], "expiring[]");
      return { name, expiresAt };
    }),
  };
}

function texts(value: unknown, where: string): string[] {
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== "string")) {
    throw new MalformedFindings(`${where} is not a list of texts`);
  }
  return value as string[];
}

/**
 * The text. Its first line finds it again.
 * @returns `found` when somebody has to act
 */
export function renderFindings(
  { failure, drift, expiring }: Findings,
  { key, runUrl, lastRun }: { key: string; runUrl: string; lastRun: string | undefined },
): { found: boolean; body: string } {
  const sections = [
    `<!-- comfyui-access findings ${JSON.stringify({ key })} -->`,
    ...section("The check failed: nothing is known", failure),
    ...section("Not as declared", drift),
    ...(expiring.length === 0
      ? []
      : [
          "#### Service tokens that end soon",
          expiring.map(({ name, expiresAt }) => `- ${code(name)} ends at ${code(expiresAt)}`).join("\n"),
          "Run the workflow _rotate_ for each.",
        ]),
  ];
  const found = failure.length + drift.length + expiring.length > 0;
  if (!found) sections.push("Everything is as declared, and no token ends soon.");
  sections.push(`Last scheduled run before this one: ${lastRun === undefined ? "none" : code(lastRun)}.`);
  sections.push(`[The run](${runUrl})`);
  return { found, body: `${sections.join("\n\n")}\n` };
}

function section(title: string, lines: string[]): string[] {
  if (lines.length === 0) return [];
  const { kept, cut } = fitting(lines, 25_000);
  const note = cut === 0 ? [] : [`_${cut} more lines are left out here; the run has all._`];
  return [`#### ${title}`, fenced(kept), ...note];
}
