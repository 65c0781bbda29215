import { DEFAULT_LIMITS } from "../../config/limits";
import { policiesIn } from "../access-policy";
import { judgeDuration } from "../durations";
import { isOf, valueAt } from "../resource";
import type { ResourceRule } from "../rule";

/** Who is taken off the list stays in until the session ends: address and login are checked at the login only. */
export const sessionDuration: ResourceRule = {
  name: "session-duration",
  description: "Every application and policy says how long a session lasts, within the limit.",
  kinds: ["policy", "application"],
  limits: {
    max: {
      type: "string",
      description: "Longest session to accept, as a Go duration.",
      default: DEFAULT_LIMITS.maxSessionDuration,
      fromStack: "maxSessionDuration",
    },
  },
  judge: (resource, { max }) => {
    const own = isOf(resource, "application")
      ? [{ at: "sessionDuration", value: valueAt(resource.properties, "sessionDuration") }]
      : [];
    const policies = policiesIn(resource).map(({ prefix, fields }) => {
      return {
        at: `${prefix}sessionDuration`,
        value: valueAt(fields, "sessionDuration"),
        inline: prefix !== "",
      };
    });
    // A policy written into an application has no session of its own; it takes the application's.
    const judged = [...own, ...policies.filter(({ inline, value }) => !inline || value !== undefined)];
    return judged.flatMap(({ at, value }) => judgeDuration(resource, at, value, String(max)));
  },
};
