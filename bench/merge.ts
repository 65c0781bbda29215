import { isDeepStrictEqual } from "node:util";
import { misses } from "./figure";
import type { Report } from "./report";

/**
 * A run's report together with what earlier runs on the same machine gave and this one did not measure, so that a part can
 * be measured again alone. What another machine gave goes.
 * @param order the groups, as they are to stand
 */
export function merged(
  last: Omit<Report, "misses"> | undefined,
  now: Report,
  order: readonly string[],
): Report {
  const kept = last !== undefined && isDeepStrictEqual(last.machine, now.machine) ? last : undefined;
  const key = ({ name, reference }: Report["figures"][number]) => `${name}\n${reference}`;
  const measured = new Set(now.figures.map(key));
  const place = ({ group = "", size = 0 }: Report["figures"][number]) => order.indexOf(group) * 1e6 + size;
  const figures = [...now.figures, ...(kept?.figures.filter((figure) => !measured.has(key(figure))) ?? [])];
  figures.sort((one, other) => place(one) - place(other));
  return { ...now, figures, demo: now.demo ?? kept?.demo, misses: misses(figures) };
}
