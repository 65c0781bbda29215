import type { VerifyRow } from "../report";

/** Rows of one identity that ended the same way for the same reason: told once. */
export interface AlikeRows {
  application?: string;
  who: string;
  what: string[];
  result: VerifyRow["result"];
  /** Each different expectation once. */
  expected: string[];
  got: string;
  detail?: string;
  cause?: string;
  next?: string;
}

/** Puts rows together that need telling only once, in the order of the first of each. */
export function alike(rows: readonly VerifyRow[]): AlikeRows[] {
  const found = new Map<string, AlikeRows>();
  for (const { application, who, what, result, expected, got, detail, cause, next } of rows) {
    const key = JSON.stringify([application, who, result, got, detail, cause, next]);
    const group = found.get(key);
    if (group === undefined) {
      const first = { application, who, what: [what], result, expected: [expected] };
      found.set(key, { ...first, got, detail, cause, next });
    } else {
      group.what.push(what);
      if (!group.expected.includes(expected)) group.expected.push(expected);
    }
  }
  return [...found.values()];
}

/** Who and what the rows are about, e.g. `comfyui: no credential, page, API`. */
export function titleOf({ application, who, what }: AlikeRows): string {
  return `${application === undefined ? "" : `${application}: `}${who}, ${what.join(", ")}`;
}

/** Whether a row was left open: nothing was tried. */
export function isOpen({ result }: VerifyRow): boolean {
  return result === "person" || result === "not-applicable";
}
