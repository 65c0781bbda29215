import { fieldsOf, listOf, textOf } from "../../base/json-values";
import { KINDS, kindOfType } from "../../cloudflare/kinds";
import { isUnset } from "../../cloudflare/kinds/unset";
import type { StateResource } from "../../cloudflare/state-resource";
import type { Fact } from "./fact";

/** What warns of a service token's end. */
const EXPIRY = "expiring_service_token_alert";

/** Who is told before a service token ends: whoever no longer is lets one end, or live on, unseen. */
export function alarmFacts(before: readonly StateResource[], after: readonly StateResource[]): Fact[] {
  const [then, now] = [receiversIn(before), receiversIn(after)];
  const fact = (receiver: string, isGone: boolean): Fact => ({
    kind: "expiry alarm",
    effect: isGone ? "widens" : "informs",
    about: "expiry alarms",
    detail: receiver,
    text: `${receiver} ${isGone ? "is no longer" : "is now"} told before a service token ends`,
  });
  return [
    ...[...then].filter((each) => !now.has(each)).map((each) => fact(each, true)),
    ...[...now].filter((each) => !then.has(each)).map((each) => fact(each, false)),
  ];
}

/** Whom alarms that are on tell, and of which tokens where not of all. */
function receiversIn(resources: readonly StateResource[]): Set<string> {
  const alarms = resources.filter(
    ({ type, outputs }) =>
      kindOfType(type) === KINDS.alert && outputs["alertType"] === EXPIRY && outputs["enabled"] !== false,
  );
  return new Set(
    alarms.flatMap(({ outputs }) => {
      const { filters } = outputs;
      const some = isUnset(filters) ? "" : ` (for ${JSON.stringify(filters)})`;
      const mechanisms = Object.values(fieldsOf(outputs["mechanisms"])).flatMap(listOf);
      return mechanisms.flatMap((each) => {
        const id = textOf(fieldsOf(each)["id"]);
        return id === undefined ? [] : [`${id}${some}`];
      });
    }),
  );
}
