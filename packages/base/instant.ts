/**
 * A time as it was meant: YAML takes one without quotes for a time of its own, and the engine hands that on, and writes
 * it back, in Go's form: `2027-01-31 00:00:00 +0000 UTC`. Any other text stays as it is.
 */
export function rfc3339(text: string): string {
  return text.replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d) \S+$/, (_, day, time, hours, minutes) => {
    return `${day}T${time}${hours === "+00" && minutes === "00" ? "Z" : `${hours}:${minutes}`}`;
  });
}

/** Whether two texts say the same moment, however each spells it; two that say none are the same when both are absent. */
export function sameInstant(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const [first, second] = [one, other].map((text) => Date.parse(rfc3339(text)));
  return Number.isNaN(first) || Number.isNaN(second) ? one === other : first === second;
}
