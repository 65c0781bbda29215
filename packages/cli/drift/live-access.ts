import {
  destinationsOf,
  hostAt,
  type PolicyDecision,
  placesOf,
  type Rule,
  standsInFront,
} from "../../access";
import { canonicalHost } from "../../access/host-pattern";
import { ruleFor } from "../../access/site";
import type {
  Situation,
  StateApplication,
  StateIngressRule,
  StatePolicy,
  StateToken,
} from "../../access/situation";
import { type Fields, fieldsOf, listOf, textOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { TYPES } from "../../cloudflare/kinds";
import { situationOf } from "../../cloudflare/read-situation";
import type { StackResource } from "../stack/read-stack";
import { propertiesOf } from "./kinds/kind";
import { coveringApplications, hostnamesOf } from "./others";
import type { Account } from "./read-account";

/** Who could get in by the state, and who can by the account. */
export interface AccessSides {
  before: Situation;
  after: Situation;
  /** What could not be read, one sentence each. */
  undecided: string[];
  /** Tokens that exist and are switched off now, by name. */
  disabled: string[];
}

/** Both sides in one model. What could not be read stays as the state has it, and is said so. */
export function accessSides(account: Account, resources: readonly StackResource[]): AccessSides {
  const stated = resources.map((each) => ({ type: each.type, id: each.id, outputs: propertiesOf(each) }));
  const state = situationOf(stated);
  const undecided = account.failures.map(({ what }) => `${what} could not be read`);
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  const live = (resource: StackResource) => account.objects.get(resource.urn);

  // As the policy itself says; what an application shows of it is a copy.
  const own = new Map(
    of(TYPES.policy).flatMap((resource) => {
      const found = live(resource);
      return found ? [[resource.id, policyOf(found)] as const] : [];
    }),
  );
  const known = new Map<string, StatePolicy>();
  const applications = of(TYPES.application).flatMap((resource): StateApplication[] => {
    const found = live(resource);
    const before = state.applications.find(({ id }) => id === resource.id);
    if (found === undefined) return before === undefined ? [] : [before];
    if (found === null || !standsInFront(found)) return [];
    const read = applicationOf(found);
    const application = { ...read, policies: read.policies.map((each) => own.get(each.id) ?? each) };
    for (const policy of application.policies) known.set(policy.id, policy);
    return [application];
  });
  const hosts = new Set([...hostnamesOf(resources), ...ownHosts(resources, account)]);
  for (const application of foreignApplications(account, resources, hosts)) applications.push(application);

  const named = new Set(applications.flatMap(({ policies }) => policies.flatMap(tokensNamed)));
  const strangers = (account.serviceTokens ?? [])
    .filter(({ id }) => named.has(String(id)) && !state.tokens.some((token) => token.id === id))
    .map(tokenOf);
  const disabled: string[] = [];
  const tokens = of(TYPES.token).flatMap((resource): StateToken[] => {
    const found = live(resource);
    const before = state.tokens.find(({ id }) => id === resource.id);
    if (found === undefined) return before === undefined ? [] : [before];
    if (found === null) return [];
    if (found["enabled"] !== false) return [tokenOf(found)];
    disabled.push(String(found["name"]));
    return [];
  });
  const enabledBefore = (token: StateToken) =>
    stated.find(({ type, id }) => type === TYPES.token && id === token.id)?.outputs["enabled"] !== false;
  const logins = (account.identityProviders ?? []).map(({ id, name, type }) => ({
    id: String(id),
    name: String(name),
    type: textOf(type),
  }));
  const others = logins.filter(({ id }) => !state.identityProviders.some((each) => each.id === id));
  return {
    before: {
      ...state,
      // What an application of the state links without declaring it is not in the state: as it is now.
      applications: state.applications.map((application) => ({
        ...application,
        policies: application.policies.map((each) => (each.foreign ? (known.get(each.id) ?? each) : each)),
      })),
      tokens: [...state.tokens.filter(enabledBefore), ...strangers],
      identityProviders: [...state.identityProviders, ...others],
    },
    after: {
      ...state,
      applications,
      tokens: [...tokens, ...strangers],
      identityProviders: logins.length > 0 ? logins : state.identityProviders,
      ...ingressNow(account, resources, state),
      ...recordsNow(account, resources, state),
    },
    undecided,
    disabled: disabled.filter((name) =>
      state.tokens.filter(enabledBefore).some((token) => token.name === name),
    ),
  };
}

function applicationOf(live: Wire): StateApplication {
  const cors = live["cors_headers"];
  const { allow_all_origins, allowed_origins } = fieldsOf(cors);
  return {
    id: String(live["id"]),
    name: textOf(live["name"]) ?? String(live["id"]),
    aud: textOf(live["aud"]),
    destinations: destinationsOf(live),
    policies: listOf(live["policies"])
      .map(fieldsOf)
      .sort((a, b) => Number(a["precedence"] ?? 0) - Number(b["precedence"] ?? 0))
      .map(policyOf),
    allowedIdps: listOf(live["allowed_idps"]).map(String),
    sessionDuration: textOf(live["session_duration"]),
    serviceAuth401: live["service_auth_401_redirect"] === true,
    preflightBypass: live["options_preflight_bypass"] === true,
    ...(cors === undefined || cors === null
      ? {}
      : { corsOrigins: allow_all_origins === true ? ["*"] : listOf(allowed_origins).map(String) }),
  };
}

function policyOf(live: Fields): StatePolicy {
  const rules = (name: string) => listOf(live[name]).map((rule) => fieldsOf(rule) as Rule);
  return {
    id: String(live["id"]),
    name: textOf(live["name"]) ?? String(live["id"]),
    decision: (textOf(live["decision"]) ?? "deny") as PolicyDecision,
    include: rules("include"),
    require: rules("require"),
    exclude: rules("exclude"),
    sessionDuration: textOf(live["session_duration"]),
  };
}

const tokensNamed = ({ include, require, exclude }: StatePolicy): string[] =>
  [...include, ...require, ...exclude].flatMap((rule) => {
    const { token_id } = fieldsOf(rule["service_token"]);
    return typeof token_id === "string" ? [token_id] : [];
  });

const tokenOf = (live: Wire): StateToken => ({
  id: String(live["id"]),
  name: textOf(live["name"]) ?? String(live["id"]),
  clientId: textOf(live["client_id"]),
  expiresAt: textOf(live["expires_at"]),
  duration: textOf(live["duration"]),
});

/** Applications of others at the stack's host names, and at those that its own tunnel publishes. */
function foreignApplications(
  account: Account,
  resources: readonly StackResource[],
  hosts: ReadonlySet<string>,
): StateApplication[] {
  const covering = new Set(
    coveringApplications({ account, resources }).map(({ application }) => application),
  );
  const ours = new Set(resources.map(({ id }) => id));
  return (account.applications ?? [])
    .filter((application) => {
      if (ours.has(String(application["id"])) || !standsInFront(application)) return false;
      return covering.has(application) || placesOf(application).some((uri) => hosts.has(hostAt(uri)));
    })
    .map(applicationOf);
}

function ownHosts(resources: readonly StackResource[], account: Account): string[] {
  return resources
    .filter(({ type }) => type === TYPES.ownIngress)
    .flatMap(({ urn }) => listOf(fieldsOf(account.objects.get(urn)?.["config"])["ingress"]))
    .map((rule) => canonicalHost(fieldsOf(rule)["hostname"]))
    .filter((host) => host !== "");
}

/** The tunnel's rules; of a shared one those that come first for the stack's host names. */
function ingressNow(
  account: Account,
  resources: readonly StackResource[],
  state: Situation,
): Pick<Situation, "ingress"> {
  const holders = resources.filter(({ type }) => type === TYPES.ownIngress || type === TYPES.sharedIngress);
  if (holders.some(({ urn }) => account.objects.get(urn) === undefined)) return { ingress: state.ingress };
  const ingress = holders.flatMap(({ type, urn }): StateIngressRule[] => {
    const rules = listOf(fieldsOf(account.objects.get(urn)?.["config"])["ingress"]).map(fieldsOf);
    // A rule for one path says nothing of the whole host name; what it takes from ours is told by itself.
    const whole = rules.filter(({ path }) => textOf(path) === undefined);
    if (type === TYPES.ownIngress) return whole.map(ingressOf);
    return hostnamesOf(resources).flatMap((hostname) => {
      const rule = ruleFor(whole.map(ingressOf), hostname);
      return rule === undefined ? [] : [{ ...rule, hostname }];
    });
  });
  return { ingress };
}

function ingressOf(rule: Fields): StateIngressRule {
  const access = fieldsOf(fieldsOf(rule["originRequest"])["access"]);
  return {
    hostname: textOf(rule["hostname"]),
    service: textOf(rule["service"]) ?? "",
    jwtRequired: access["required"] === true,
    teamName: textOf(access["teamName"]),
    audTags: listOf(access["audTag"]).map(String),
  };
}

function recordsNow(
  account: Account,
  resources: readonly StackResource[],
  state: Situation,
): Pick<Situation, "hostnames" | "records"> {
  const own = resources.filter(({ type }) => type === TYPES.dnsRecord);
  const ids = new Set(own.map(({ id }) => id));
  // Those that others put beside it count too: an unproxied one leads past Access.
  const found = [
    ...own.map(({ urn }) => account.objects.get(urn)),
    ...(account.records ?? []).filter(({ id }) => !ids.has(String(id))),
  ];
  if (found.includes(undefined)) return { hostnames: state.hostnames, records: state.records };
  const records = found.flatMap((record) =>
    record && ["A", "AAAA", "CNAME"].includes(String(record["type"]))
      ? [
          {
            name: String(record["name"]),
            proxied: record["proxied"] === true,
            target: textOf(record["content"]),
          },
        ]
      : [],
  );
  return { hostnames: records.map(({ name }) => name), records };
}
