import { hostAt, placesOf, standsInFront } from "../../access";
import { canonicalHost, ruleCovers } from "../../access/host-pattern";
import type { Situation, StatePolicy, StateToken } from "../../access/situation";
import { fieldsOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { rulesIn } from "../../cloudflare/account-snapshot";
import { KINDS, type KindName, TYPES } from "../../cloudflare/kinds";
import { inProviderForm } from "../../cloudflare/kinds/api-form";
import { situationOf } from "../../cloudflare/read-situation";
import type { StateResource } from "../../cloudflare/state-resource";
import { anyPart, type Undecided } from "../access-diff/undecided";
import type { StackResource } from "../stack/read-stack";
import { propertiesOf } from "./kinds/kind";
import { coveringApplications, hostnamesOf } from "./others";
import type { Account } from "./read-account";

/** Who could get in by the state, and who can by the account. */
export interface AccessSides {
  before: Situation;
  after: Situation;
  /** What could not be read. */
  undecided: Undecided[];
  /** Tokens that exist and are switched off now, by name. */
  disabled: string[];
}

/**
 * Both sides in one model: the account's objects as the provider would have them, read as a state is. What could not be
 * read stays as the state has it, and is said so.
 */
export function accessSides(account: Account, resources: readonly StackResource[]): AccessSides {
  const stated = resources.map((each) => ({ type: each.type, id: each.id, outputs: propertiesOf(each) }));
  const state = situationOf(stated);
  const shown = resources.flatMap((resource, index): StateResource[] => {
    const found = account.objects.get(resource.urn);
    if (found === undefined) return stated[index] === undefined ? [] : [stated[index]];
    return found === null ? [] : liveResource(resource, found, resources);
  });
  const live = situationOf([
    ...shown,
    ...foreignApplications(account, resources).map((each) => objectOf("application", each)),
    ...foreignRecords(account, resources).map((each) => objectOf("dnsRecord", each)),
  ]);

  const policies = live.applications.flatMap((application) => application.policies);
  const known = new Map(policies.map((policy) => [policy.id, policy]));
  const named = new Set(policies.flatMap(tokensNamed));
  const strangers = situationOf(
    (account.serviceTokens ?? [])
      .filter(({ id }) => named.has(String(id)) && !state.tokens.some((token) => token.id === id))
      .map((each) => objectOf("token", each)),
  ).tokens;
  const logins = situationOf(
    (account.identityProviders ?? []).map((each) => objectOf("identityProvider", each)),
  ).identityProviders;
  const others = logins.filter(({ id }) => !state.identityProviders.some((each) => each.id === id));
  const isOff = ({ id }: StateToken, of: readonly StateResource[]) =>
    of.some((each) => each.type === TYPES.token && each.id === id && each.outputs["enabled"] === false);
  const tokensBefore = state.tokens.filter((token) => !isOff(token, stated));
  return {
    before: {
      ...state,
      // What an application of the state links without declaring it is not in the state: as it is now.
      applications: state.applications.map((application) => ({
        ...application,
        policies: application.policies.map((each) => (each.foreign ? (known.get(each.id) ?? each) : each)),
      })),
      tokens: [...tokensBefore, ...strangers],
      identityProviders: [...state.identityProviders, ...others],
    },
    after: {
      ...live,
      tokens: [...live.tokens.filter((token) => !isOff(token, shown)), ...strangers],
      identityProviders: logins.length > 0 ? logins : state.identityProviders,
      tunnelId: state.tunnelId,
      accountId: state.accountId,
    },
    undecided: account.failures.map(({ what }) => anyPart("cannot be read", `${what} could not be read`)),
    disabled: live.tokens.flatMap(({ name, ...token }) =>
      isOff({ name, ...token }, shown) && tokensBefore.some((each) => each.name === name) ? [name] : [],
    ),
  };
}

/** An object of the account as a state would have it. */
const objectOf = (kind: KindName, live: Wire): StateResource => ({
  type: KINDS[kind].types[0],
  id: String(live["id"]),
  outputs: inProviderForm(KINDS[kind], live),
});

/** One of the stack's own objects as it is now; of an application that stands in front of nothing any more, nothing. */
function liveResource(
  { type, id, inputs }: StackResource,
  live: Wire,
  resources: readonly StackResource[],
): StateResource[] {
  const [kind] = Object.entries(KINDS).find(([, { types }]) => types[0] === type) ?? [];
  if (kind === undefined || (type === TYPES.application && !standsInFront(live))) return [];
  if (type !== TYPES.sharedIngress) return [{ ...objectOf(kind as KindName, live), id }];
  return [{ type, id, outputs: { ...inputs, rules: rulesAt(hostnamesOf(resources), live) } }];
}

/** Of the rules of a tunnel that others use too, those that may take requests for the stack's host names, for each. */
function rulesAt(hostnames: readonly string[], live: Wire): unknown[] {
  const rules = rulesIn(live);
  return hostnames.flatMap((hostname) =>
    rules.filter((rule) => ruleCovers(rule["hostname"], hostname)).map((rule) => ({ ...rule, hostname })),
  );
}

const tokensNamed = ({ include, require, exclude }: StatePolicy): string[] =>
  [...include, ...require, ...exclude].flatMap((rule) => {
    const { token_id } = fieldsOf(rule["service_token"]);
    return typeof token_id === "string" ? [token_id] : [];
  });

/** Applications of others at the stack's host names, and at those that its own tunnel publishes. */
function foreignApplications(account: Account, resources: readonly StackResource[]): Wire[] {
  const hosts = new Set([...hostnamesOf(resources), ...ownHosts(resources, account)]);
  const covering = new Set(
    coveringApplications({ account, resources }).map(({ application }) => application),
  );
  const ours = new Set(resources.map(({ id }) => id));
  return (account.applications ?? []).filter((application) => {
    if (ours.has(String(application["id"])) || !standsInFront(application)) return false;
    return covering.has(application) || placesOf(application).some((uri) => hosts.has(hostAt(uri)));
  });
}

function ownHosts(resources: readonly StackResource[], account: Account): string[] {
  return resources
    .filter(({ type }) => type === TYPES.ownIngress)
    .flatMap(({ urn }) => rulesIn(account.objects.get(urn)))
    .map((rule) => canonicalHost(rule["hostname"]))
    .filter((host) => host !== "");
}

/** Records that others put beside the stack's own count too: an unproxied one leads past Access. */
function foreignRecords({ records = [] }: Account, resources: readonly StackResource[]): Wire[] {
  const own = new Set(resources.filter(({ type }) => type === TYPES.dnsRecord).map(({ id }) => id));
  return records.filter(({ id }) => !own.has(String(id)));
}
