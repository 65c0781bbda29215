import { pathText, placePaths } from "../../../config/config-paths";
import { ConfigError, parseConfig, type StackConfig } from "../../../config/stack-config";
import { isFields } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import type { Account } from "./account";
import type { GoogleChoice } from "./choose";
import { type FoundHost, nameOf } from "./find";
import type { ConfigChange } from "./types";
import { inner, objects, text } from "./wire";

const NOBODY = "somebody@example.org";
/** Stands for an id that is not known yet. */
export const NO_ID = "00000000-0000-4000-8000-000000000000";
const NAME = /^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/;

type Raw = Readonly<Record<string, unknown>>;

/**
 * The config with stand-ins for what an adoption can find in the account, so that all else of it can be judged.
 * @throws {ConfigError} for what it cannot find, such as the account id, or what is wrong.
 */
export function withStandIns(raw: Raw, stack: string): StackConfig {
  const { placed, twice } = placePaths(raw);
  // A path that is set twice is the parser's to report.
  if (twice.length > 0) return parseConfig(raw, { stack });
  const missing = (key: string) => isUnset(placed[key]);
  const listed = Array.isArray(placed["applications"]) ? placed["applications"] : [];
  const tokens = Array.isArray(placed["serviceTokens"]) ? placed["serviceTokens"] : [{ name: "comfyui-api" }];
  const names = tokens.flatMap((token: unknown) => (isFields(token) ? [text(token, "name")] : []));
  const applications = (listed.length > 0 ? listed : [{}]).map((each: unknown) => {
    if (!isFields(each)) return each;
    return {
      ...(listed.length > 1 ? { serviceTokens: names } : {}),
      ...each,
      ...(allowsSomebody(each) ? {} : { allow: { emails: [NOBODY] } }),
    };
  });
  return parseConfig(
    {
      ...placed,
      applications,
      ...(missing("teamName") ? { teamName: "team" } : {}),
      ...(missing("google") ? { google: { identityProviderId: NO_ID } } : {}),
      ...(missing("tunnel") ? { tunnel: { id: NO_ID } } : {}),
    },
    { stack },
  );
}

const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (isFields(value) && Object.keys(value).length === 0);

function allowsSomebody(application: Wire): boolean {
  const { emails, emailDomains } = inner(application, "allow");
  return [emails, emailDomains].some((list) => Array.isArray(list) && list.length > 0);
}

/** What the account was found to hold for the stack. */
export interface Findings {
  account: Account;
  hosts: readonly FoundHost[];
  google: GoogleChoice;
  /** Id of the tunnel that the state has: the stack's own, which stays so. */
  ownTunnel?: string;
}

export interface Proposal {
  config: StackConfig;
  changes: ConfigChange[];
  /** What is there and cannot be said in the config. */
  notes: string[];
}

/**
 * What the config has to say for the stack to be what is there: only where it says nothing so far, and where it names
 * a tunnel or a login that would be made anew although the hostname has one.
 * @throws {ConfigError} when something is missing that the account does not tell either.
 */
export function propose(raw: Raw, stack: string, findings: Findings): Proposal {
  const { placed } = placePaths(raw);
  const notes: string[] = [];
  const changes: ConfigChange[] = [
    ...proposeTeam(placed, findings.account),
    ...proposeGoogle(placed, findings.google),
    ...proposeTunnel(placed, findings),
    ...proposeTokens(placed, findings),
    ...findings.hosts.flatMap((host, index) => proposeApplication(placed, host, index, findings, notes)),
  ];
  for (;;) {
    try {
      return { config: parseConfig(applied(placed, changes), { stack }), changes, notes };
    } catch (error) {
      if (!(error instanceof ConfigError) || !dropRefused(changes, error, notes)) throw error;
    }
  }
}

