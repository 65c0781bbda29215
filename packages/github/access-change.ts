import type { AccessDiff } from "../cli/access-diff/access-diff";
import { type Section, sectionsOf } from "../cli/access-diff/report";
import type { AccessChange } from "./plain/review";

const VERDICT: Record<AccessDiff["verdict"], AccessChange["verdict"]> = {
  "no change": "same",
  narrowed: "narrower",
  widened: "wider",
  "not decided": "undecided",
};

/** Colours of a `diff` block. */
const SIGNS: Record<Section["effect"], string> = { widens: "+", narrows: "-", informs: " ", open: "!" };

/**
 * What `access-diff --json` found, as a review states it.
 * @param agreed whether the pull request says that access is meant to widen
 */
export function accessChangeOf(json: string, agreed: boolean): AccessChange {
  const diff = JSON.parse(json, (_, value) =>
    value === "endless" ? Number.POSITIVE_INFINITY : value,
  ) as AccessDiff;
  const verdict = VERDICT[diff.verdict];
  const lines = sectionsOf(diff).flatMap(signed);
  return { hash: diff.hash, verdict, agreed: agreed || verdict !== "wider", lines };
}

/** A heading as a `diff` block has its hunks, and below it its lines with the sign for them. */
function signed({ title, effect, lines }: Section): string[] {
  return [`@@ ${title} @@`, ...lines.map((line) => `${SIGNS[effect]} ${line.trim()}`)];
}
