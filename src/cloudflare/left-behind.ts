import type { TunnelConfig } from "../config";
import { type Fields, fieldsOf, listOf, textOf } from "../json-values";
import { lastState, type ReadState } from "../last-state";
import { type Problem, ProblemsError } from "../problems";
import { applicationUris } from "./application-uris";

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
  applications: Readonly<Record<string, string>>;
  records: Readonly<Record<string, string>>;
  tunnel?: string;
}

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
  const { accountId, zoneId, seen } = args;
  const names = new Set(args.applications.map(({ name }) => name));
  const mayBeOurs = seen.applications.filter(({ name }) => names.has(String(name)));
  if (mayBeOurs.length + seen.records.length === 0 && seen.tunnel === undefined) {
    return { applications: {}, records: {} };
  }
  const state = await readState();
  const ids = new Set(state.flatMap(({ outputs }) => textOf(outputs["id"]) ?? []));
  const isKnown = (object: Fields) => ids.has(textOf(object["id"]) ?? "");
  const problems: Problem[] = [];
  const found = { applications: {} as Record<string, string>, records: {} as Record<string, string> };

  for (const [index, { name, hostname }] of args.applications.entries()) {
    const path = `applications[${index}].hostname`;
    const application = mayBeOurs.find(
      (each) => each["name"] === name && applicationUris(each).includes(hostname),
    );
    if (application !== undefined && !isKnown(application) && !args.adopted.includes(idOf(application))) {
      if (isOwnApplication(application, hostname, ids)) {
        found.applications[name] = `accounts/${accountId}/${idOf(application)}`;
      } else {
        problems.push({
          path,
          found: `${hostname} belongs to the Access application "${name}" (${idOf(application)}), which this stack's state does not know`,
          remedy: "To take it over: npm run cli -- adopt. Is this the backend that has the stack's state?",
        });
      }
    }
    const record = seen.records.find((each) => String(each["name"]).toLowerCase() === hostname);
    if (record !== undefined && !isKnown(record) && !args.adopted.includes(idOf(record))) {
      const target = args.tunnel.id ?? ownTunnel(state);
      if (record["type"] === "CNAME" && record["content"] === `${target}.cfargotunnel.com`) {
        found.records[name] = `${zoneId}/${idOf(record)}`;
      } else {
        problems.push({
          path,
          found: `${hostname} has a record with this stack's comment (${idOf(record)}, to ${String(record["content"])}), which its state does not know`,
          remedy:
            "Remove it: npm run cli -- orphans --remove. Is this the backend that has the stack's state?",
        });
      }
    }
  }

  const tunnel = seen.tunnel?.tunnel;
  if (tunnel === undefined || isKnown(tunnel) || ownTunnel(state) !== undefined) {
    if (problems.length > 0) throw new ProblemsError(`account ${accountId}`, problems);
    return found;
  }
  if (!isUnused(tunnel) || (seen.tunnel?.rules.length ?? 0) > 0) {
    problems.push({
      path: "tunnel.name",
      found: `the account has a tunnel ${JSON.stringify(tunnel["name"])} (${idOf(tunnel)}) that is in use, and that this stack's state does not know`,
      remedy: "Choose another name, or give its id as tunnel.id to share it.",
    });
  }
  if (problems.length > 0) throw new ProblemsError(`account ${accountId}`, problems);
  return { ...found, tunnel: `${accountId}/${idOf(tunnel)}` };
}

/**
 * Guards this host name alone, and by policies that the state knows all of: a run makes them first. The two switches
 * are compared here because the provider does not read them on an import.
 */
function isOwnApplication(application: Fields, hostname: string, ids: ReadonlySet<string>): boolean {
  const policies = listOf(application["policies"]).map((each) => textOf(fieldsOf(each)["id"]) ?? "");
  return (
    applicationUris(application).every((uri) => uri === hostname) &&
    policies.length > 0 &&
    policies.every((id) => ids.has(id)) &&
    application["enable_binding_cookie"] !== true &&
    application["options_preflight_bypass"] !== true
  );
}

/** No connector ever came: taking it over cuts nobody off. */
function isUnused(tunnel: Fields): boolean {
  return (
    listOf(tunnel["connections"]).length === 0 &&
    (tunnel["conns_active_at"] ?? null) === null &&
    (tunnel["conns_inactive_at"] ?? null) === null &&
    tunnel["config_src"] !== "local" &&
    tunnel["remote_config"] !== false
  );
}

function ownTunnel(state: Awaited<ReturnType<ReadState>>): string | undefined {
  const tunnel = state.find(({ type }) => type.endsWith(":ZeroTrustTunnelCloudflared"));
  return textOf(tunnel?.outputs["id"]);
}

const idOf = (object: Fields): string => String(object["id"]);
