/** The form below; one of another form is refused. */
export const VERSION = 2;

/** What one preview found, as the job without a writing token hands it to the one that has one. */
export interface Review {
  version: typeof VERSION;
  project: string;
  stack: string;
  /** Commit that was previewed, 40 hexadecimal digits. */
  commit: string;
  /** False when the preview broke off for a reason of its own: then nothing below is complete. */
  completed: boolean;
  /** Who gains and who loses what; absent when it could not be computed. */
  access?: AccessChange;
  accessTests: { passed: number; failures: string[] };
  guardrails: Violation[];
  /** How many resources meet which fate: `{create: 2, same: 20}`. */
  counts: Record<string, number>;
  steps: Step[];
  /** Service tokens that would get a lower version than they have: the config is older than their last rotation. */
  lowered: string[];
  /** The engine's diagnostics, when it did not end well. */
  diagnostics: string[];
}

/** The access diff, as far as a reviewer has to read it. */
export interface AccessChange {
  /** Canonical hash: equal exactly when the same changes in the same way. Absent where it cannot be told. */
  hash?: string;
  /** Those of the pull request's labels that agree to something. */
  labels: Label[];
  /** Who gets in, which service they reach, where secrets go, how long credentials count, and what of it nobody judged. */
  sections: Record<SectionName, SectionChange>;
}

/** One section of it. */
export interface SectionChange {
  verdict: (typeof SECTION_VERDICTS)[number];
  /**
   * Under headings (`@@ … @@`) one line per change, beginning with `+` (gain), `-` (loss), `?` (depends), `!` (goes
   * elsewhere, or is not judged) or a space.
   */
  lines: string[];
}

/** In the order in which they are told. */
export const SECTIONS = ["access", "traffic", "secrets", "credentials", "notJudged"] as const;
export type SectionName = (typeof SECTIONS)[number];

const SECTION_VERDICTS = ["same", "told", "narrower", "wider", "moves", "undecided"] as const;

/** What somebody puts on a pull request to agree: to what widens or moves, and to what is not judged. */
export const LABELS = ["access-widens", "access-not-judged"] as const;
export type Label = (typeof LABELS)[number];

/** The labels that a change needs. */
export function labelsFor({ sections }: AccessChange): Label[] {
  const widens = SECTIONS.some((name) => ["wider", "moves"].includes(sections[name].verdict));
  const isOpen = SECTIONS.some((name) => sections[name].verdict === "undecided");
  return LABELS.filter((label) => (label === "access-widens" ? widens : isOpen));
}

/** Those that it needs and has not. */
export const missingLabels = (access: AccessChange): Label[] =>
  labelsFor(access).filter((label) => !access.labels.includes(label));

/** One guardrail that a resource does not meet. */
export interface Violation {
  rule: string;
  level: "mandatory" | "advisory";
  resource: string;
  message: string;
}

/** One resource that changes. Property names only: a plan prints values that only become secret by it. */
export interface Step {
  op: string;
  type: string;
  name: string;
  properties: string[];
}

/** What is read at most. A file beyond this is refused, not cut. */
const LIMITS = { bytes: 900_000, items: 5_000, text: 4_000 } as const;

/** A review that is not of the agreed form. The message holds none of the text that was refused. */
export class MalformedReview extends Error {
  override readonly name = "MalformedReview";
}

/**
 * Reads an untrusted file: every field is checked, an unknown one refused.
 *
 * @throws {MalformedReview} naming the field.
 */
