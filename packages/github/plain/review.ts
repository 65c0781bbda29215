/** What one preview found, as the job without a writing token hands it to the one that has one. */
export interface Review {
  version: 1;
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
  /** Canonical hash: equal exactly when the same access changes in the same way. Absent where it cannot be told. */
  hash?: string;
  verdict: "same" | "narrower" | "wider" | "undecided";
  /** False when it widens access and the pull request does not carry the agreed label. */
  agreed: boolean;
  /** One line per change, beginning with `+` (gain), `-` (loss), `?` (depends), `!` (not decided) or a space. */
  lines: string[];
}

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
  if (fields["version"] !== 1) throw new MalformedReview("version is not 1");
  const tests = record(fields["accessTests"], "accessTests", ["passed", "failures"]);
  return {
    version: 1,
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
    // Approved before reviews had it: the one on main is looked at anew.
    lowered: texts(fields["lowered"] ?? [], "lowered").map((name) =>
      matching(name, /^[\w.-]{1,100}$/, "lowered"),
    ),
    diagnostics: texts(fields["diagnostics"], "diagnostics"),
  };
}

function accessChange(value: unknown): AccessChange {
  const fields = record(value, "access", ["hash", "verdict", "agreed", "lines"]);
  return {
    hash:
      fields["hash"] === undefined ? undefined : matching(fields["hash"], /^[0-9a-f]{64}$/, "access.hash"),
    verdict: oneOf(fields["verdict"], ["same", "narrower", "wider", "undecided"], "access.verdict"),
    agreed: flag(fields["agreed"], "access.agreed"),
    lines: texts(fields["lines"], "access.lines"),
  };
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
