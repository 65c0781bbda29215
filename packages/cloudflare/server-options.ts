import type { NotJudged, StateIngressRule } from "../access/situation";
import { fieldsOf } from "../base/json-values";
import { ORIGIN_REQUEST, WIRE_ORIGIN_REQUEST } from "./kinds/ingress";
import { isUnset } from "./kinds/unset";

/** In the provider's spelling and in the API's, which a shared tunnel's rules have. */
const OPTIONS = { ...WIRE_ORIGIN_REQUEST, ...ORIGIN_REQUEST };

/** The options of a rule by which another server may answer, by the API's names; what is usual is left out. */
export function serverOptions(originRequest: unknown): Pick<StateIngressRule, "origin"> {
  const given = fieldsOf(originRequest);
  const set = Object.entries(OPTIONS).flatMap(([name, { api, decides, default: usual }]) => {
    const value = given[name];
    return decides !== "routes" || isUnset(value) || value === usual ? [] : [[api ?? name, value]];
  });
  return set.length === 0 ? {} : { origin: Object.fromEntries(set) };
}

/** Whether it is such an option of a rule, which a situation has. */
export function isServerOption({ code, decides, field = "" }: NotJudged): boolean {
  const [, option] = /\[\d+\]\.originRequest\.(\w+)/.exec(field) ?? [];
  return code === "field" && decides === "routes" && option !== undefined && Object.hasOwn(OPTIONS, option);
}
