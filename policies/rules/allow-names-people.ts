import { mailAddressFault, mailDomainFault } from "../../config/mail-names";
import {
  type AccessPolicy,
  policiesIn,
  type Selector,
  selectorsOf,
  undecidedSelectors,
} from "../access-policy";
import { isUnknown, valueAt } from "../resource";
import { type Fault, type ResourceRule, undecided } from "../rule";

/** Selectors that rules of their own judge. */
const JUDGED_ELSEWHERE = ["everyone", "anyValidServiceToken", "serviceToken"];

const REMEDY = "Name people by email, or a mail domain of their own by emailDomain.";

/** Who is allowed can be read in the code: addresses and domains, no groups, countries, networks or login methods. */
export const allowNamesPeople: ResourceRule = {
  name: "allow-names-people",
  description: "An allow policy names e-mail addresses or mail domains, and nothing else.",
  kinds: ["policy", "application"],
  judge: (resource) => policiesIn(resource).flatMap(judgePolicy),
};

function judgePolicy(policy: AccessPolicy): Fault[] {
  const { resource, prefix, decision } = policy;
  // What the decision is, when it is not known, is for `no-bypass` to say; these could be people.
  if (decision !== "allow" && !isUnknown(decision)) return [];
  const selectors = selectorsOf(policy, "includes");
  if (selectors.length === 0) {
    const property = `${prefix}includes`;
    return [{ resource, property, found: "names nobody", remedy: REMEDY }];
  }
  return [
    ...undecidedSelectors(policy, selectors),
    ...selectors.flatMap((selector) => judgeSelector(policy, selector)),
  ];
}

function judgeSelector({ resource }: AccessPolicy, { name, path, value }: Selector): Fault[] {
  if (name === undefined || JUDGED_ELSEWHERE.includes(name)) return [];
  if (name !== "email" && name !== "emailDomain") {
    const found = "is set, which does not say who gets in";
    return [{ resource, property: path, found, remedy: REMEDY }];
  }
  const key = name === "email" ? "email" : "domain";
  const property = `${path}.${key}`;
  const text = valueAt(value, key);
  if (isUnknown(text)) return [undecided(resource, property)];
  const wrong = typeof text === "string" ? flaw(name, text) : "is absent";
  return wrong === undefined ? [] : [{ resource, property, found: wrong, remedy: REMEDY }];
}

/** What is wrong with an address or a domain. An address is not repeated: it is a person's. */
function flaw(name: "email" | "emailDomain", text: string): string | undefined {
  if (name === "email") {
    const fault = mailAddressFault(text);
    if (fault === undefined) return undefined;
    return fault === "look-alike" ? LOOKS_LIKE_ANOTHER : "is not an e-mail address";
  }
  const fault = mailDomainFault(text);
  switch (fault?.kind) {
    case undefined:
      return undefined;
    case "public mail":
      return `is ${fault.domain}, where anybody can get an address`;
    case "public suffix":
      return `is ${fault.domain}, below which anybody can get a domain`;
    case "look-alike":
      return LOOKS_LIKE_ANOTHER;
    case "not a domain":
      return "is not a mail domain";
  }
}

const LOOKS_LIKE_ANOTHER = "has letters of another alphabet that look like Latin ones";
