import type { AccessPolicy, JsonObject, PolicyLink } from "../account/entities";
import type { Store } from "../account/store";
import type { PolicyEntry } from "./application-body";
import { accessInvalid } from "./envelope";
import { newPolicy, renderPolicy } from "./policies";

/** The policies of an application, resolved: links sorted by precedence, and the policies to be made. */
export interface ResolvedPolicies {
  links: PolicyLink[];
  /** Policies written out in the body, still to be stored under the application. */
  made: AccessPolicy[];
}

/**
 * Resolves the `policies` of a body.
 * @throws VendorError 400/12130 for an unknown policy, a repeated or too low precedence, or an entry with
 *   both an id and rules of its own.
 */
export function resolvePolicies(
  store: Store,
  accountId: string,
  appId: string,
  entries: readonly PolicyEntry[],
): ResolvedPolicies {
  const links: PolicyLink[] = [];
  const made: AccessPolicy[] = [];
  for (const entry of entries) {
    const { precedence, id, ...rest } =
      typeof entry === "string" ? { precedence: undefined, id: entry } : entry;
    const place = precedence ?? (links.at(-1)?.precedence ?? 0) + 1;
    if (place < 1) throw accessInvalid("precedence must be 1 or more");
    if (links.some((link) => link.precedence === place)) {
      throw accessInvalid(`precedence ${place} is used by more than one policy`);
    }
    if (id === undefined) {
      const policy = inlinePolicy(store, accountId, appId, rest);
      made.push(policy);
      links.push({ id: policy.id, precedence: place });
      continue;
    }
    const known = store.policies.get(id);
    if (known?.accountId !== accountId || (known.appId !== null && known.appId !== appId)) {
      throw accessInvalid(`unknown policy: ${id}`);
    }
    // An expanded policy, as a GET returned it, is the policy itself; rules beside a bare id are not.
    if ("include" in rest && rest.include !== undefined && !("created_at" in rest)) {
      throw accessInvalid(`policy ${id}: id and include are mutually exclusive`);
    }
    if (links.some((link) => link.id === id)) throw accessInvalid(`policy ${id} is listed twice`);
    links.push({ id, precedence: place });
  }
  return { links: links.sort((a, b) => a.precedence - b.precedence), made };
}

/** The application's policies in full, in order, each with its precedence. */
export function expandPolicies(store: Store, links: readonly PolicyLink[]): JsonObject[] {
  return links.flatMap(({ id, precedence }) => {
    const policy = store.policies.get(id);
    return policy ? [{ ...renderPolicy(policy, store), precedence }] : [];
  });
}

function inlinePolicy(store: Store, accountId: string, appId: string, rest: JsonObject): AccessPolicy {
  for (const field of ["name", "decision", "include"]) {
    if (rest[field] === undefined)
      throw accessInvalid(`a policy needs an id, or name, decision and include: no ${field}`);
  }
  return newPolicy(store, accountId, appId, rest);
}
