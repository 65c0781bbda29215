import type { TunnelConfig } from "../../../config/stack-config";
import { canonicalHost } from "../../access/host-pattern";
import type { Fields } from "../../base/json-values";
import type { Wire } from "../account-api";
import { type AccountSnapshot, rulesIn } from "../account-snapshot";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, type Found, noteBy, STOPS_PREVIEW, WARNS } from "./check";

export interface TunnelFindings {
  "tunnel-missing": { id: string };
  "tunnel-local": { id: string; name: unknown };
  "tunnel-name-taken": { id: string; name: unknown };
  "tunnel-down": { id: string; name: unknown; status: string };
}

/** The tunnel: there and remotely managed, or its name free or ours. */
export const tunnel: Check<TunnelFindings, AccountLook> = {
  code: "tunnel",
  title: "Tunnel",
  reads: ["account"],
  config: ["accountId", "tunnel"],
  groups: [GROUPS.tunnels],
  finds: {
    "tunnel-missing": STOPS_PREVIEW,
    "tunnel-local": STOPS_PREVIEW,
    "tunnel-name-taken": STOPS_PREVIEW,
    "tunnel-down": WARNS,
  },
  async run({ account, config, isOurs }) {
    const { id, name } = config.tunnel ?? {};
    if (id !== undefined) {
      const found = await account.tunnel(id);
      return {
        findings: judgeShared(id, found),
        summary: `${found?.["name"]}, shared, ${found?.["status"]}`,
      };
    }
    const found = await account.tunnelNamed(String(name));
    if (found === undefined) return { findings: [], summary: `${name} is free` };
    if (!(await isOurs("tunnel", found))) {
      const data = { id: String(found["id"]), name: found["name"] };
      return {
        findings: [note("tunnel-name-taken", "tunnel.name", data, { objects: [data.id] })],
        summary: "",
      };
    }
    return { findings: judgeConnection(found, "tunnel.name"), summary: `${name}, ours, ${found["status"]}` };
  },
};

const note = noteBy<TunnelFindings>(tunnel.finds);

/** Whether the rules of the stack's own tunnel can be read; what they are to be is judged with the state. */
export const ownRules: Check<object, AccountLook> = {
  code: "own-rules",
  title: "Tunnel rules",
  reads: ["account"],
  groups: [GROUPS.tunnels],
  concerns: ({ config }) => config.tunnel?.name !== undefined,
  finds: {},
  async run({ account, config }) {
    await ownTunnel(account, config.tunnel);
    return { findings: [], summary: "" };
  },
};

/** The tunnel that has the name of the stack's own one, and its rules; undefined when there is none. */
export async function ownTunnel(
  account: AccountSnapshot,
  { name }: Pick<TunnelConfig, "name"> = {},
): Promise<{ tunnel: Wire; rules: Fields[] } | undefined> {
  const found = name === undefined ? undefined : await account.tunnelNamed(name);
  if (typeof found?.["id"] !== "string") return undefined;
  return { tunnel: found, rules: rulesIn(await account.tunnelConfiguration(found["id"])) };
}

/** A stack's own list is replaced as a whole: the rules of it that a stack with these host names would not write again. */
export function undeclaredRules<Rule extends Fields>(
  rules: readonly Rule[],
  hostnames: readonly unknown[],
): Rule[] {
  const declared = new Set(hostnames.map(canonicalHost));
  return rules.filter(({ hostname, path: below }) => {
    const host = canonicalHost(hostname);
    return host !== "" && (!declared.has(host) || Boolean(below));
  });
}

/** Judges a tunnel that others use too. */
function judgeShared(id: string, found: Wire | undefined): Found<TunnelFindings>[] {
  const where = "tunnel.id";
  if (found === undefined) return [note("tunnel-missing", where, { id })];
  // The list says it as `remote_config`, a single tunnel also as `config_src`.
  if (found["remote_config"] === false || found["config_src"] === "local") {
    return [note("tunnel-local", where, { id, name: found["name"] }, { objects: [id] })];
  }
  return judgeConnection(found, where);
}

function judgeConnection(found: Wire, where: string): Found<TunnelFindings>[] {
  const status = String(found["status"]);
  if (status === "healthy") return [];
  const id = String(found["id"]);
  return [note("tunnel-down", where, { id, name: found["name"], status }, { objects: [id] })];
}
