import { isUnknown, listOf, type Resource, type Value, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { of, type Stack, targetOf } from "../stack";

/** Every further login is a further way to claim an address; an absent list means all that the account has. */
export const oneIdentityProvider: StackRule = {
  name: "one-identity-provider",
  description: "Every application offers exactly one login, the Google one, and goes there at once.",
  kinds: ["application"],
  judgeStack: (stack) =>
    of(stack, "application").flatMap((resource) => [
      ...judgeProviders(stack, resource, valueAt(resource.properties, "allowedIdps")),
      ...judgeRedirect(resource, valueAt(resource.properties, "autoRedirectToIdentity")),
    ]),
};

function judgeProviders(stack: Stack, resource: Resource, list: Value): Fault[] {
  const property = "allowedIdps";
  const finding = (found: string) => [
    { resource, property, found, remedy: "List the id of the Google identity provider, and no other." },
  ];
  if (isUnknown(list)) return [undecided(resource, property)];
  const [id, ...others] = listOf(list);
  if (id === undefined) return finding("is absent or empty, which offers every login of the account");
  if (others.length > 0) return finding(`has ${others.length + 1} logins`);
  const target = targetOf(stack, { resource, property }, id, "identityProvider");
  if (target === "undecided") return [undecided(resource, `${property}[0]`)];
  // A login that the stack does not create is named by its id; there is nothing else to see of it here.
  if (target === "elsewhere") return [];
  const types = target.resources.map((each) => valueAt(each.properties, "type"));
  if (types.some(isUnknown)) return [undecided(resource, `${property}[0]`)];
  return types.every((type) => type === "google") ? [] : finding("is not the Google login");
}

function judgeRedirect(resource: Resource, value: Value): Fault[] {
  const property = "autoRedirectToIdentity";
  if (value === true) return [];
  if (isUnknown(value)) return [undecided(resource, property)];
  const found = `is ${value === undefined ? "absent" : "off"}, so that Access shows a page of logins first`;
  return [{ resource, property, found, remedy: "Set it to true." }];
}
