import { liesOn, placesOf, readPlace } from "../../access";
import { isGoogleLogin } from "../../access/google-login";
import { canonicalHost } from "../../access/host-pattern";
import { isStatus } from "../../access/site";
import { canonical, isFields } from "../../base/json-values";
import { isUnset } from "../../cloudflare/kinds/unset";
import { shadowsIn } from "../drift/others";
import type { Account } from "./account";
import { listed, quoted } from "./choose";
import { type AttachedPolicy, type FoundHost, nameOf } from "./find";
import { inEffect, originEffect } from "./meanings";
import { NO_ID } from "./propose";
import type { ChosenApplication } from "./rows";
import { fieldStops, isOff, lastAlike, ruleText, type Stop, unjudged } from "./stops";
import { type Choices, type Row, takeFlag } from "./types";
import { alike, inner, objects, text, texts, wireOf } from "./wire";

/** A host name of the stack, with what was found there and what takes it. */
export interface JudgedHost extends ChosenApplication {
  account: Account;
  choices: Choices;
  /** Of this application: its own, its policies, its record; and the rule of its host name. */
  rows: readonly Row[];
  /** As the program declares it. */
  rule?: Readonly<Record<string, unknown>>;
  /** Whether something at it is about to be taken. */
  isTaken: boolean;
}

/** What the next `up` would change of who reaches a host name, and of what answers there. */
export function hostStops(host: JudgedHost): Stop[] {
  if (!host.isTaken) return [];
  return [
    ...neighbourStops(host),
    ...guardStops(host),
    ...applicationStops(host),
    ...policyStops(host),
    ...ruleStops(host),
  ];
}

/** Other applications that answer for a part of the host name. */
function neighbourStops({ found: { hostname, beside, paths, wildcards } }: JudgedHost): Stop[] {
  const at = (application: Readonly<Record<string, unknown>>, where: (place: string) => boolean) =>
    placesOf(application).filter(where);
  return [
    ...[...beside, ...paths].map((each): Stop => {
      const places = at(each, (place) => ["itself", "path"].includes(liesOn(place, hostname) ?? ""));
      return {
        object: `application ${quoted(each)}`,
        field: "destinations",
        found: places,
        effect: `whoever it lets in at ${listed(places)} gets a 403 from cloudflared, which the stack has take the JWT of its own application alone`,
        remedy:
          "Remove that application, or take the place out of it, where that is right; then run the command again.",
      };
    }),
    ...wildcards.flatMap((each): Stop[] => {
      const places = at(
        each,
        (place) => liesOn(place, hostname) === "wildcard" && readPlace(place).path !== "",
      );
      if (places.length === 0) return [];
      return [
        {
          object: `application ${quoted(each)}`,
          field: "destinations",
          found: places,
          effect: `whoever it lets in there may get a 403 from cloudflared: whether ${listed(places)} goes before ${hostname} is not known`,
        },
      ];
    }),
  ];
}

/** A host name that is open, or guarded by a wildcard, is so no longer. */
function guardStops({ found, candidate, rows }: JudgedHost): Stop[] {
  if (candidate.wire !== undefined || !rows.some(({ kind, how }) => kind === "DNS record" && isTaking(how)))
    return [];
  const [wildcard] = found.wildcards;
  return [
    {
      object: `DNS record ${found.hostname}`,
      field: "application",
      found: wildcard === undefined ? null : placesOf(wildcard),
      effect:
        wildcard === undefined
          ? "everybody who gets in without a login now has to be somebody whom the config allows"
          : `those whom ${quoted(wildcard)} lets in now get in only if the config allows them`,
      remedy: `Give ${found.hostname} an application of its own in the dashboard, with the policies that the config will say, and run the command again.`,
    },
  ];
}

const isTaking = (how: Row["how"]): boolean => how === "import" || how.startsWith("convert");

