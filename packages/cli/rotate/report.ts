import { ApiError, UserError } from "../../base/errors";
import type { Facts } from "./facts";
import { trustIn } from "./next-step";
import type { RotateEnd, Rotation, StepLine } from "./rotate";
import { intention, nothingWords, readable, stopWords } from "./words";

/** What a run did and how it ended; no secret. */
export interface RotateReport {
  stack: string;
  token: string;
  /** `waiting`: half done, and nothing to do before a certain time; `stopped`: it could not go on. */
  outcome: "done" | "waiting" | "stopped" | "failed" | "declined" | "interrupted";
  /** 0 done, 1 failed, 3 half done: run it again. */
  exitCode: 0 | 1 | 3;
  steps: StepLine[];
  /** How it ended, in one sentence. */
  detail: string;
}

/** Where a run belongs. */
export interface Subject {
  stack: string;
  token: string;
  /** The config file, which a run changes. */
  file: string;
}

/** Runs a rotation to its end, whatever that is. */
export async function runRotation(
  rotation: Rotation,
  { stack, token, file }: Subject,
  steps: StepLine[],
): Promise<RotateReport> {
  const report = (outcome: RotateReport["outcome"], exitCode: 0 | 1 | 3, detail: string): RotateReport => {
    return { stack, token, outcome, exitCode, steps, detail };
  };
  try {
    const end = await rotation.run();
    return report(...ending(end, token, file));
  } catch (error) {
    if (!(error instanceof UserError || error instanceof ApiError)) throw error;
    return report("failed", 1, error.message);
  }
}

function ending(end: RotateEnd, token: string, file: string): [RotateReport["outcome"], 0 | 1 | 3, string] {
  switch (end.how) {
    case "declined":
      return ["declined", 1, "nothing was changed"];
    case "interrupted":
      return ["interrupted", 3, "interrupted between two steps: run it again"];
    case "sink failed":
      return [
        "failed",
        1,
        `not written, so the old secret was not ended:\n  ${end.failed.join("\n  ")}\n  → Mend that and run the command again, with the same --to.`,
      ];
    case "step":
      break;
  }
  const { step, facts } = end;
  if (step.do === "wait") return ["waiting", 3, waiting(step.until)];
  if (step.do === "stop") {
    const [found, remedy] = stopWords(step.because, token);
    const halfDone = end.underWay && (step.because === "refused" || step.because === "unreachable");
    return ["stopped", halfDone ? 3 : 1, `${found}\n  → ${remedy}`];
  }
  const commit = facts.worked ? `\n${file} has changed: commit it.` : "";
  return ["done", 0, `version ${facts.config.version}, ${nothingWords(step)}${commit}`];
}

function waiting(until: string): string {
  return (
    `the stand-in is in use; scripts that have not read their credentials anew use the secret before until ` +
    `${readable(until)}: run this again after that, or now with --end now`
  );
}

/** One step as a line. */
export function toLine({ did, detail, warning }: StepLine): string {
  return `  ${(warning ? "warning" : did).padEnd(8)}  ${detail}\n`;
}

/** How a run ended, as the last line. */
export function toEnd({ outcome, detail }: RotateReport): string {
  return `${outcome}: ${detail}\n`;
}

/** How things stand with a token; no secret. */
export interface RotateStatus {
  stack: string;
  token: string;
  /** Versions in the config and in the state. */
  version: { config: number; state: number | null };
  /** When the token ends. */
  expiresAt: string | null;
  /** What Access says of the secret in the state; `skipped` when it was not tried. */
  secret: string;
  /** Whether the secret in the state is the token's newest. */
  newest: "yes" | "lost" | "in doubt" | null;
  /** Until when the secret before is accepted; null when it is not. */
  previousAcceptedUntil: string | null;
  standIn: { inUse: boolean; until: string | null } | null;
  /** What the next run would do. */
  next: string;
}

/** Looks, and changes nothing. */
export async function rotationStatus(rotation: Rotation, { stack, token }: Subject): Promise<RotateStatus> {
  const first = await rotation.look();
  if (first.facts.state !== undefined) await rotation.probe("token", 0);
  const { facts, step, now } = await rotation.look();
  const { config, state, standIn } = facts;
  const previous = config.previousExpiresAt;
  return {
    stack,
    token,
    version: { config: config.version, state: state?.version ?? null },
    expiresAt: state?.expiresAt ?? null,
    secret: state === undefined ? "skipped" : (facts.probed[state.fingerprint] ?? "skipped"),
    newest: newest(facts, now),
    previousAcceptedUntil: previous !== undefined && Date.parse(previous) > now.getTime() ? previous : null,
    standIn:
      standIn.config === undefined
        ? null
        : { inUse: standIn.config.until === undefined, until: standIn.config.until ?? null },
    next: intention(step, token),
  };
}

function newest(facts: Facts, now: Date): RotateStatus["newest"] {
  if (facts.state === undefined || facts.config.version !== facts.state.version) return null;
  const trust = trustIn(facts, facts.state, now);
  return trust === "newest" ? "yes" : trust;
}

/** A status as lines. */
export function toStatus(status: RotateStatus): string {
  const { version, secret, newest, previousAcceptedUntil, standIn, expiresAt } = status;
  const lines: [string, string][] = [
    ["version", version.state === version.config ? `${version.config}` : versions(version)],
    ["expires", expiresAt === null ? "not known, or never" : readable(expiresAt)],
    ["secret", newest === null || newest === "yes" ? secret : `${secret}; newest: ${newest}`],
    [
      "before",
      previousAcceptedUntil === null
        ? "no longer accepted"
        : `accepted until ${readable(previousAcceptedUntil)}`,
    ],
  ];
  if (standIn !== null) {
    const until = standIn.until === null ? "in use" : `accepted until ${readable(standIn.until)}`;
    lines.push(["stand-in", until]);
  }
  lines.push(["next run", status.next]);
  return lines.map(([name, value]) => `  ${name.padEnd(8)}  ${value}\n`).join("");
}

function versions({ config, state }: RotateStatus["version"]): string {
  return `${config} in the config, ${state ?? "none"} in the state`;
}
