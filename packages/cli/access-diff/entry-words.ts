import type { Entry } from "./entries";

/** One line for all who fare alike at the same place. */
export function linesOf(entries: readonly Entry[]): string[] {
  const alike = new Map<string, string[]>();
  for (const entry of entries) {
    const where = placeOf(entry);
    const rest = `${where} – ${howOf(entry)}`;
    alike.set(rest, [...(alike.get(rest) ?? []), entry.who]);
  }
  return [...alike].map(([rest, who]) => `${who.join(", ")} → ${rest}`);
}

function placeOf({ hostname, paths }: Entry): string {
  return paths.length === 0 ? hostname : `${hostname} (${paths.join("; ")})`;
}

function howOf(entry: Entry): string {
  const { kind, by, session, on, may, when } = entry;
  const condition = when.length === 0 ? "" : `, ${when.join(" or ")}`;
  switch (kind) {
    case "gain":
      return `${way(by, session.after)}${condition}`;
    case "loss":
      return `until now ${way(by, session.before)}${condition}`;
    case "longer":
    case "shorter":
      return `${lengthOf(session.after)} instead of ${lengthOf(session.before)}${condition}`;
    case "depends":
      return `may ${may.map((each) => OUTCOMES[each]).join(" or ")}, depending on ${on.join(" and ")}${condition}`;
    case "not decided":
      return `too much is unknown: ${on.join(", ")}${condition}`;
  }
}

const OUTCOMES = {
  gain: "gain access",
  loss: "lose access",
  longer: "stay logged in for longer",
  shorter: "stay logged in for less long",
} as const;

function way(by: Entry["by"], session: number | undefined): string {
  if (by === "login") return `by logging in, for ${lengthOf(session)}`;
  return by === "token" ? "with the token alone, as long as it is valid" : "WITHOUT ANY CHECK";
}

function lengthOf(seconds: number | undefined): string {
  if (seconds === undefined) return "an unknown time";
  if (seconds === Number.POSITIVE_INFINITY) return "ever";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = seconds % 60;
  return `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${rest > 0 || seconds === 0 ? `${rest}s` : ""}`;
}
