/** What a comment says of itself to the next run, in an HTML comment on its first line. */
export interface Marker {
  /** `<project>/<stack>`: one comment for each. */
  key: string;
  /** Commit that the comment speaks of. */
  commit: string;
  /** GitHub's id of the run that wrote it; later runs have greater ones. */
  run: number;
  /** Which attempt of that run. */
  attempt: number;
  state: State;
}

/** Where a change stands. */
const STATES = [
  "running",
  "no-changes",
  "changed",
  "blocked",
  "failed",
  "stale",
  "fork",
  "applied",
  "apply-failed",
  "applied-otherwise",
  "not-verified",
] as const;

export type State = (typeof STATES)[number];

const PREFIX = "<!-- comfyui-access review ";
const SUFFIX = " -->";

export function writeMarker({ key, commit, run, attempt, state }: Marker): string {
  return `${PREFIX}${JSON.stringify({ key, commit, run, attempt, state })}${SUFFIX}`;
}

/** The marker that a comment begins with; undefined when it has none or a broken one. */
export function readMarker(body: string): Marker | undefined {
  const [first = ""] = body.split(/\r?\n/, 1);
  if (!first.startsWith(PREFIX) || !first.endsWith(SUFFIX)) return undefined;
  try {
    const marker = JSON.parse(first.slice(PREFIX.length, -SUFFIX.length)) as Marker;
    const whole =
      typeof marker.key === "string" &&
      typeof marker.commit === "string" &&
      Number.isSafeInteger(marker.run) &&
      Number.isSafeInteger(marker.attempt) &&
      STATES.includes(marker.state);
    return whole ? marker : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a run may do to the comment that is there: of two runs the one for the pull request's newest commit wins,
 * and of two for the same commit the later one.
 *
 * @param head the pull request's newest commit now
 */
export function standing(
  mine: Marker,
  existing: Marker | undefined,
  head: string,
): "write" | "stale" | "leave" {
  if (
    existing !== undefined &&
    isLater(existing, mine) &&
    (existing.commit === head || mine.commit !== head)
  ) {
    return "leave";
  }
  if (mine.commit === head) return "write";
  return existing?.commit === head ? "leave" : "stale";
}

function isLater(one: Marker, other: Marker): boolean {
  return one.run > other.run || (one.run === other.run && one.attempt > other.attempt);
}
