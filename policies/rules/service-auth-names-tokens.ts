import {
  type AccessPolicy,
  policiesDeciding,
  type Selector,
  selectorsOf,
  undecidedSelectors,
} from "../access-policy";
import { isUnknown, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { type Stack, targetOf } from "../stack";

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const REMEDY = "Name each token that may pass by its id (not its client id), in serviceToken.";

/** Service Auth asks for no login, so what it takes has to be named one by one. */
export const serviceAuthNamesTokens: StackRule = {
  name: "service-auth-names-tokens",
  description: "A Service Auth (non_identity) policy names specific service tokens, and nothing else.",
  kinds: ["policy", "application"],
  judgeStack: (stack) =>
    policiesDeciding(stack, "non_identity").flatMap((policy) => judgePolicy(stack, policy)),
};

function judgePolicy(stack: Stack, policy: AccessPolicy): Fault[] {
  const { resource, prefix, decision } = policy;
  if (isUnknown(decision)) return [undecided(resource, `${prefix}decision`)];
  const selectors = selectorsOf(policy, "includes");
  if (selectors.length === 0) {
    const property = `${prefix}includes`;
    return [{ resource, property, found: "names no service token", remedy: REMEDY }];
  }
  return [
    ...undecidedSelectors(policy, selectors),
    ...selectors.flatMap((selector) => judgeSelector(stack, policy, selector)),
  ];
}

function judgeSelector(stack: Stack, { resource }: AccessPolicy, selector: Selector): Fault[] {
  const { name, path, property, value } = selector;
  // `no-everyone` and `no-any-token` have their own word for these.
  if (name === undefined || name === "everyone" || name === "anyValidServiceToken") return [];
  if (name !== "serviceToken") {
    const found = "is set, which lets callers in without a token";
    return [{ resource, property: path, found, remedy: REMEDY }];
  }
  const id = valueAt(value, "tokenId");
  const target = targetOf(stack, { resource, property }, id, "token");
  if (target === "undecided") return [undecided(resource, `${path}.tokenId`)];
  if (target !== "elsewhere" || (typeof id === "string" && UUID.test(id))) return [];
  return [
    { resource, property: `${path}.tokenId`, found: "is not the id of a service token", remedy: REMEDY },
  ];
}
