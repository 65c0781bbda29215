import { destinationsOf, type PolicyDecision } from "../access";
import { isHidden, MASKED_VALUE } from "../access/hidden";
import { takesEveryPath } from "../access/path-pattern";
import type {
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
import { notJudgedIn } from "./not-judged";
import { serverOptions } from "./server-options";
import { exportedResources } from "./stack-export";
import type { StateResource } from "./state-resource";
import { rulesOf } from "./wire-rules";

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
  return {
    applications,
    tokens: of("token").map(tokenOf),
    identityProviders: of("identityProvider").map(({ id, outputs }) => ({
      id,
      name: textOf(outputs["name"]) ?? id,
      type: textOf(outputs["type"]),
    })),
    ingress: oneAfterTheOther([
      ...ownIngress.map(({ outputs }) => listOf(fieldsOf(outputs["config"])["ingresses"]).map(ingressOf)),
      ...sharedIngress.map(({ outputs }) => listOf(outputs["rules"]).map(ingressOf)),
    ]),
    hostnames: records.map(({ name }) => name),
    records,
    tunnelId: textOf([...ownIngress, ...sharedIngress][0]?.outputs["tunnelId"]),
    accountId: textOf(of("application")[0]?.outputs["accountId"]),
    notJudged: resources.flatMap(notJudgedIn),
  };
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
      self_hosted_domains: listOf(outputs["selfHostedDomains"]).filter((name) => !isHidden(name)),
      domain: isHidden(outputs["domain"]) ? undefined : outputs["domain"],
    }),
    policies: links.map((link) => linkedPolicy(link, policies)),
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

function policyOf({ id, outputs }: StateResource): StatePolicy {
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
  const name = textOf(outputs["name"]);
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
    hostname: textOf(rule["hostname"]),
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

/** The rules of all tunnels. What ends those of one says nothing of another's, so the ends come last. */
function oneAfterTheOther(tunnels: readonly StateIngressRule[][]): StateIngressRule[] {
  const isEnd = (rule: StateIngressRule | undefined) =>
    rule !== undefined && rule.hostname === undefined && rule.path === undefined && !rule.unread;
  const split = tunnels.map((rules) => (isEnd(rules.at(-1)) ? rules.length - 1 : rules.length));
  return [
    ...tunnels.flatMap((rules, index) => rules.slice(0, split[index])),
    ...tunnels.flatMap((rules, index) => rules.slice(split[index])),
  ];
}

function tagsOf(value: unknown): string[] {
  if (isHidden(value)) return [MASKED_VALUE];
  return listOf(value).flatMap((tag) => (isHidden(tag) ? [MASKED_VALUE] : (textOf(tag) ?? [])));
}
