import { ApiError } from "../../base/errors";
import { fieldsOf, listOf, textOf } from "../../base/json-values";
import { rulesIn } from "../../cloudflare/account-snapshot";
import { ApiClient, type Wire } from "../../cloudflare/api-client";
import { KINDS, type Kind } from "../../cloudflare/kinds";
import { apiPath } from "../../cloudflare/kinds/api-form";

/** One resource as `pulumi stack export` lists it. */
interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  id?: string;
  outputs?: Record<string, unknown>;
}

/** A stack's state, as `pulumi stack export` prints it; secrets stay encrypted. */
export interface StackExport {
  deployment: { resources?: StateResource[] };
}

/** An object that the stack made, as the account shows it. */
export interface InventoryItem {
  /** What it is, in Cloudflare's words. */
  kind: string;
  /** Its name in the account, or in the stack where it has none. */
  name: string;
  id: string;
  /** One more thing worth knowing, e.g. the hostname. */
  detail: string;
}

/** What an object of a state is called, and what is shown of it. */
interface Shown {
  of: Kind;
  kind: string;
  /** What the account calls it, and one more thing worth knowing. */
  shown(wire: Wire): { name?: string; detail: string };
}

const rulesShown: Shown["shown"] = (wire) => {
  const rules = rulesIn(wire);
  return { detail: rules.map(({ hostname, service }) => `${hostname || "*"} → ${service}`).join(", ") };
};

const named = (detail: (wire: Wire) => string): Shown["shown"] => {
  return (wire) => ({ name: textOf(wire["name"]), detail: detail(wire) });
};

/** In the order in which a reader thinks of them: who logs in, what is guarded, who may, how it is reached. */
const SHOWN: readonly Shown[] = [
  { of: KINDS.identityProvider, kind: "identity provider", shown: named(({ type }) => String(type)) },
  {
    of: KINDS.application,
    kind: "Access application",
    shown: named(({ destinations, policies }) => {
      const hosts = listOf(destinations).map((destination) => fieldsOf(destination)["uri"]);
      return `${hosts.join(", ")}, ${listOf(policies).length} policies`;
    }),
  },
  {
    of: KINDS.policy,
    kind: "Access policy",
    shown: named(({ decision, include }) => {
      const who = listOf(include).map((rule) => Object.keys(fieldsOf(rule))[0]);
      return `${decision}: ${who.join(", ")}`;
    }),
  },
  {
    of: KINDS.token,
    kind: "service token",
    shown: named(({ expires_at: end }) => `expires ${textOf(end)?.slice(0, 10) ?? "never"}`),
  },
  { of: KINDS.tunnel, kind: "tunnel", shown: named(({ status }) => String(status ?? "")) },
  { of: KINDS.ownIngress, kind: "tunnel ingress", shown: rulesShown },
  { of: KINDS.sharedIngress, kind: "tunnel ingress", shown: rulesShown },
  {
    of: KINDS.dnsRecord,
    kind: "DNS record",
    shown: named(({ type, proxied }) => `${type}, ${proxied ? "proxied" : "NOT PROXIED"}`),
  },
  { of: KINDS.alert, kind: "notification", shown: named(({ alert_type: type }) => String(type ?? "")) },
];

const BY_TYPE: ReadonlyMap<string, Shown> = new Map(SHOWN.map((each) => [each.of.types[0], each]));

/** Google's, which has an API of its own. */
const GOOGLE_SECRET = { type: "gcp:secretmanager/secret:Secret", kind: "Google secret" };

async function readGoogleSecret(googleUrl: string, id: string): Promise<{ detail: string }> {
  const { versions } = await readGoogle<{ versions?: unknown[] }>(`${googleUrl}/v1/${id}/versions`);
  const count = versions?.length ?? 0;
  return { detail: `${count} version${count === 1 ? "" : "s"}` };
}

async function readGoogle<T>(url: string): Promise<T> {
  const answer = await fetch(url, { headers: { authorization: "Bearer sandbox" } });
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status });
  return (await answer.json()) as T;
}

/** The resources of a state that stand for an object in an account: not components, not providers. */
export function objectsOf(state: StackExport): StateResource[] {
  return (state.deployment.resources ?? []).filter(
    (resource) => resource.custom === true && !resource.type.startsWith("pulumi:"),
  );
}

/**
 * Reads every object of a state back through the APIs.
 *
 * @throws {ApiError} naming the first object that the state has and the account has not.
 */
export async function readBack(
  state: StackExport,
  api: { baseURL: string; apiToken: string; googleUrl: string },
): Promise<InventoryItem[]> {
  const { baseURL, apiToken, googleUrl } = api;
  const client = new ApiClient({ token: apiToken, baseUrl: baseURL, retries: 2 });
  const order = [...BY_TYPE.keys(), GOOGLE_SECRET.type];
  const objects = objectsOf(state)
    .filter(({ type }) => order.includes(type))
    .sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type) || a.urn.localeCompare(b.urn));
  return Promise.all(
    objects.map(async ({ type, urn, id = "", outputs = {} }) => {
      const logicalName = urn.split("::").at(-1) ?? urn;
      const known = BY_TYPE.get(type);
      const kind = known?.kind ?? GOOGLE_SECRET.kind;
      const failed = (status?: number, detail?: string) => {
        const object = `${kind} ${logicalName} (${id})`;
        return new ApiError({ action: "read back", object, status, detail });
      };
      const read = async (): Promise<ReturnType<Shown["shown"]>> => {
        if (known === undefined) return readGoogleSecret(googleUrl, id);
        const wire = await client.read(apiPath(known.of, { ...outputs, id }), `${kind} ${logicalName}`);
        if (wire === undefined) throw failed(404);
        return known.shown(wire);
      };
      const { name, detail } = await read().catch((error: unknown) => {
        if (error instanceof ApiError) throw error;
        throw failed(
          (error as { status?: number }).status,
          error instanceof Error ? error.message : undefined,
        );
      });
      return { kind, name: name ?? logicalName, id: id.split("/").at(-1) ?? id, detail };
    }),
  );
}