function applicationStops({ account, choices, found, candidate, rows }: JudgedHost): Stop[] {
  const row = rows.find(({ kind }) => kind === "application");
  if (!candidate.taken || row?.was === undefined || row.resource === undefined) return [];
  const { was } = row;
  const isConsented = choices.take.has(takeFlag("application", text(was, "id")));
  const declared = wireOf(row.resource);
  const logins = loginsOf(was, account);
  const ended = logins.filter((id) => !texts(declared, "allowed_idps").includes(id));
  const stops = fieldStops("application", was, declared, {
    // With --take the operator has said yes to these two.
    type: (now, next) => isConsented || now === next,
    destinations: (now) =>
      objects({ now }, "now").every((each) => isPlain(each, found.hostname, isConsented)),
    policies: () => true,
    allowed_idps: (_, next) => isOpen(next) || sameSet(logins, texts({ next }, "next")),
    // What Cloudflare does by itself where nothing is set, the program's lax only narrows for pages of other sites.
    same_site_cookie_attribute: (now, next) => isUnset(now) || now === next,
    oauth_configuration: isOff,
    scim_config: isOff,
  });
  const names = account.identityProviders.flatMap((each) =>
    ended.includes(text(each, "id")) ? [nameOf(each)] : [],
  );
  return stops.map((stop) =>
    stop.field === "allowed_idps" && names.length > 0
      ? {
          ...stop,
          effect: `people who log in with ${names.join(" or ")} no longer get in`,
          ...wordOf(logins, account),
        }
      : stop,
  );
}

/** The config can name one login, and Google's only. */
function wordOf(logins: readonly string[], { identityProviders }: Account): Pick<Stop, "word"> {
  const [login, ...more] = new Set(logins);
  const type = text(
    identityProviders.find((each) => each["id"] === login),
    "type",
  );
  return isGoogleLogin(type) && more.length === 0 ? { word: "google.identityProviderId" } : {};
}

/** Who is let in by rules that the config can say. */
function wordOfRules(rules: readonly Readonly<Record<string, unknown>>[]): Pick<Stop, "word"> {
  const all = (...types: string[]) =>
    rules.every((rule) => Object.keys(rule).every((type) => types.includes(type)));
  if (all("email", "email_domain")) return { word: "allow" };
  return all("service_token") ? { word: "serviceTokens" } : {};
}

const loginOf = (rule: Readonly<Record<string, unknown>>): string => text(inner(rule, "login_method"), "id");

/** Which login is to be used is a decision of its own; until then a stand-in has its place. */
const isOpen = (logins: unknown): boolean => texts({ logins }, "logins").includes(NO_ID);

/** The logins that an application offers: where it names none, all of the account's. */
function loginsOf(application: Readonly<Record<string, unknown>>, { identityProviders }: Account): string[] {
  const offered = texts(application, "allowed_idps");
  return offered.length > 0 ? offered : identityProviders.map((each) => text(each, "id"));
}

/** A public destination without anything besides its place. */
function isPlain(
  destination: Readonly<Record<string, unknown>>,
  hostname: string,
  isConsented: boolean,
): boolean {
  const { type = "public", uri, ...rest } = destination;
  if (type !== "public" || typeof uri !== "string" || !Object.values(rest).every(isUnset)) return false;
  return isConsented || liesOn(uri, hostname) === "itself";
}

/** Who gets in: every policy of the application, whether the stack takes it or makes one in its place. */
function policyStops(host: JudgedHost): Stop[] {
  const { account, found, candidate, rows } = host;
  const { wire } = candidate;
  if (!candidate.taken || wire === undefined) return [];
  const declared = rows.flatMap(({ kind, resource }) =>
    kind === "policy" && resource !== undefined ? [wireOf(resource)] : [],
  );
  const logins = loginsOf(wire, account);
  return [
    ...found.policies.flatMap((policy) => foundPolicyStops(policy, wire, declared, account, found)),
    ...declared.flatMap((next) => newcomers(next, found, wire, logins, account)),
  ];
}

