import type { AccessDiff } from "../cli/access-diff/access-diff";
import { renderText } from "../cli/access-diff/report";
import type { AccessChange } from "./plain/review";

const VERDICT: Record<AccessDiff["verdict"], AccessChange["verdict"]> = {
  "no change": "same",
  narrowed: "narrower",
  widened: "wider",
  "not decided": "undecided",
};

/** Colours of a `diff` block, by the heading that lines stand under. */
const SIGNS: readonly (readonly [heading: RegExp, sign: string])[] = [
  [/^(Gains|Also widens|Stays logged in for longer)/, "+"],
  [/^(Loses|Also narrows|Stays logged in for less)/, "-"],
  [/^Also changes/, " "],
];

/**
 * What `access-diff --json` found, as a review states it.
 * @param agreed whether the pull request says that access is meant to widen
 */
export function accessChangeOf(json: string, agreed: boolean): AccessChange {
  const diff = JSON.parse(json, (_, value) =>
    value === "endless" ? Number.POSITIVE_INFINITY : value,
  ) as AccessDiff;
  const verdict = VERDICT[diff.verdict];
  const [, ...lines] = renderText(diff)
    .split("\n")
    .filter((line) => line !== "");
  return { hash: diff.hash, verdict, agreed: agreed || verdict !== "wider", lines: signed(lines) };
}

/** Headings as a `diff` block has its hunks, and below each its lines with the sign for them. */
function signed(lines: string[]): string[] {
  let sign = " ";
  return lines.map((line) => {
    if (line.startsWith(" ")) return `${sign} ${line.trim()}`;
    sign = SIGNS.find(([heading]) => heading.test(line))?.[1] ?? "!";
    return `@@ ${line} @@`;
  });
}
