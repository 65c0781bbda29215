import { canonicalHost } from "../access/host-pattern";
import { tunnelHost } from "../access/tunnel-host";
import { UserError } from "../base/errors";
import { fieldsOf, textOf } from "../base/json-values";
import type { Wire } from "./account-api";
import type { AccountSnapshot } from "./account-snapshot";
import { TYPES } from "./kinds";
import { goesOn, loginUsers, tunnelUsers } from "./other-users";
import type { StackResource } from "./stack-export";

/** An object of the stack's that others use. */
interface UsedByOthers {
  /** As people call it, e.g. `tunnel comfyui (<id>)`. */
  object: string;
  /** Who needs it. */
  users: string[];
  /** Of a login: who offers it with every other one, and goes on with those. */
  alsoOffering: string[];
}

/**
 * Tunnels and logins of a stack that others use, which a removal of the stack would take from them. Reads only.
 * @param resources the stack's state
 * @throws {ApiError} when the account cannot be read
 */
async function usedByOthers(
  account: AccountSnapshot,
  resources: readonly StackResource[],
): Promise<UsedByOthers[]> {
  const own = new Set(resources.map(({ id }) => id).filter((id) => id !== ""));
  // The engine itself leaves what is protected.
  const removable = resources.filter(({ id, protect }) => id !== "" && protect !== true);
  const logins = removable.filter(({ type }) => type === TYPES.identityProvider);
  const tunnels = removable.filter(({ type }) => type === TYPES.tunnel);
  const around = logins.length === 0 ? undefined : await readAround(account);
  const zones = tunnels.length === 0 ? [] : await account.zones();
  const found = [
    ...logins.map(({ id, inputs }) => ({
      object: `login ${textOf(inputs["name"]) ?? id} (${id})`,
      ...(around === undefined ? { users: [], alsoOffering: [] } : loginUsers(id, around, own)),
    })),
    ...(await Promise.all(
      tunnels.map(async ({ id, inputs }) => {
        const [config, records] = await Promise.all([configOf(account, id), recordsOf(account, zones, id)]);
        return {
          object: `tunnel ${textOf(inputs["name"]) ?? id} (${id})`,
          users: tunnelUsers({ config, records }, own, ruleHosts(resources)),
          alsoOffering: [],
        };
      }),
    )),
  ];
  return found.filter(({ users, alsoOffering }) => users.length + alsoOffering.length > 0);
}

async function readAround(account: AccountSnapshot) {
  const [applications, policies, logins, groups] = await Promise.all([
    account.applications(),
    account.policies(),
    account.identityProviders(),
    account.groups(),
  ]);
  return { applications, policies, logins, groups };
}

async function configOf(account: AccountSnapshot, id: string): Promise<Wire> {
  return fieldsOf((await account.tunnelConfiguration(id))?.["config"]);
}

/** In every zone that the token sees: records of other stacks stand in zones of their own. */
async function recordsOf(account: AccountSnapshot, zones: readonly Wire[], id: string): Promise<Wire[]> {
  const target = { "content.exact": tunnelHost(id) };
  const lists = await Promise.all(zones.map((zone) => account.dnsRecords(String(zone["id"]), target)));
  return lists.flat();
}

/** Host names of the rules that the stack has written into a tunnel of its own. */
function ruleHosts(resources: readonly StackResource[]): Set<string> {
  const rules = resources
    .filter(({ type }) => type === TYPES.ownIngress)
    .flatMap(({ inputs }) => fieldsOf(inputs["config"])["ingresses"] ?? [])
    .map(fieldsOf);
  return new Set(rules.map((rule) => canonicalHost(rule["hostname"])));
}

/**
 * Before a stack is destroyed.
 * @returns what is worth knowing and no hindrance, a line each
 * @throws {UserError} naming what others use of it, and who they are
 */
export async function refuseWhileUsed(
  account: AccountSnapshot,
  stack: string,
  resources: readonly StackResource[],
): Promise<string[]> {
  const found = await usedByOthers(account, resources);
  const used = found.filter(({ users }) => users.length > 0);
  if (used.length === 0) return found.map(({ object, alsoOffering }) => goesOn(object, alsoOffering));
  const lines = used.map(({ object, users }) => `${object} is used by ${users.join("; ")}`);
  throw new UserError(
    `stack ${stack} has what others use, and nothing was removed: ${lines.join(". ")}`,
    "Have each of them use a tunnel or a login of its own, then run destroy again.",
  );
}