export function parseReview(text: string): Review {
  if (Buffer.byteLength(text) > LIMITS.bytes) throw new MalformedReview(`more than ${LIMITS.bytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedReview("not JSON");
  }
  const fields = record(value, "review", [
    "version",
    "project",
    "stack",
    "commit",
    "completed",
    "access",
    "accessTests",
    "guardrails",
    "counts",
    "steps",
    "lowered",
    "diagnostics",
  ]);
  if (fields["version"] !== VERSION) throw new MalformedReview(`version is not ${VERSION}`);
  const tests = record(fields["accessTests"], "accessTests", ["passed", "failures"]);
  return {
    version: VERSION,
    project: matching(fields["project"], /^[A-Za-z0-9_.-]{1,100}$/, "project"),
    stack: matching(fields["stack"], /^[A-Za-z0-9_.-]{1,100}$/, "stack"),
    commit: matching(fields["commit"], /^[0-9a-f]{40}$/, "commit"),
    completed: flag(fields["completed"], "completed"),
    access: fields["access"] === undefined ? undefined : accessChange(fields["access"]),
    accessTests: {
      passed: count(tests["passed"], "accessTests.passed"),
      failures: texts(tests["failures"], "accessTests.failures"),
    },
    guardrails: list(fields["guardrails"], "guardrails").map(violation),
    counts: counts(fields["counts"]),
    steps: list(fields["steps"], "steps").map(step),
    lowered: texts(fields["lowered"], "lowered").map((name) => matching(name, /^[\w.-]{1,100}$/, "lowered")),
    diagnostics: texts(fields["diagnostics"], "diagnostics"),
  };
}

function accessChange(value: unknown): AccessChange {
  const fields = record(value, "access", ["hash", "labels", "sections"]);
  const sections = record(fields["sections"], "access.sections", SECTIONS);
  const section = (name: SectionName) => sectionChange(sections[name], `access.sections.${name}`);
  return {
    hash:
      fields["hash"] === undefined ? undefined : matching(fields["hash"], /^[0-9a-f]{64}$/, "access.hash"),
    labels: list(fields["labels"], "access.labels").map((each) => oneOf(each, LABELS, "access.labels")),
    sections: {
      access: section("access"),
      traffic: section("traffic"),
      secrets: section("secrets"),
      credentials: section("credentials"),
      notJudged: section("notJudged"),
    },
  };
}

function sectionChange(value: unknown, where: string): SectionChange {
  const fields = record(value, where, ["verdict", "lines"]);
  const verdict = oneOf(fields["verdict"], SECTION_VERDICTS, `${where}.verdict`);
  const lines = texts(fields["lines"], `${where}.lines`);
  // A verdict that says less than stands below it would be read alone.
  if (verdict === "same" && lines.length > 0) throw new MalformedReview(`${where} has lines and no change`);
  return { verdict, lines };
}

function violation(value: unknown): Violation {
  const fields = record(value, "guardrails[]", ["rule", "level", "resource", "message"]);
  return {
    rule: string(fields["rule"], "guardrails[].rule"),
    level: oneOf(fields["level"], ["mandatory", "advisory"], "guardrails[].level"),
    resource: string(fields["resource"], "guardrails[].resource"),
    message: string(fields["message"], "guardrails[].message"),
  };
}

function step(value: unknown): Step {
  const fields = record(value, "steps[]", ["op", "type", "name", "properties"]);
  return {
    op: matching(fields["op"], /^[a-z-]{1,40}$/, "steps[].op"),
    type: string(fields["type"], "steps[].type"),
    name: string(fields["name"], "steps[].name"),
    properties: texts(fields["properties"], "steps[].properties"),
  };
}

function counts(value: unknown): Record<string, number> {
  const entries = Object.entries(object(value, "counts"));
  if (entries.length > 40) throw new MalformedReview("counts has too many entries");
  return Object.fromEntries(
    entries.map(([op, number]) => [matching(op, /^[a-z-]{1,40}$/, "counts"), count(number, "counts")]),
  );
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedReview(`${where} is not an object`);
  }
  return value as Record<string, unknown>;
}

function record(value: unknown, where: string, known: readonly string[]): Record<string, unknown> {
  const fields = object(value, where);
  if (Object.keys(fields).some((name) => !known.includes(name))) {
    throw new MalformedReview(`${where} has an unknown field`);
  }
  return fields;
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new MalformedReview(`${where} is not a list`);
  if (value.length > LIMITS.items)
    throw new MalformedReview(`${where} has more than ${LIMITS.items} entries`);
  return value;
}

function string(value: unknown, where: string): string {
  if (typeof value !== "string") throw new MalformedReview(`${where} is not text`);
  if (value.length > LIMITS.text)
    throw new MalformedReview(`${where} is longer than ${LIMITS.text} characters`);
  return value;
}

function texts(value: unknown, where: string): string[] {
  return list(value, where).map((entry) => string(entry, where));
}

function matching(value: unknown, pattern: RegExp, where: string): string {
  const text = string(value, where);
  if (!pattern.test(text)) throw new MalformedReview(`${where} is not of the form ${pattern.source}`);
  return text;
}

function oneOf<T extends string>(value: unknown, known: readonly T[], where: string): T {
  const found = known.find((entry) => entry === value);
  if (found === undefined) throw new MalformedReview(`${where} is none of ${known.join(", ")}`);
  return found;
}

function flag(value: unknown, where: string): boolean {
  if (typeof value !== "boolean") throw new MalformedReview(`${where} is neither true nor false`);
  return value;
}

function count(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new MalformedReview(`${where} is no count`);
  return value as number;
}