/** Values that the account holds and the config refuses, such as a mail domain that anybody can have. */
function dropRefused(changes: ConfigChange[], { problems }: ConfigError, notes: string[]): boolean {
  for (const { path, found } of problems) {
    for (const change of changes) {
      const at = pathText(change.path);
      const index = Number(/^\[(\d+)\]$/.exec(path.slice(at.length))?.[1] ?? Number.NaN);
      if (!path.startsWith(at) || change.value === undefined || isLimited(change)) continue;
      if (Array.isArray(change.value) && Number.isInteger(index)) {
        notes.push(`${at}: ${JSON.stringify(change.value[index])} is not carried over, since ${found}`);
        change.value = change.value.filter((_, position) => position !== index);
        return true;
      }
      if (path === at) {
        notes.push(`${at}: what is there is not carried over, since ${found}`);
        changes.splice(changes.indexOf(change), 1);
        return true;
      }
    }
  }
  return false;
}

/**
 * What the config limits: without it the default would hold, which shortens what is there. Whether that is meant, or the
 * limit is to be raised, is for whoever adopts to say in the config.
 */
const isLimited = ({ path }: ConfigChange): boolean =>
  ["sessionDuration", "duration", "previousExpiresAt"].includes(String(path.at(-1)));

function proposeTeam(placed: Raw, { organization }: Account): ConfigChange[] {
  const team = text(organization, "auth_domain").replace(/\.cloudflareaccess\.com$/, "");
  if (!isUnset(placed["teamName"]) || team === "") return [];
  return [{ path: ["teamName"], value: team, why: "the account's team domain" }];
}

function proposeGoogle(placed: Raw, { wire, taken, why }: GoogleChoice): ConfigChange[] {
  const now = isFields(placed["google"]) ? placed["google"] : {};
  if (wire === undefined) return [];
  const id = text(wire, "id");
  if (taken) {
    const clientId = text(inner(wire, "config"), "client_id");
    if (now["clientId"] === clientId) return [];
    return [{ path: ["google", "clientId"], value: clientId, why: `that of ${nameOf(wire)}` }];
  }
  if (now["identityProviderId"] === id) return [];
  return [
    {
      path: ["google"],
      value: { identityProviderId: id },
      why: `${nameOf(wire)}: ${why ?? "used by its id"}`,
    },
  ];
}

function proposeTunnel(placed: Raw, { hosts, account, ownTunnel }: Findings): ConfigChange[] {
  const now = isFields(placed["tunnel"]) ? placed["tunnel"] : {};
  if (typeof now["id"] === "string") return [];
  if (account.tunnels.some((tunnel) => tunnel["id"] === ownTunnel)) return [];
  const served = hosts.find((host) => host.tunnelId !== undefined)?.tunnelId;
  const named = account.tunnels.find((tunnel) => tunnel["name"] === now["name"] && now["name"] !== undefined);
  const id = served ?? (named && text(named, "id"));
  if (id === undefined) return [];
  const name = nameOf(account.tunnels.find((tunnel) => tunnel["id"] === id) ?? {});
  const why = served === undefined ? "a tunnel of that name is there" : `${name}, which serves the hostname`;
  return [{ path: ["tunnel"], value: { id }, why }];
}

function proposeTokens(placed: Raw, { account, hosts }: Findings): ConfigChange[] {
  const details = (name: string): Record<string, unknown> => {
    const wire = account.serviceTokens.find((token) => text(token, "name") === name);
    const duration = text(wire, "duration");
    const version = Number(wire?.["client_secret_version"] ?? 1);
    return {
      ...(duration === "" || duration === "8760h" ? {} : { duration }),
      // A rotated token keeps its version, and the time at which the secret before stopped.
      ...(version > 1
        ? {
            version,
            previousExpiresAt: text(wire, "previous_client_secret_expires_at") || text(wire, "updated_at"),
          }
        : {}),
    };
  };
  const declared = placed["serviceTokens"];
  if (Array.isArray(declared)) {
    return declared.flatMap((token: unknown, index) =>
      Object.entries(isFields(token) ? details(text(token, "name")) : {})
        .filter(([key]) => isFields(token) && token[key] === undefined)
        .map(([key, value]) => ({ path: ["serviceTokens", index, key], value, why: "as the token is" })),
    );
  }
  const accepted = [...new Set(hosts.flatMap((host) => acceptedNames(account, host)))];
  // An application that accepts none goes on so; where there is none yet, the default is as good as another.
  const isPeopleOnly = hosts.every(({ application }) => application !== undefined);
  const names = accepted.length > 0 ? accepted : isPeopleOnly ? [] : ["comfyui-api"];
  const value = names.map((name) => ({ name, ...details(name) }));
  // The default says the same.
  if (JSON.stringify(value) === '[{"name":"comfyui-api"}]') return [];
  return [{ path: ["serviceTokens"], value, why: "those that the application accepts" }];
}

