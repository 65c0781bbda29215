import type { TunnelConfig } from "../../config/stack-config";
import { hostAt, liesOn, placesOf } from "../access";
import { tunnelHost } from "../access/tunnel-host";
import type { FindingOf } from "../base/finding";
import { type Fields, fieldsOf, listOf, textOf } from "../base/json-values";
import { TYPES } from "./kinds";
import { type LastResource, lastState, type ReadState } from "./last-state";
import type { LeftFindings } from "./left-findings";
import { refusal } from "./refusal";
import { tunnelUse } from "./tunnel-use";

/** What the look-ups saw in the account under the names that the stack declares. */
export interface Seen {
  /** Access applications, all of the account. */
  applications: readonly Fields[];
  /** DNS records that carry the stack's own mark, and stand at one of its host names. */
  records: readonly Fields[];
  /** The tunnel that has the name of the stack's own one, and its rules. */
  tunnel?: { tunnel: Fields; rules: readonly Fields[] };
}

/** What the stack declares. */
export interface LeftBehindArgs {
  accountId: string;
  zoneId: string;
  applications: readonly { name: string; hostname: string }[];
  tunnel: TunnelConfig;
  /** Ids of objects of others that the stack has taken over. */
  adopted: readonly string[];
  seen: Seen;
}

/** Ids in the form that Pulumi's `import` option takes; applications and records by the application's name. */
export interface LeftBehind {
  applications: Readonly<Record<string, LeftApplication>>;
  records: Readonly<Record<string, string>>;
  tunnel?: string;
}

/** An application that an interrupted run made. */
export interface LeftApplication {
  /** Absent when the run before this one took it in, and did not come to its end. */
  importId?: string;
  /**
   * Whether the state still has the application that this one replaced. The engine keeps such an entry until it has
   * created another one under the same URN, and imports beside it only to delete it again on every run. So the new one
   * comes in under {@link REPLACEMENT another name}, which has the engine forget the old one; the run after gives it the
   * right name.
   */
  replaces: boolean;
}

/** What is put behind an application's name; the config allows no such name. */
export const REPLACEMENT = ".replacement";

/**
 * Finds objects that an earlier run of this stack made without the state hearing of it: the run was killed, or the
 * answer was lost. Cloudflare refuses a second application for a host name, a second tunnel of a name and a second
 * record, so without them no later run could go on. The engine takes them into the state, and compares them with what
 * is declared first. What is not certain to be this stack's own is refused.
 * @throws ProblemsError for what stands in the way and is not this stack's
 */
export async function leftBehind(
  args: LeftBehindArgs,
  readState: ReadState = lastState,
): Promise<LeftBehind> {
  const { accountId, seen } = args;
  const names = new Set(args.applications.map(({ name }) => name));
  const applications = seen.applications.filter(({ name }) => names.has(String(name)));
  if (applications.length + seen.records.length === 0 && seen.tunnel === undefined) {
    return { applications: {}, records: {} };
  }
  const state = await readState();
  const search: Search = {
    ...args,
    state,
    ids: new Set(state.flatMap(({ outputs }) => textOf(outputs["id"]) ?? [])),
    ownTunnel: textOf(state.find(({ type }) => type === TYPES.tunnel)?.outputs["id"]),
    findings: [],
  };
  const left = args.applications.map((application, index) => {
    const path = `applications[${index}].hostname`;
    return {
      name: application.name,
      application: applicationLeft(search, applications, application, path),
      record: recordLeft(search, application, path),
    };
  });
  const tunnel = tunnelLeft(search);
  if (search.findings.length > 0) throw refusal(`account ${accountId}`, search.findings);
  return {
    applications: defined(left.map(({ name, application }) => [name, application])),
    records: defined(left.map(({ name, record }) => [name, record])),
    tunnel,
  };
}

