import type { Wire } from "../../../cloudflare/account-api";
import { GROUPS } from "../../../cloudflare/permission-groups";
import type { Check } from "../check";
import type { Account, Context } from "../context";
import { type Finding, finding } from "../findings";
import { type IngressLook, judgeOwnRules, judgeSharedRules } from "../ingress";

/** The tunnel: there and remotely managed, or its name free or ours. */
export const tunnel: Check = {
  title: "Tunnel",
  config: ["accountId", "tunnel"],
  groups: [GROUPS.tunnels],
  async run(context) {
    const { account, config, stack } = context;
    const { id, name } = config.tunnel ?? {};
    if (account === undefined) return { findings: [], summary: "" };
    if (id !== undefined) {
      const found = await account.snapshot.tunnel(id);
      const look = await ingressOf(context, account, found);
      return {
        findings: [...judgeShared(id, found, stack), ...(look === undefined ? [] : judgeSharedRules(look))],
        summary: `${found?.["name"]}, shared, ${found?.["status"]}`,
      };
    }
    const found = (await account.snapshot.tunnels()).find((each) => each["name"] === name);
    if (found === undefined) return { findings: [], summary: `${name} is free` };
    if (!(await context.ours()).has(String(found["id"]))) {
      return { findings: [taken(found, stack)], summary: "" };
    }
    const look = await ingressOf(context, account, found);
    return {
      findings: [...judgeConnection(found), ...(look === undefined ? [] : judgeOwnRules(look))],
      summary: `${name}, ours, ${found["status"]}`,
    };
  },
};

/** Undefined when there is no tunnel, or it is not known which of its rules are to be the stack's. */
async function ingressOf(
  { config, state }: Context,
  { snapshot }: Account,
  tunnel: Wire | undefined,
): Promise<IngressLook | undefined> {
  const { applications } = config;
  if (tunnel === undefined || applications === undefined) return undefined;
  return {
    name: String(tunnel["name"]),
    configuration: await snapshot.tunnelConfiguration(String(tunnel["id"])),
    applications,
    resources: (await state()).resources,
  };
}

/** Judges a tunnel that others use too. */
function judgeShared(id: string, found: Wire | undefined, stack: string): Finding[] {
  if (found === undefined) {
    const set = `pulumi config set --stack ${stack} --path`;
    const mend = `${set} tunnel.id <id>  (see: cloudflared tunnel list), or to have one made: pulumi config rm --stack ${stack} --path tunnel.id, then ${set} tunnel.name <name>`;
    return [finding("tunnel-missing", `there is no tunnel ${id} in the account`, mend)];
  }
  // The list says it as `remote_config`, a single tunnel also as `config_src`.
  if (found["remote_config"] === false || found["config_src"] === "local") {
    const what = `the tunnel ${JSON.stringify(found["name"])} takes its rules from a file on its machine`;
    const mend = `Zero Trust → Networks → Tunnels → ${found["name"]} → Migrate.`;
    return [finding("tunnel-local", what, mend, [id])];
  }
  return judgeConnection(found);
}

function judgeConnection(found: Wire): Finding[] {
  const status = String(found["status"]);
  if (status === "healthy") return [];
  const what =
    status === "degraded"
      ? `only a part of the connections of tunnel ${JSON.stringify(found["name"])} is up`
      : `no cloudflared runs the tunnel ${JSON.stringify(found["name"])} (${status})`;
  const mend = "Start cloudflared where it reaches the origin: cloudflared tunnel run --token-file <file>";
  return [finding("tunnel-down", what, mend, [String(found["id"])])];
}

function taken(found: Wire, stack: string): Finding {
  return finding(
    "tunnel-name-taken",
    `there is a tunnel ${JSON.stringify(found["name"])} already that is not this stack's (${found["id"]})`,
    `npm run cli -- adopt --stack ${stack}  (or choose another tunnel.name)`,
    [String(found["id"])],
  );
}