function foundPolicyStops(
  { wire }: AttachedPolicy,
  application: Readonly<Record<string, unknown>>,
  all: readonly Readonly<Record<string, unknown>>[],
  account: Account,
  { policies }: FoundHost,
): Stop[] {
  const decision = text(wire, "decision");
  const next = all.find((each) => each["decision"] === decision);
  const object = `policy ${quoted(wire)} of application ${quoted(application)}`;
  const stop = (field: string, found: unknown, effect: string, word: Pick<Stop, "word"> = {}): Stop => {
    return { object, field, found, effect, ...word };
  };
  if (next === undefined) {
    const effect =
      decision === "deny"
        ? "it is no longer there: whom it keeps out may get in"
        : decision === "bypass"
          ? "it is no longer there: whom it lets through without a login gets none of it"
          : "it is no longer there: whom it lets in gets in no more";
    const isTokens = decision === "non_identity";
    return [stop("decision", decision, effect, isTokens ? wordOfRules(objects(wire, "include")) : {})];
  }
  const lost = (list: string) => {
    const kept = new Set(objects(next, list).map(ruleText));
    return objects(wire, list).filter((rule) => !kept.has(ruleText(rule)));
  };
  const [outside, unasked] = [lost("include"), lost("require")];
  // What the config can say and what it cannot are two things to do.
  const [people, others] = [
    outside.filter((rule) => wordOfRules([rule]).word !== undefined),
    outside.filter((rule) => wordOfRules([rule]).word === undefined),
  ];
  const lasts = (policy: Readonly<Record<string, unknown>>) =>
    text(policy, "session_duration") ||
    text(application, "session_duration") ||
    text(account.organization, "session_duration");
  const sessions = lasts(wire);
  const isOneLength = policies.every((each) => lastAlike(lasts(each.wire), sessions));
  const declared = text(next, "session_duration");
  return [
    ...[people, others].flatMap((rules) =>
      rules.length === 0
        ? []
        : [stop("include", rules, "whom that lets in gets in no more", wordOfRules(rules))],
    ),
    ...(unasked.length === 0
      ? []
      : [
          stop(
            "require",
            unasked,
            "that is no longer asked for, and others get in as well",
            wordOf(unasked.map(loginOf), account),
          ),
        ]),
    ...(isUnset(wire["exclude"]) ? [] : [stop("exclude", wire["exclude"], "whom that keeps out gets in")]),
    ...(sessions === "" || lastAlike(sessions, declared)
      ? []
      : [
          stop(
            "session_duration",
            sessions,
            `sessions last ${declared}`,
            isOneLength ? { word: "sessionDuration" } : {},
          ),
        ]),
    ...fieldStops(
      "policy",
      wire,
      next,
      { include: () => true, require: () => true, exclude: () => true, session_duration: () => true },
      object,
    ),
  ];
}

/** Those whom the config lets in, and whom no policy lets in now; a token that the stack is yet to make is nobody's. */
function newcomers(
  next: Readonly<Record<string, unknown>>,
  { policies }: FoundHost,
  application: Readonly<Record<string, unknown>>,
  logins: readonly string[],
  account: Account,
): Stop[] {
  const same = policies.filter(({ wire }) => wire["decision"] === next["decision"]);
  const present = same.flatMap(({ wire }) => objects(wire, "include"));
  const known = new Set(present.map(ruleText));
  const added = objects(next, "include").filter((rule) => {
    const { token_id: token } = inner(rule, "service_token");
    const isNobodys = token !== undefined && !account.serviceTokens.some(({ id }) => id === token);
    return !known.has(ruleText(rule)) && !isNobodys;
  });
  const object = `application ${quoted(application)}`;
  const stops: Stop[] = [];
  if (added.length > 0) {
    stops.push({
      object,
      field: "policies",
      found: present,
      effect: `${added.map((rule) => canonical(rule)).join(", ")} gets in as well`,
      remedy:
        "Leave it out of the config for now: what the account has is taken over as it is. Change it after the first up, as any other change.",
    });
  }
  // A login that is asked for beyond what the application offers; that it offers others stops by itself.
  const asked = objects(next, "require").filter(
    (rule) =>
      !same.every(({ wire }) => objects(wire, "require").some((each) => ruleText(each) === ruleText(rule))),
  );
  const beyond = asked.filter((rule) => {
    const login = loginOf(rule);
    return !(login !== "" && (logins.includes(login) || isOpen([login])));
  });
  if (beyond.length > 0 && same.length > 0) {
    stops.push({
      object,
      field: "policies",
      found: same.map(({ wire }) => ({ name: nameOf(wire), require: wire["require"] ?? [] })),
      effect: `only who fits ${beyond.map((rule) => canonical(rule)).join(", ")} gets in`,
      ...(beyond.every((rule) => loginOf(rule) !== "") ? wordOf(logins, account) : {}),
    });
  }
  return stops;
}