function defined<T>(entries: readonly [string, T | undefined][]): Record<string, T> {
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** What there is to say of what is taken into the state, one line each. */
export function takenBack({ applications, records, tunnel }: LeftBehind): string[] {
  const of = (kind: string, name: string, id = "") =>
    id === "" ? [] : [`${kind} ${name} (${id.split("/").at(-1)})`];
  const objects = [
    ...Object.entries(applications).flatMap(([name, { importId }]) =>
      of("Access application", name, importId),
    ),
    ...Object.entries(records).flatMap(([name, id]) => of("DNS record", name, id)),
    ...of("tunnel", "of the stack", tunnel),
  ];
  return objects.map(
    (object) => `an earlier run made the ${object} without the state hearing of it; this run takes it in`,
  );
}

interface Search extends LeftBehindArgs {
  state: readonly LastResource[];
  /** Of all that the state has. */
  ids: ReadonlySet<string>;
  /** Id of the tunnel that the state has. */
  ownTunnel?: string;
  /** What stands in the way, and is not certain to be the stack's. */
  findings: FindingOf<LeftFindings>[];
}

type Application = LeftBehindArgs["applications"][number];

function isAccountedFor({ ids, adopted }: Search, object: Fields): boolean {
  return ids.has(idOf(object)) || adopted.includes(idOf(object));
}

function applicationLeft(
  search: Search,
  seen: readonly Fields[],
  { name, hostname }: Application,
  path: string,
): LeftApplication | undefined {
  const application = seen.find(
    (each) => each["name"] === name && placesOf(each).some((place) => liesOn(place, hostname) === "itself"),
  );
  if (application === undefined) return undefined;
  const replaced = applicationInState(search, name);
  const replaces = replaced !== undefined;
  if (isAccountedFor(search, application)) {
    return replaces && applicationInState(search, name + REPLACEMENT) ? { replaces } : undefined;
  }
  const stillThere = search.seen.applications.some((each) => each["id"] === replaced?.outputs["id"]);
  if (!stillThere && isOwnApplication(application, hostname, search.ids)) {
    return { importId: `accounts/${search.accountId}/${idOf(application)}`, replaces };
  }
  search.findings.push({
    code: "application-unknown",
    severity: "error",
    where: path,
    data: { hostname, name, id: idOf(application) },
  });
  return undefined;
}

function applicationInState({ state }: Search, name: string): LastResource | undefined {
  return state.find(({ type, urn }) => type === TYPES.application && urn.endsWith(`::${name}`));
}

function recordLeft(search: Search, { hostname }: Application, path: string): string | undefined {
  const record = search.seen.records.find((each) => hostAt(String(each["name"])) === hostname);
  if (record === undefined || isAccountedFor(search, record)) return undefined;
  const target = search.tunnel.id ?? search.ownTunnel;
  const isOurs = target !== undefined && record["content"] === tunnelHost(target);
  if (record["type"] === "CNAME" && isOurs) {
    return `${search.zoneId}/${idOf(record)}`;
  }
  search.findings.push({
    code: "record-unknown",
    severity: "error",
    where: path,
    data: { hostname, id: idOf(record), content: String(record["content"]) },
  });
  return undefined;
}

function tunnelLeft({ accountId, ids, ownTunnel, findings, seen }: Search): string | undefined {
  if (seen.tunnel === undefined || ownTunnel !== undefined) return undefined;
  const { tunnel, rules } = seen.tunnel;
  if (ids.has(idOf(tunnel))) return undefined;
  if (isUnused(tunnel) && rules.length === 0) return `${accountId}/${idOf(tunnel)}`;
  findings.push({
    code: "tunnel-unknown",
    severity: "error",
    where: "tunnel.name",
    data: { name: String(tunnel["name"]), id: idOf(tunnel) },
  });
  return undefined;
}

/**
 * Guards this host name alone, and by policies that the state knows all of: a run makes them first. The two switches
 * are compared here because the provider does not read them on an import.
 */
function isOwnApplication(application: Fields, hostname: string, ids: ReadonlySet<string>): boolean {
  const policies = listOf(application["policies"]).map((each) => textOf(fieldsOf(each)["id"]) ?? "");
  return (
    placesOf(application).every((place) => liesOn(place, hostname) === "itself") &&
    policies.length > 0 &&
    policies.every((id) => ids.has(id)) &&
    application["enable_binding_cookie"] !== true &&
    application["options_preflight_bypass"] !== true
  );
}

/** No connector ever came: taking it over cuts nobody off. */
function isUnused(tunnel: Fields): boolean {
  return (
    tunnelUse(tunnel) === "never connected" &&
    tunnel["config_src"] !== "local" &&
    tunnel["remote_config"] !== false
  );
}

const idOf = (object: Fields): string => String(object["id"]);
