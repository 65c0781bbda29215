import type { Orphan } from "./orphan";
import type { Removal } from "./remove";
import { heldWords, told } from "./words";

const DAY_MS = 86_400_000;

/** The orphans as an aligned table, and what can be done about them. */
export function renderOrphans(orphans: readonly Orphan[], environment: string, now: Date): string {
  if (orphans.length === 0) return `${environment}: no orphans\n`;
  const free = orphans.filter(({ hold }) => hold === undefined).length;
  const rows = orphans.map((orphan) => [
    orphan.kind,
    orphan.name,
    orphan.id,
    ageOf(orphan.createdAt, now),
    lastUse(orphan, now),
    orphan.hold?.code === "state-empty"
      ? `${told(orphan).why}; ${heldWords(orphan)}`
      : (heldWords(orphan) ?? told(orphan).why),
  ]);
  const table = aligned([["kind", "name", "id", "age", "last use", "why / used by"], ...rows]);
  const advice =
    free === 0
      ? "None of them can be removed as it is."
      : `Remove ${free === orphans.length ? "them" : `the ${free} that nothing uses`} with: orphans --remove`;
  return `${environment}: ${count(orphans.length)} that the stack's state does not know\n\n${table}\n\n${advice}\n`;
}

/** What became of each. */
export function renderRemovals(removals: readonly Removal[]): string {
  const rows = removals.map(({ orphan, outcome, reason }) => {
    return [outcome === "gone" ? "gone already" : outcome, orphan.kind, orphan.name, orphan.id, reason ?? ""];
  });
  return `${aligned(rows)}\n`;
}

/** `1 object`, `2 objects`. */
export function count(objects: number): string {
  return `${objects} object${objects === 1 ? "" : "s"}`;
}

function lastUse({ kind, lastUsedAt }: Orphan, now: Date): string {
  if (kind !== "service token") return "-";
  if (lastUsedAt === undefined) return "not known";
  return lastUsedAt === "never" ? "never" : `${ageOf(lastUsedAt, now)} ago`;
}

/** `3 min`, `5 h`, `12 d`. */
function ageOf(time: string | undefined, now: Date): string {
  const age = time === undefined ? Number.NaN : now.getTime() - Date.parse(time);
  if (Number.isNaN(age)) return "not known";
  if (age < 60_000) return `${Math.max(0, Math.round(age / 1000))} s`;
  if (age < 3_600_000) return `${Math.floor(age / 60_000)} min`;
  return age < 2 * DAY_MS ? `${Math.floor(age / 3_600_000)} h` : `${Math.floor(age / DAY_MS)} d`;
}

function aligned(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