/** What answers behind Access: the rule that takes the host name's requests now, against the stack's own. */
function ruleStops({ account, found, rule }: JudgedHost): Stop[] {
  const { hostname, tunnelId } = found;
  if (tunnelId === undefined || rule === undefined) return [];
  const rules = account.ingress[tunnelId] ?? [];
  // Without a rule of its own, all of them stand before it.
  const list = found.rule === undefined ? [...rules, { hostname }] : rules;
  const before = shadowsIn(list, [hostname]).filter(
    (shadow) => found.rule !== undefined || !isStatus({ service: text(shadow.rule, "service") }),
  );
  return [
    ...before.map(
      (shadow): Stop => ({
        object: `ingress rule ${text(shadow.rule, "hostname") || "*"}${text(shadow.rule, "path")}`,
        field: text(shadow.rule, "path") === "" ? "hostname" : "path",
        found: shadow.rule,
        effect: `the stack's rule takes requests to ${hostname} that end at ${text(shadow.rule, "service")} now`,
        remedy:
          "Remove that rule, or keep it off this host name, where that is right; then run the command again.",
      }),
    ),
    ...(found.rule === undefined
      ? []
      : ownRuleStops(found.rule, rule, inner(account.originRequest, tunnelId))),
  ];
}

function ownRuleStops(
  was: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
  tunnels: Readonly<Record<string, unknown>>,
): Stop[] {
  const object = `ingress rule ${text(was, "hostname")}`;
  const { originRequest, ...rest } = was;
  const options = Object.entries(isFields(originRequest) ? originRequest : {}).flatMap(
    ([option, own]): Stop[] => {
      const field = `originRequest.${option}`;
      if (option === "access") return accessStops(object, own, inner(inner(next, "originRequest"), "access"));
      const [now, then] = [
        inEffect(option, own, tunnels[option]),
        inEffect(option, undefined, tunnels[option]),
      ];
      if (now === undefined && isUnset(own)) return [];
      return canonical(now) === canonical(then) || (isUnset(now) && isUnset(then) && now !== false)
        ? []
        : [{ object, field, found: own, effect: originEffect(option) }];
    },
  );
  return [
    ...fieldStops(
      "ingress rule",
      rest,
      next,
      { hostname: (now, declared) => canonicalHost(now) === declared },
      object,
    ),
    ...options,
  ];
}

/** The check that the stack adds takes nothing from who comes by its application; one that is there may take others too. */
function accessStops(object: string, own: unknown, next: Readonly<Record<string, unknown>>): Stop[] {
  if (!isFields(own)) return [];
  const others = texts(own, "audTag").filter((aud) => !texts(next, "audTag").includes(aud));
  const { required, teamName, audTag: _, ...rest } = own;
  return [
    ...(others.length === 0
      ? []
      : [
          {
            object,
            field: "originRequest.access.audTag",
            found: own["audTag"],
            effect: "who comes by another application gets a 403 from cloudflared",
          },
        ]),
    ...(required !== true || alike(teamName, next["teamName"])
      ? []
      : [
          {
            object,
            field: "originRequest.access.teamName",
            found: teamName,
            effect: "who has a JWT of that team gets a 403 from cloudflared",
            word: "teamName" as const,
          },
        ]),
    ...Object.entries(rest).flatMap(([name, value]) =>
      isUnset(value) && value !== false ? [] : [unjudged(object, `originRequest.access.${name}`, value)],
    ),
  ];
}

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));
