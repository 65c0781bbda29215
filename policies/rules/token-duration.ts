import { DEFAULT_LIMITS } from "../../config/limits";
import { judgeDuration } from "../durations";
import { valueAt } from "../resource";
import type { ResourceRule } from "../rule";

/** A token that never ends outlives whoever knows where it is kept. */
export const tokenDuration: ResourceRule = {
  name: "token-duration",
  description: "Every service token says how long it lives, within the limit.",
  kinds: ["token"],
  limits: {
    max: {
      type: "string",
      description: "Longest life to accept, as a Go duration.",
      default: DEFAULT_LIMITS.maxTokenDuration,
      fromStack: "maxTokenDuration",
    },
  },
  judge: (resource, { max }) =>
    judgeDuration(resource, "duration", valueAt(resource.properties, "duration"), String(max)),
};
