import { textOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { type AccountSnapshot, readingOf } from "../../cloudflare/account-snapshot";
import { TYPES } from "../../cloudflare/kinds";
import type { StackResource, StackSettings } from "../stack/read-stack";
import { kindOf } from "./kinds";
import type { Failure } from "./types";

/** An account as it is now, as far as a stack goes. What could not be read is missing, and in `failures`. */
export interface Account {
  /** By URN of the resource; null: there is no such object any more. */
  objects: ReadonlyMap<string, Wire | null>;
  /** By URN of a resource that is gone: an object of the same kind and name that stands in its place. */
  successors: ReadonlyMap<string, Wire>;
  applications?: Wire[];
  identityProviders?: Wire[];
  serviceTokens?: Wire[];
  /** Records of the names that the stack publishes. */
  records?: Wire[];
  organization?: Wire;
  /** The tunnel that the stack shares; null: it is gone. Absent for an owned one. */
  sharedTunnel?: Wire | null;
  failures: Failure[];
}

/** Reads everything that is compared: one call for each object of the stack, and one for each list. */
export async function readAccount(
  account: AccountSnapshot,
  { resources, settings }: { resources: readonly StackResource[]; settings: StackSettings },
): Promise<Account> {
  const failures: Failure[] = [];
  const tried = async <T>(what: string, part: Promise<T>): Promise<T | undefined> => {
    const reading = await readingOf(part);
    if ("value" in reading) return reading.value;
    failures.push({ what, why: reading.notRead.message });
    return undefined;
  };
  const objects = new Map<string, Wire | null>();
  const reads = resources.flatMap((resource) => {
    const kind = kindOf(resource.type);
    if (kind === undefined) return [];
    const what = `${kind.subject} ${nameOf(resource)}`;
    const read = async () => {
      const found = await account.read(kind.path(account, resource), what);
      objects.set(resource.urn, found === undefined || (found["deleted_at"] ?? null) !== null ? null : found);
    };
    return tried(what, read());
  });
  const { tunnel } = settings.config;
  const [applications, identityProviders, serviceTokens, organization, records, sharedTunnel] =
    await Promise.all([
      tried("the Access applications", account.applications()),
      tried("the identity providers", account.identityProviders()),
      tried("the service tokens", account.serviceTokens()),
      tried("the Zero Trust organization", account.organization()),
      tried("the DNS records of the stack's names", recordsOf(account, resources)),
      tunnel.id === undefined
        ? undefined
        : tried(
            `tunnel ${tunnel.id}`,
            account.tunnel(tunnel.id).then((found) => found ?? null),
          ),
      ...reads,
    ]);
  const gone = resources.filter(({ urn }) => objects.get(urn) === null);
  const successors = new Map<string, Wire>();
  for (const resource of gone) {
    const what = `what stands in place of ${nameOf(resource)}`;
    const found = await tried(what, successorOf(account, resource));
    if (found !== undefined) successors.set(resource.urn, found);
  }
  return {
    objects,
    successors,
    applications,
    identityProviders,
    serviceTokens,
    records,
    organization,
    sharedTunnel,
    failures,
  };
}

/** What people know an object by: its name in the account, else in the program. */
export function nameOf({ inputs, outputs, name }: StackResource): string {
  return textOf(outputs["name"]) ?? textOf(inputs["name"]) ?? name;
}

async function recordsOf(account: AccountSnapshot, resources: readonly StackResource[]): Promise<Wire[]> {
  const names = new Map(
    resources
      .filter(({ type }) => type === TYPES.dnsRecord)
      .map((record) => [nameOf(record), String(record.inputs["zoneId"])]),
  );
  const lists = await Promise.all(
    [...names].map(([name, zone]) => account.dnsRecords(zone, { "name.exact": name })),
  );
  return lists.flat();
}

const LISTS: Readonly<Record<string, (account: AccountSnapshot) => Promise<Wire[]>>> = {
  application: (account) => account.applications(),
  policy: (account) => account.policies(),
  "identity provider": (account) => account.identityProviders(),
  "service token": (account) => account.serviceTokens(),
  tunnel: (account) => account.tunnels(),
  "notification policy": (account) => account.notificationPolicies(),
};

async function successorOf(account: AccountSnapshot, resource: StackResource): Promise<Wire | undefined> {
  const list = LISTS[kindOf(resource.type)?.subject ?? ""];
  const all = list === undefined ? [] : await list(account);
  return all.find(({ name, id }) => name === nameOf(resource) && id !== resource.id);
}
