import type { AccessDiff } from "../cli/access-diff/access-diff";
import { type Section, sectionsOf } from "../cli/access-diff/sections";
import type { AccessChange, Label } from "./plain/review";

/**
 * What `access-diff --json` found, as a review states it.
 * @param labels those of the pull request's that agree to something
 */
export function accessChangeOf(json: string, labels: readonly Label[]): AccessChange {
  const diff = JSON.parse(json, (_, value) =>
    value === "endless" ? Number.POSITIVE_INFINITY : value,
  ) as AccessDiff;
  const { access, traffic, secrets, credentials, notJudged } = sectionsOf(diff);
  return {
    hash: diff.hash,
    labels: [...labels],
    sections: {
      access: stated(access),
      traffic: stated(traffic),
      secrets: stated(secrets),
      credentials: stated(credentials),
      notJudged: stated(notJudged),
    },
  };
}

/** Headings as a `diff` block has its hunks, and below each its lines with the sign for them. */
const stated = ({ verdict, groups }: Section): AccessChange["sections"]["access"] => ({
  verdict,
  lines: groups.flatMap(({ title, sign, lines }) => [
    `@@ ${title} @@`,
    ...lines.map((line) => `${sign} ${line}`),
  ]),
});
