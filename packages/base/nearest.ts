/** The known name that is spelt most like a wanted one; undefined when there is none. */
export function nearest(wanted: string, known: readonly string[]): string | undefined {
  const distance = (name: string) => editDistance(wanted, name);
  return [...known].sort((a, b) => distance(a) - distance(b))[0];
}

/** The known name that was probably meant; undefined when none is like it. */
export function probably(wanted: string, known: readonly string[]): string | undefined {
  const name = nearest(wanted, known);
  return name !== undefined && editDistance(wanted, name) * 2 <= Math.max(wanted.length, 2)
    ? name
    : undefined;
}

/** How many letters have to be put in, taken out or changed; upper and lower case are the same. */
export function editDistance(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
