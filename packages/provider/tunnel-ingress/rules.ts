import { type CheckFailure, isMap, type PropertyValue, Unknown, unwrap } from "../host";
import { keyOf, keyText, type Rule } from "./merge";

/** Why the rules of a stack are refused, without asking the API. Unknown parts pass. */
export function checkRules(given: PropertyValue | undefined): CheckFailure[] {
  const rules = unwrap(given ?? null);
  if (rules instanceof Unknown) return [];
  if (!Array.isArray(rules) || rules.length === 0) {
    return [{ property: "rules", reason: "must be a list of at least one rule" }];
  }
  const seen = new Set<string>();
  return rules.flatMap((each, index): CheckFailure[] => {
    const property = `rules[${index}]`;
    const rule = unwrap(each);
    if (rule instanceof Unknown) return [];
    if (!isMap(rule)) return [{ property, reason: "must be an object with hostname and service" }];
    const failures: CheckFailure[] = [];
    const hostname = unwrap(rule["hostname"] ?? null);
    const service = unwrap(rule["service"] ?? null);
    if (typeof hostname === "string") {
      if (hostname === "" || /[*/:]/.test(hostname)) {
        failures.push({ property: `${property}.hostname`, reason: `"${hostname}" is not a host name` });
      }
      const path = unwrap(rule["path"] ?? null);
      if (!(path instanceof Unknown)) {
        const key = keyText(keyOf({ hostname, path: typeof path === "string" ? path : "" } as Rule));
        if (seen.has(key))
          failures.push({ property, reason: `a second rule for ${key} would never be reached` });
        seen.add(key);
      }
    } else if (!(hostname instanceof Unknown)) {
      failures.push({
        property: `${property}.hostname`,
        reason: "is required: the catch-all rule belongs to nobody",
      });
    }
    if (!(service instanceof Unknown) && (typeof service !== "string" || service === "")) {
      failures.push({ property: `${property}.service`, reason: "is required, e.g. http://localhost:8188" });
    }
    return failures;
  });
}
