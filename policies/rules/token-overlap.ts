import { LONGEST_OVERLAP_DAYS, outlastsOverlap } from "../../config/limits";
import { asText, isUnknown, valueAt } from "../resource";
import { type ResourceRule, undecided } from "../rule";

/** Whoever has a secret that was rotated away uses it until then. */
export const tokenOverlap: ResourceRule = {
  name: "token-overlap",
  description: "A rotated secret is taken no longer than Cloudflare's own limit of 30 days.",
  kinds: ["token"],
  judge: (resource, _, today) => {
    const property = "previousClientSecretExpiresAt";
    const until = valueAt(resource.properties, property);
    if (until === undefined) return [];
    if (isUnknown(until)) return [undecided(resource, property)];
    if (!outlastsOverlap(asText(until), today)) return [];
    const remedy = `Set it to a time at most ${LONGEST_OVERLAP_DAYS} days ahead.`;
    return [{ resource, property, found: `is ${JSON.stringify(until)}`, remedy }];
  },
};
