import { destinationsOf, type PolicyDecision } from "../access";
import { isHidden, MASKED_VALUE } from "../access/hidden";
import { takesEveryPath } from "../access/path-pattern";
import type {
  NotJudged,
  Situation,
  StateApplication,
  StateIngressRule,
  StatePolicy,
  StateRecord,
  StateToken,
} from "../access/situation";
import { UserError } from "../base/errors";
import { type Fields, fieldsOf, listOf, textOf } from "../base/json-values";
import { KINDS, type KindName, TYPES } from "./kinds";
import { hiddenIn, notJudgedIn } from "./not-judged";
import { serverOptions } from "./server-options";
import { exportedResources } from "./stack-export";
import type { StateResource } from "./state-resource";
import { hiddenRule, rulesOf } from "./wire-rules";

/**
 * Reads what `pulumi stack export` prints.
 * @param text the export; its secrets may be encrypted, none is needed.
 * @param where it comes from, for messages.
 * @throws {UserError} when it is not an export, or the stack protects no application.
 */
export function parseSituation(text: string, where: string): Situation {
  const state = situationOf(resourcesOf(text, where));
  if (state.applications.length === 0) {
    throw new UserError(
      `${where} has no Access application`,
      "Run `pulumi up` first, or name another stack.",
    );
  }
  return state;
}

/** What resources say of who gets in: those of a state, of a preview, or of what a program is about to declare. */
export function situationOf(resources: readonly StateResource[]): Situation {
  const of = (kind: KindName) =>
    resources.filter(({ type }) => (KINDS[kind].types as readonly string[]).includes(type));
  const policies = new Map(of("policy").map((resource) => [resource.id, policyOf(resource)]));
  const applications = of("application").map((resource) => applicationOf(resource, policies));
  const ownIngress = of("ownIngress");
  const sharedIngress = of("sharedIngress");
  const records = of("dnsRecord").flatMap(recordOf);
  const [tunnelId] = [...ownIngress, ...sharedIngress].flatMap((each) => tunnelOf(each) ?? []);
  const tunnel = (each: StateResource) => ({ tunnelId: tunnelOf(each) ?? tunnelId });
  return {
    applications,
    tokens: of("token").map(tokenOf),
    identityProviders: of("identityProvider").map(({ id, outputs }) => ({
      id,
      name: textOf(outputs["name"]) ?? id,
      type: textOf(outputs["type"]),
    })),
    ingress: rulesByTunnel([
      ...ownIngress.map((each) => ({
        ...tunnel(each),
        rules: fieldsOf(each.outputs["config"])["ingresses"],
      })),
      ...sharedIngress.map((each) => ({ ...tunnel(each), rules: each.outputs["rules"] })),
    ]),
    hostnames: records.map(({ name }) => name),
    records,
    tunnelId,
    accountId: textOf(of("application")[0]?.outputs["accountId"]),
    notJudged: [
      ...resources.flatMap((resource) => [...notJudgedIn(resource), ...hiddenIn(resource)]),
      ...applications.flatMap(foreignPolicies),
    ],
  };
}

/** Policies that only others know, of an application: each could be any. */
function foreignPolicies({ id: of, name, policies }: StateApplication): NotJudged[] {
  return policies
    .filter(({ foreign, id }) => foreign && !isHidden(id))
    .map(({ id }) => ({
      code: "foreign policy",
      kind: "ZeroTrustAccessApplication",
      name,
      field: id,
      decides: "access",
      of,
      mark: id,
    }));
}

/**
 * The resources of what `pulumi stack export` prints, without those that only wait to be deleted.
 * @throws {UserError} when it is not an export.
 */
export function resourcesOf(text: string, where: string): StateResource[] {
  return exportedResources(text, where).map((resource) => ({
    type: String(resource["type"]),
    id: textOf(resource["id"]) ?? "",
    outputs: { ...fieldsOf(resource["inputs"]), ...fieldsOf(resource["outputs"]) },
    given: new Set(Object.keys(fieldsOf(resource["inputs"]))),
  }));
}

function applicationOf(
  { id, outputs }: StateResource,
  policies: ReadonlyMap<string, StatePolicy>,
): StateApplication {
  const links = listOf(outputs["policies"])
    .map(fieldsOf)
    .sort((a, b) => Number(a["precedence"] ?? 0) - Number(b["precedence"] ?? 0));
  const cors = outputs["corsHeaders"];
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    aud: textOf(outputs["aud"]),
    destinations: destinationsOf({
      destinations: outputs["destinations"],
      self_hosted_domains: outputs["selfHostedDomains"],
      domain: outputs["domain"],
    }),
    policies: isHidden(outputs["policies"])
      ? [hiddenPolicy("policies", [outputs["policies"], ...policies.values()])]
      : links.map((link) => linkedPolicy(link, policies)),
    allowedIdps: listOf(outputs["allowedIdps"]).filter((each) => typeof each === "string"),
    sessionDuration: textOf(outputs["sessionDuration"]),
    serviceAuth401: outputs["serviceAuth401Redirect"] === true,
    preflightBypass: outputs["optionsPreflightBypass"] === true,
    ...(cors === undefined || cors === null ? {} : { corsOrigins: corsOriginsOf(fieldsOf(cors)) }),
  };
}

function corsOriginsOf(cors: Fields): string[] {
  if (cors["allowAllOrigins"] === true) return ["*"];
  return listOf(cors["allowedOrigins"]).filter((origin) => typeof origin === "string");
}

