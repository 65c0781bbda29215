import type { Match } from "./types";

/** Kleene's AND: one `no` decides, whatever is unknown; `yes` for an empty list. */
export function all(matches: readonly Match[]): Match {
  if (matches.includes("no")) return "no";
  return matches.includes("unknown") ? "unknown" : "yes";
}

/** Kleene's OR: one `yes` decides, whatever is unknown; `no` for an empty list. */
export function any(matches: readonly Match[]): Match {
  if (matches.includes("yes")) return "yes";
  return matches.includes("unknown") ? "unknown" : "no";
}

/** Kleene's NOT: what is unknown stays so. */
export function not(match: Match): Match {
  if (match === "unknown") return "unknown";
  return match === "yes" ? "no" : "yes";
}