/** Names of the tokens that the application's Service Auth policies name. */
function acceptedNames(account: Account, { policies }: FoundHost): string[] {
  const ids = policies
    .filter(({ wire }) => wire["decision"] === "non_identity")
    .flatMap(({ wire }) =>
      objects(wire, "include").map((rule) => text(inner(rule, "service_token"), "token_id")),
    );
  return ids.flatMap((id) => {
    const name = text(
      account.serviceTokens.find((token) => token["id"] === id),
      "name",
    );
    return NAME.test(name) ? [name] : [];
  });
}

function proposeApplication(
  placed: Raw,
  host: FoundHost,
  index: number,
  { account, hosts }: Findings,
  notes: string[],
): ConfigChange[] {
  const list = Array.isArray(placed["applications"]) ? placed["applications"] : [];
  const now = isFields(list[index]) ? list[index] : {};
  const changes: ConfigChange[] = [];
  const add = (key: string[], value: unknown, why: string) =>
    void changes.push({ path: ["applications", index, ...key], value, why });
  if (list.length === 0) add(["hostname"], host.hostname, "the default, said aloud");
  const service = text(host.rule, "service");
  if (now["service"] === undefined && service !== "" && service !== "http://localhost:8188") {
    add(["service"], service, "the tunnel's rule");
  }
  const duration = sessionDuration(host);
  if (now["sessionDuration"] === undefined && duration !== "" && duration !== "24h") {
    add(["sessionDuration"], duration, "how long sessions last");
  }
  if (!allowsSomebody(now)) {
    const { emails, domains, other } = whoIsAllowed(host);
    if (emails.length > 0) add(["allow", "emails"], emails, "the application's Allow policies");
    if (domains.length > 0) add(["allow", "emailDomains"], domains, "the application's Allow policies");
    for (const rule of other)
      notes.push(`${host.hostname}: the config has no word for the include rule ${rule}`);
  }
  if (hosts.length > 1 && now["serviceTokens"] === undefined) {
    add(["serviceTokens"], acceptedNames(account, host), "those that the application accepts");
  }
  return changes;
}

/** How long sessions last: a policy's own duration goes before the application's. */
function sessionDuration({ application, policies }: FoundHost): string {
  const ofAll = text(application, "session_duration");
  const [first, ...rest] = policies.map(({ wire }) => text(wire, "session_duration") || ofAll);
  return first !== undefined && rest.every((each) => each === first) ? first : ofAll;
}

function whoIsAllowed({ policies }: FoundHost): { emails: string[]; domains: string[]; other: string[] } {
  const rules = policies
    .filter(({ wire }) => wire["decision"] === "allow")
    .flatMap(({ wire }) => objects(wire, "include"));
  const values = (type: string, field: string) => rules.map((rule) => text(inner(rule, type), field));
  const unique = (all: string[]) => {
    const known = new Map(all.filter((each) => each !== "").map((each) => [each.toLowerCase(), each]));
    return [...known.values()];
  };
  const other = rules.filter((rule) => !("email" in rule) && !("email_domain" in rule));
  return {
    emails: unique(values("email", "email")),
    domains: unique(values("email_domain", "domain")),
    other: other.map((rule) => JSON.stringify(rule)),
  };
}

/** The config with the changes made. */
function applied(placed: Raw, changes: readonly ConfigChange[]): Record<string, unknown> {
  const whole = structuredClone(placed) as Record<string, unknown>;
  for (const { path, value } of changes) set(whole, path, value);
  return whole;
}

type Container = Record<string | number, unknown>;

function set(container: Container, [part, ...rest]: readonly (string | number)[], value: unknown): void {
  if (part === undefined) return;
  const [next] = rest;
  if (next === undefined) {
    if (value === undefined) delete container[part];
    else container[part] = value;
    return;
  }
  const before = container[part];
  if (typeof before !== "object" || before === null) container[part] = typeof next === "number" ? [] : {};
  set(container[part] as Container, rest, value);
}