function linkedPolicy(link: Fields, policies: ReadonlyMap<string, StatePolicy>): StatePolicy {
  const id = textOf(link["id"]) ?? "";
  const known = policies.get(id);
  if (known !== undefined) return known;
  if (listOf(link["includes"]).length > 0) return policyOf({ type: TYPES.policy, id, outputs: link });
  // A policy of somebody else's: that it could be anything must not be hidden.
  const unknown = { "policy of another stack": { id } };
  return { id, name: id, decision: "allow", include: [unknown], require: [], exclude: [], foreign: true };
}

/** What cannot be read at all, in place of the policies that it stands for: it is only the same where all around it is. */
const hiddenPolicy = (id: string, about: unknown): StatePolicy => ({
  id,
  name: id,
  decision: "allow",
  include: [hiddenRule(id, about)],
  require: [],
  exclude: [],
});

function policyOf({ id, outputs }: StateResource): StatePolicy {
  if (isHidden(outputs["decision"]))
    return { ...hiddenPolicy("decision", outputs), id, name: textOf(outputs["name"]) ?? id };
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    decision: (textOf(outputs["decision"]) ?? "deny") as PolicyDecision,
    include: rulesOf(outputs["includes"]),
    require: rulesOf(outputs["requires"]),
    exclude: rulesOf(outputs["excludes"]),
    sessionDuration: textOf(outputs["sessionDuration"]),
  };
}

function tokenOf({ id, outputs }: StateResource): StateToken {
  return {
    id,
    name: textOf(outputs["name"]) ?? id,
    clientId: textOf(outputs["clientId"]),
    expiresAt: textOf(outputs["expiresAt"]),
    duration: textOf(outputs["duration"]),
    ...rotationOf(outputs),
  };
}

function rotationOf(outputs: Fields): Pick<StateToken, "version" | "previousExpiresAt"> {
  const { clientSecretVersion: version, previousClientSecretExpiresAt: until } = outputs;
  return {
    ...(typeof version === "number" ? { version } : {}),
    ...(typeof until === "string" && !isHidden(until) ? { previousExpiresAt: until } : {}),
  };
}

function recordOf({ outputs }: StateResource): StateRecord[] {
  const name = isHidden(outputs["name"]) ? undefined : textOf(outputs["name"]);
  const leadsSomewhere = ["A", "AAAA", "CNAME"].includes(textOf(outputs["type"]) ?? "CNAME");
  if (name === undefined || !leadsSomewhere) return [];
  const proxied = isHidden(outputs["proxied"]) ? {} : { proxied: outputs["proxied"] === true };
  const target = textOf(outputs["content"]);
  return [{ name, ...proxied, ...(target === undefined ? {} : { target }) }];
}

function ingressOf(value: unknown): StateIngressRule {
  const rule = fieldsOf(value);
  const { originRequest } = rule;
  const access = fieldsOf(fieldsOf(originRequest)["access"]);
  const parts = [
    value,
    rule["path"],
    rule["service"],
    originRequest,
    fieldsOf(originRequest)["access"],
    access["required"],
  ];
  const path = isHidden(rule["path"]) ? MASKED_VALUE : textOf(rule["path"]);
  return {
    hostname: [value, rule["hostname"]].some(isHidden) ? MASKED_VALUE : textOf(rule["hostname"]),
    ...(path === undefined || takesEveryPath(path) ? {} : { path }),
    service: textOf(rule["service"]) ?? "",
    jwtRequired: access["required"] === true,
    teamName: textOf(access["teamName"]),
    // A shared tunnel's rules are in the API's spelling, an owned one's in the provider's.
    audTags: tagsOf(access["audTags"] ?? access["audTag"]),
    ...serverOptions(originRequest),
    ...(parts.some(isHidden) ? { unread: true } : {}),
  };
}

/** The tunnel of a list of rules; one whose id cannot be read is another one than each other. */
const tunnelOf = ({ id, outputs: { tunnelId } }: StateResource): string | undefined =>
  isHidden(tunnelId) ? `${MASKED_VALUE} ${id}` : textOf(tunnelId);

interface TunnelRules {
  tunnelId: string | undefined;
  rules: unknown;
}

/** The rules of all tunnels, each with its own. Of a tunnel with several lists, what ends one comes after the others. */
function rulesByTunnel(lists: readonly TunnelRules[]): StateIngressRule[] {
  const isEnd = ({ hostname, path, unread }: StateIngressRule) =>
    hostname === undefined && path === undefined && !unread;
  return [...new Set(lists.map(({ tunnelId }) => tunnelId))].flatMap((tunnelId) => {
    const own = lists.filter((each) => each.tunnelId === tunnelId);
    const rules = own.flatMap((each) =>
      listOf(each.rules).map((rule) => ({
        ...(tunnelId === undefined ? {} : { tunnelId }),
        ...ingressOf(rule),
      })),
    );
    return own.length === 1 ? rules : [...rules.filter((rule) => !isEnd(rule)), ...rules.filter(isEnd)];
  });
}

/** What stands for a value that cannot be read: a secret's own form is not repeated. */
const markIn = (hidden: unknown): string => (typeof hidden === "string" ? hidden : MASKED_VALUE);

function tagsOf(value: unknown): string[] {
  if (isHidden(value)) return [markIn(value)];
  return listOf(value).flatMap((tag) => (isHidden(tag) ? [markIn(tag)] : (textOf(tag) ?? [])));
}
