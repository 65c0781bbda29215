import { hostAt, liesOn, placesOf, standsInFront } from "../../access";
import { ruleCovers } from "../../access/host-pattern";
import { type Fields, fieldsOf, listOf, textOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { rulesIn } from "../../cloudflare/account-snapshot";
import { TYPES } from "../../cloudflare/kinds";
import { RULES_ELSEWHERE } from "../../cloudflare/kinds/tunnel";
import type { StackResource, StackSettings } from "../stack/read-stack";
import type { KindContext } from "./kinds/kind";
import { AUTH_DOMAIN } from "./kinds/organization";
import { ruleKey } from "./kinds/tunnel-configuration";
import { type Account, nameOf } from "./read-account";
import type { Change } from "./types";

/** What is looked around in. */
export interface Surroundings {
  account: Account;
  resources: readonly StackResource[];
  settings: StackSettings;
}

/** What others have put before, beside or under the stack's objects. */
export function changesAround(around: Surroundings, context: KindContext): Change[] {
  return [
    ...organizationChange(around, context),
    ...coveringApplications(around).map(({ application, uri }) => ({
      subject: "application" as const,
      name: textOf(application["name"]) ?? String(application["id"]),
      id: String(application["id"]),
      what: "added" as const,
      detail: `answers for ${uri}, which is the stack's${madeAt(application["created_at"])}`,
    })),
    ...missingLogins(around),
    ...sharedTunnelChange(around),
    ...shadowingRules(around),
    ...otherRecords(around),
  ];
}

/** Host names that the stack guards or publishes, each in its one spelling. */
export function hostnamesOf(resources: readonly StackResource[]): string[] {
  const names = resources.flatMap((resource) => {
    if (resource.type === TYPES.dnsRecord) return [hostAt(nameOf(resource))];
    if (resource.type !== TYPES.application) return [];
    return placesOf(resource.inputs).map(hostAt);
  });
  return [...new Set(names)];
}

/**
 * Applications of others that answer for a part of the stack's host names, with that part: one that names the host
 * name wins over the stack's below its path, and one with a wildcard where the stack's own no longer stands.
 */
export function coveringApplications({
  account,
  resources,
}: Omit<Surroundings, "settings">): { application: Wire; uri: string }[] {
  const own = resources.filter(({ type }) => type === TYPES.application);
  const ours = new Set(own.map(({ id }) => id));
  const hostnames = hostnamesOf(resources);
  const guarded = new Set(own.flatMap(({ urn }) => placesOf(account.objects.get(urn) ?? {}).map(hostAt)));
  return (account.applications ?? []).flatMap((application) =>
    ours.has(String(application["id"])) || !standsInFront(application)
      ? []
      : placesOf(application)
          .filter((uri) =>
            hostnames.some((name) => {
              const lies = liesOn(uri, name);
              return lies === "wildcard" ? !guarded.has(name) : lies !== undefined;
            }),
          )
          .map((uri) => ({ application, uri })),
  );
}

const madeAt = (time: unknown): string => (typeof time === "string" ? `, made at ${time}` : "");

function organizationChange({ account }: Surroundings, { authDomain }: KindContext): Change[] {
  const found = account.organization?.[AUTH_DOMAIN];
  if (account.organization === undefined || found === authDomain) return [];
  const name = "Zero Trust";
  const id = account.organization["id"];
  return [
    {
      subject: "organization",
      name,
      id: typeof id === "string" ? id : "",
      what: "changed",
      field: AUTH_DOMAIN,
      before: authDomain,
      after: found,
    },
  ];
}

/** Logins that an application offers, and that the account no longer has; those of the stack are objects of its own. */
function missingLogins({ account, resources }: Surroundings): Change[] {
  if (account.identityProviders === undefined) return [];
  const known = new Set([...account.identityProviders.map(({ id }) => id), ...resources.map(({ id }) => id)]);
  const offered = resources
    .filter(({ type }) => type === TYPES.application)
    .flatMap(({ inputs }) => listOf(inputs["allowedIdps"]).map(String));
  return [...new Set(offered)]
    .filter((id) => !known.has(id))
    .map((id) => ({ subject: "identity provider", name: id, id, what: "deleted" }));
}

function sharedTunnelChange({ account, settings }: Surroundings): Change[] {
  const { id } = settings.config.tunnel;
  if (id === undefined || account.sharedTunnel === undefined) return [];
  if (account.sharedTunnel === null) return [{ subject: "tunnel", name: id, id, what: "deleted" }];
  const { name, config_src, remote_config } = account.sharedTunnel;
  if (config_src !== "local" && remote_config !== false) return [];
  return [
    {
      subject: "tunnel",
      name: textOf(name) ?? id,
      id,
      what: "changed",
      field: "config_src",
      before: "cloudflare",
      after: "local",
      opens: RULES_ELSEWHERE,
    },
  ];
}

/** A rule that stands before one of the stack's and takes requests from it. */
export interface Shadow {
  hostname: string;
  rule: Fields;
  /** What the rule opens. */
  opens: string;
}

/**
 * Rules before the stack's own that answer for its host names. That they stand there is a change by itself, told with
 * what it opens; who gets in by it, reach says.
 */
export function shadowsIn(rules: readonly unknown[], hostnames: readonly string[]): Shadow[] {
  return hostnames.flatMap((hostname) => {
    const all = rules.map(fieldsOf);
    const own = all.findIndex((rule) => ruleKey(rule) === hostname);
    // Without a rule of its own there is nothing to be taken from; that one is missing is told elsewhere.
    return all.slice(0, Math.max(own, 0)).flatMap((rule): Shadow[] => {
      if (!ruleCovers(rule["hostname"], hostname)) return [];
      const { required } = fieldsOf(fieldsOf(rule["originRequest"])["access"]);
      const check = required === true ? "" : ", and no JWT of Access is asked for there";
      const where = `${hostname}${textOf(rule["path"]) === undefined ? "" : `, path ${rule["path"]},`}`;
      return [{ hostname, rule, opens: `requests to ${where} end at ${rule["service"]}${check}` }];
    });
  });
}

/** In a shared tunnel's list; in an owned one every rule is compared anyway. */
function shadowingRules({ account, resources }: Surroundings): Change[] {
  return resources
    .filter(({ type }) => type === TYPES.sharedIngress)
    .flatMap((resource) => {
      const rules = rulesIn(account.objects.get(resource.urn));
      const own = new Set(listOf(resource.inputs["rules"]).map(ruleKey));
      return shadowsIn(rules, hostnamesOf(resources))
        .filter(({ rule }) => !own.has(ruleKey(rule)))
        .map(({ rule, opens }) => ({
          subject: "tunnel configuration" as const,
          name: nameOf(resource),
          id: String(resource.inputs["tunnelId"]),
          what: "added" as const,
          field: `ingress[${ruleKey(rule)}]`,
          after: rule,
          detail: "stands before the stack's rule",
          opens,
        }));
    });
}

/** Types of records that lead a visitor of a name somewhere. */
const LEADING = new Set(["A", "AAAA", "CNAME", "HTTPS", "SVCB", "NS"]);

function otherRecords({ account, resources }: Surroundings): Change[] {
  const ours = new Set(resources.filter(({ type }) => type === TYPES.dnsRecord).map(({ id }) => id));
  const names = new Set(hostnamesOf(resources));
  return (account.records ?? [])
    .filter(({ id, type, name }) => {
      return !ours.has(String(id)) && LEADING.has(String(type)) && names.has(hostAt(String(name)));
    })
    .map((record) => {
      const { id, name, type, content, proxied } = record;
      return {
        subject: "DNS record",
        name: String(name),
        id: String(id),
        what: "added",
        detail: `${type} ${content}${madeAt(record["created_on"])}`,
        opens:
          proxied === true
            ? `visitors may be led to ${content}`
            : `visitors may be led to ${content}, past Cloudflare and Access`,
      };
    });
}
