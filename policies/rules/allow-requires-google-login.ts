import {
  type AccessPolicy,
  policiesDeciding,
  type Selector,
  selectorsOf,
  undecidedSelectors,
} from "../access-policy";
import { isUnknown, listOf, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { of, type Stack, targetOf } from "../stack";

/**
 * An address alone could also come from another login, such as a one-time PIN. A login that the stack does not
 * create is told by its id: it has to be the one that the stack's applications offer.
 */
export const allowRequiresGoogleLogin: StackRule = {
  name: "allow-requires-google-login",
  description: "An allow policy requires the Google login.",
  kinds: ["policy", "application"],
  judgeStack: (stack) => policiesDeciding(stack, "allow").flatMap((policy) => judgePolicy(stack, policy)),
};

function judgePolicy(stack: Stack, policy: AccessPolicy): Fault[] {
  const { resource, prefix } = policy;
  const remedy = "Put {loginMethod: {id}} with the id of the Google identity provider in requires.";
  const selectors = selectorsOf(policy, "requires");
  const logins = selectors.filter(({ name }) => name === "loginMethod");
  if (logins.length === 0) {
    const unknown = undecidedSelectors(policy, selectors);
    const found = "has no loginMethod, so that another login with the same address would do";
    return unknown.length > 0 ? unknown : [{ resource, property: `${prefix}requires`, found, remedy }];
  }
  return logins.flatMap((login) => {
    const property = `${login.path}.id`;
    const verdict = googleLogin(stack, policy, login);
    if (verdict === "undecided") return [undecided(resource, property)];
    return verdict ? [] : [{ resource, property, found: "is not the Google login", remedy }];
  });
}

function googleLogin(stack: Stack, { resource }: AccessPolicy, login: Selector): boolean | "undecided" {
  const id = valueAt(login.value, "id");
  const target = targetOf(stack, { resource, property: login.property }, id, "identityProvider");
  if (target === "undecided") return target;
  if (target !== "elsewhere") {
    const types = target.resources.map((each) => valueAt(each.properties, "type"));
    if (types.some(isUnknown)) return "undecided";
    return types.every((type) => type === "google");
  }
  const offered = of(stack, "application").flatMap((each) => listOf(valueAt(each.properties, "allowedIdps")));
  return typeof id === "string" && offered.length > 0 && offered.every((each) => each === id);
}
