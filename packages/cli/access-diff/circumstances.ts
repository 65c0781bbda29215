import type { StatePolicy } from "../../access/situation";
import { addressPerPart } from "./addresses";
import { hasRule, loginsOf, namedIn, type Principal } from "./principals";
import type { Sides } from "./sides";

/** What else rules ask of a request. A fact that no rule at the place asks for is left out. */
export interface Circumstances {
  /** Id of the identity provider; only of people. */
  login?: string;
  country?: string;
  ip?: string;
  certificate?: string | null;
}

/** Stands for a country that no rule names. */
export const OTHER_COUNTRY = "ZZ";
/** Stands for a valid client certificate that no rule names. */
export const OTHER_CERTIFICATE = "another certificate";

/** Every combination of circumstances that rules at a place tell apart. */
export function circumstancesOf(
  sides: Sides,
  applications: Parameters<typeof loginsOf>[1],
  policies: readonly StatePolicy[],
  principal: Principal,
): Circumstances[] {
  const isPerson = ["person", "domain", "anyone", "both"].includes(principal.kind);
  const countries = namedIn(policies, "geo", "country_code").map((code) => code.toUpperCase());
  const ranges = namedIn(policies, "ip", "ip");
  const certificates = namedIn(policies, "common_name", "common_name");
  const asksCertificate = certificates.length > 0 || hasRule(policies, "certificate");
  return combine<Circumstances>({
    login: isPerson ? loginsOf(sides, applications, policies) : [],
    country: countries.length > 0 ? [...new Set(countries), OTHER_COUNTRY] : [],
    ip: ranges.length > 0 ? addressPerPart(ranges) : [],
    certificate: asksCertificate ? [...certificates, OTHER_CERTIFICATE, null] : [],
  });
}

/** All combinations of one value for each name that has any. */
function combine<T extends object>(values: { [K in keyof T]-?: readonly T[K][] }): T[] {
  let combinations: Partial<T>[] = [{}];
  for (const name of Object.keys(values) as (keyof T)[]) {
    if (values[name].length === 0) continue;
    combinations = combinations.flatMap((each) => values[name].map((value) => ({ ...each, [name]: value })));
  }
  return combinations as T[];
}
