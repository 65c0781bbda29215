import { hostAt, liesOn, placesOf, standsInFront } from "../../access";
import { canonicalHost } from "../../access/host-pattern";
import { mentions } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { type Account, tunnelIdOf } from "./account";
import { type Choices, takeFlag } from "./types";
import { objects, text, texts } from "./wire";

/** A policy as an application lists it. */
export interface AttachedPolicy {
  wire: Wire;
  id: string;
  inline: boolean;
  /** Names of the other applications that use it too. */
  others: string[];
}

/** What the account has for one hostname. */
export interface FoundHost {
  hostname: string;
  application?: Wire;
  /** Other places of that application, which a takeover would leave without a guard. */
  otherPlaces: string[];
  /** In the order in which they are judged. */
  policies: AttachedPolicy[];
  /** Other applications of the hostname itself, such as one at `host/*`. */
  beside: Wire[];
  /** Applications on a path of the hostname, which go on guarding it. */
  paths: Wire[];
  /** Applications of a wildcard that covers the hostname. */
  wildcards: Wire[];
  /** Address records: A, AAAA or CNAME. */
  records: Wire[];
  /** The tunnel that serves the hostname. */
  tunnelId?: string;
  rule?: Wire;
  /** Rules for a path of the hostname, which nobody guards at the tunnel. */
  pathRules: Wire[];
}

/** @param tunnelId the tunnel that the config names; else the one that the hostname's record leads to. */
export function findHost(account: Account, hostname: string, tunnelId?: string): FoundHost {
  const inFront = account.applications.filter(standsInFront);
  const at = (where: ReturnType<typeof liesOn>) =>
    inFront.filter((each) => placesOf(each).some((place) => liesOn(place, hostname) === where));
  // One hostname belongs to one application at a time.
  const guards = at("itself");
  const application = guards.find((each) => each["type"] === "self_hosted") ?? guards[0];
  const records = account.records.filter(
    (record) =>
      hostAt(text(record, "name")) === hostname && ["A", "AAAA", "CNAME"].includes(text(record, "type")),
  );
  const tunnel = tunnelId ?? tunnelOf(account, hostname, records);
  const rules = (tunnel === undefined ? undefined : account.ingress[tunnel]) ?? [];
  const own = rules.filter((rule) => canonicalHost(rule["hostname"]) === hostname);
  return {
    hostname,
    application,
    otherPlaces:
      application === undefined
        ? []
        : placesOf(application).filter((place) => liesOn(place, hostname) !== "itself"),
    policies: application === undefined ? [] : attached(account, application),
    beside: guards.filter((each) => each !== application),
    paths: at("path").filter((each) => each !== application),
    wildcards: at("wildcard").filter((each) => each !== application),
    records,
    tunnelId: tunnel,
    rule: own.find((rule) => text(rule, "path") === ""),
    pathRules: own.filter((rule) => text(rule, "path") !== ""),
  };
}

function tunnelOf(account: Account, hostname: string, records: Wire[]): string | undefined {
  const target = records.map(tunnelIdOf).find((id) => id !== undefined);
  if (target !== undefined && account.tunnels.some((tunnel) => tunnel["id"] === target)) return target;
  return Object.entries(account.ingress).find(([, rules]) =>
    rules.some((rule) => canonicalHost(rule["hostname"]) === hostname && text(rule, "path") === ""),
  )?.[0];
}

function attached(account: Account, application: Wire): AttachedPolicy[] {
  const inOrder = objects(application, "policies")
    .map((wire, index) => ({
      wire,
      at: typeof wire["precedence"] === "number" ? wire["precedence"] : index + 1,
    }))
    .sort((a, b) => a.at - b.at);
  return inOrder.map(({ wire }) => {
    const id = text(wire, "id");
    const users = account.applications.filter((each) => each !== application && lists(each, id));
    const counted = Number(account.policies.find((each) => each["id"] === id)?.["app_count"] ?? 0);
    const others = users.map((each) => text(each, "name"));
    // The API may count applications that the token does not see.
    const unseen = Math.max(0, counted - 1 - others.length);
    return {
      wire,
      id,
      inline: wire["reusable"] === false,
      others: [...others, ...Array.from({ length: unseen }, () => "one that the API token does not see")],
    };
  });
}

const lists = (application: Wire, policy: string): boolean =>
  objects(application, "policies").some((each) => each["id"] === policy);

/** A policy may be taken when no application of somebody else's lists it. */
export function mayTake({ id, inline, others }: AttachedPolicy, { take }: Choices): boolean {
  return inline || others.length === 0 || take.has(takeFlag("policy", id));
}

/** Ids of the applications and of the policies that the stack takes: what they use, only the stack uses. */
export interface Own {
  applications: ReadonlySet<string>;
  policies: ReadonlySet<string>;
}

/** Who else uses an identity provider: an application that names none offers all of them. */
export function usersOfIdentityProvider(account: Account, id: string, own: Own): string[] {
  const applications = account.applications.filter((each) => {
    if (own.applications.has(text(each, "id")) || each["type"] === "bookmark") return false;
    const allowed = texts(each, "allowed_idps");
    return allowed.length === 0 || allowed.includes(id);
  });
  return [
    ...applications.map(nameOf),
    ...policiesNaming(account, own, (policy) => mentions(rulesOf(policy), id)),
  ];
}

/** Who else accepts a service token, by its name or as any valid one. */
export function usersOfServiceToken(account: Account, id: string, own: Own): string[] {
  return policiesNaming(account, own, (policy) => {
    const rules = rulesOf(policy);
    return mentions(rules, id) || rules.some((rule) => rule["any_valid_service_token"] !== undefined);
  });
}

function policiesNaming(account: Account, own: Own, names: (policy: Wire) => boolean): string[] {
  const inline = account.applications
    .filter((each) => !own.applications.has(text(each, "id")))
    .flatMap((application) =>
      objects(application, "policies")
        .filter((policy) => policy["reusable"] === false && names(policy))
        .map((policy) => `${nameOf(application)}: ${nameOf(policy)}`),
    );
  const reusable = account.policies
    .filter((each) => !own.policies.has(text(each, "id")) && names(each))
    .map(nameOf);
  return [...inline, ...reusable];
}

/** The rules of all three lists of a policy. */
export function rulesOf(policy: Wire): Wire[] {
  return ["include", "require", "exclude"].flatMap((list) => objects(policy, list));
}

export const nameOf = (object: Wire): string => text(object, "name") || text(object, "id");
