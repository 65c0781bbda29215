import { code, fenced, fitting } from "#escape";

/** What a check of what is live found. */
export interface Findings {
  version: 2;
  /** What could not be checked and why, e.g. a credential that is no longer accepted; empty when all could. */
  failure: string[];
  /** One line for each field or object that is not as the last update left it. */
  drift: string[];
  /** Who gains and who loses by it, and which guards are gone. */
  access: string[];
  /** One line for each resource that is declared otherwise than it was last deployed. */
  undeployed: string[];
  /** What no reading can tell, and how it was checked instead; nobody has to act on it. */
  unseen: string[];
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
  if (value?.["version"] !== 2) throw new MalformedFindings("version is not 2");
  const { expiring } = value;
  if (!Array.isArray(expiring)) throw new MalformedFindings("expiring is not a list");
  return {
    version: 2,
    failure: texts(value["failure"], "failure"),
    drift: texts(value["drift"], "drift"),
    access: texts(value["access"], "access"),
    undeployed: texts(value["undeployed"], "undeployed"),
    unseen: texts(value["unseen"], "unseen"),
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
  { failure, drift, access, undeployed, unseen, expiring }: Findings,
  { key, runUrl, lastRun }: { key: string; runUrl: string; lastRun: string | undefined },
): { found: boolean; body: string } {
  const sections = [
    `<!-- comfyui-access findings ${JSON.stringify({ key })} -->`,
    ...section("Could not be checked, so nothing is known of it", failure),
    ...section("Who gains and who loses", access),
    ...section("Not as the last update left it", drift),
    ...section("Declared, and not deployed", undeployed),
    ...(expiring.length === 0
      ? []
      : [
          "#### Service tokens that end soon",
          expiring.map(({ name, expiresAt }) => `- ${code(name)} ends at ${code(expiresAt)}`).join("\n"),
          "Run the workflow _rotate_ for each.",
        ]),
  ];
  const found = [failure, drift, access, undeployed, expiring].some((each) => each.length > 0);
  if (!found) sections.push("Everything that can be seen is as declared, and no token ends soon.");
  const blind = section("Cannot be seen, and how it was checked instead", unseen);
  if (blind.length > 0) sections.push("<details>", ...blind, "</details>");
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
