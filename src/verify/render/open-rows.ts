import type { VerifyRow } from "../report";

/** Rows of one identity that were left open for the same reason: said once. */
export interface OpenRows {
  application?: string;
  who: string;
  what: string[];
  result: "person" | "not-applicable";
  detail?: string;
  next?: string;
}

/** Puts together the rows that were not tried, in their order. */
export function openRows(rows: readonly VerifyRow[]): OpenRows[] {
  const found: OpenRows[] = [];
  for (const { application, who, what, result, detail, next } of rows) {
    if (result !== "person" && result !== "not-applicable") continue;
    const same = found.find(
      (each) =>
        each.application === application &&
        each.who === who &&
        each.result === result &&
        each.detail === detail &&
        each.next === next,
    );
    if (same) same.what.push(what);
    else found.push({ application, who, what: [what], result, detail, next });
  }
  return found;
}
