import type { Wire } from "../../../packages/cloudflare/account-api";
import type { DriftRig } from "./account";
import { changed } from "./mutations";
import { type Others, writings } from "./table";

/** One thing done to the account by hand, and how to take it back. */
export interface Deed {
  does: string;
  do(): Promise<unknown>;
  /** Default: nothing has to be taken back. */
  undo?(): Promise<unknown>;
  /** What the look names. */
  told: string[];
  /** What it opens, or who gains and loses; all of it. */
  access: string[];
}

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const records = "/zones/fedcba9876543210fedcba9876543210/dns_records";
const HOST = "comfyui.datacrew.space";
const links = (live: Wire) => (live["policies"] as Wire[]).map(({ id, precedence }) => ({ id, precedence }));

/** What is done by hand, each to a sound account. */
export function deedsOf(drift: DriftRig, others: Others): Deed[] {
  const api = <T = Wire>(method: string, path: string, body?: unknown) =>
    drift.rig.api<T>(method, path, body);

  /** Writes a changed copy of an object, and back what it was. */
  function rewriting(subject: string, name: string | undefined, change: (live: Wire) => Wire) {
    let live: Wire;
    const writing = () => writings(others)[subject as keyof ReturnType<typeof writings>];
    return {
      do: async () => {
        live = await drift.read(drift.pathOf(subject, name));
        await api(writing().method, drift.pathOf(subject, name), writing().body(change(live)));
      },
      undo: () => api(writing().method, drift.pathOf(subject, name), writing().body(live)),
    };
  }

  /** Makes an object beside the stack's, and takes it away again. */
  function making(path: string, body: () => object) {
    let id = "";
    return {
      do: async () => {
        id = (await api<{ id: string }>("POST", path, body())).id;
      },
      undo: () => api("DELETE", `${path}/${id}`),
    };
  }

  return [
    {
      does: "lets one more person in",
      ...rewriting("policy", "comfyui-google-email", (live) => ({
        ...live,
        include: [...(live["include"] as object[]), { email: { email: "stranger@example.org" } }],
      })),
      told: ["policy comfyui-google-email: include"],
      access: [`stranger@example.org → ${HOST} – by logging in, for 24h`],
    },
    {
      does: "lets another token in",
      ...rewriting("policy", "comfyui-service-token", (live) => ({
        ...live,
        include: [...(live["include"] as object[]), { service_token: { token_id: others.otherToken } }],
      })),
      told: ["policy comfyui-service-token: include"],
      access: [`service token somebody-else → ${HOST} – with the token alone, as long as it is valid`],
    },
    {
      does: "makes a login last longer",
      ...rewriting("policy", "comfyui-google-email", (live) => ({ ...live, session_duration: "48h" })),
      told: ["policy comfyui-google-email: session_duration"],
      access: [`artist@datacrew.space → ${HOST} – 48h instead of 24h`],
    },
    {
      does: "attaches a policy that lets everybody pass",
      ...rewriting("application", "comfyui", (live) => ({
        ...live,
        policies: [...links(live), { id: others.otherPolicy, precedence: 3 }],
      })),
      told: ["application comfyui: policies"],
      access: [
        `Access no longer keeps out anyone, without logging in at ${HOST}: only the connector's check of the JWT does`,
        `artist@datacrew.space → ${HOST} – until now by logging in, for 24h`,
      ],
    },
    {
      does: "detaches the policy for people",
      ...rewriting("application", "comfyui", (live) => ({ ...live, policies: links(live).slice(1) })),
      told: ["application comfyui: policies"],
      access: [`artist@datacrew.space → ${HOST} – until now by logging in, for 24h`],
    },
    {
      does: "offers every login of the account",
      ...rewriting("application", "comfyui", (live) => ({
        ...live,
        policies: links(live),
        allowed_idps: [],
        auto_redirect_to_identity: false,
      })),
      told: ["application comfyui: allowed_idps", "application comfyui: auto_redirect_to_identity"],
      access: [
        `${HOST} now offers a login with any login of the account`,
        `${HOST} now offers a login with Other`,
      ],
    },
    {
      does: "puts an application without a check in front of a part",
      ...making(`${ACCOUNT}/access/apps`, () => ({
        type: "self_hosted",
        name: "shortcut",
        destinations: [{ type: "public", uri: `${HOST}/api` }],
        policies: [{ id: others.otherPolicy, precedence: 1 }],
      })),
      told: ["application shortcut: added"],
      access: [
        `Access no longer keeps out anyone, without logging in at ${HOST} (/api and below): only the connector's check of the JWT does`,
        `artist@datacrew.space → ${HOST} (/api and below) – until now by logging in, for 24h, logged in with Google`,
        `service token comfyui-api → ${HOST} (/api and below) – until now with the token alone, as long as it is valid`,
      ],
    },
    {
      does: "takes the record out from behind Cloudflare",
      ...rewriting("DNS record", "comfyui", (live) => ({ ...live, proxied: false })),
      told: [`DNS record ${HOST}: proxied`],
      access: [
        `${HOST} is not proxied: its visitors do not come through Cloudflare, so Access guards nothing there`,
        `artist@datacrew.space → ${HOST} – until now by logging in, for 24h`,
        `service token comfyui-api → ${HOST} – until now with the token alone, as long as it is valid`,
      ],
    },
    {
      does: "switches the token off",
      ...rewriting("service token", "comfyui-api", (live) => ({ ...live, enabled: false })),
      undo: () => api("PUT", drift.pathOf("service token"), { name: "comfyui-api", enabled: true }),
      told: ["service token comfyui-api: enabled"],
      access: [
        "service token comfyui-api is switched off: clients that use its credentials are cut off",
        `service token comfyui-api → ${HOST} – until now with the token alone, as long as it is valid`,
      ],
    },
    {
      does: "has the connector ask for no JWT",
      ...rewriting("tunnel configuration", undefined, (live) => ({
        config: changed(live["config"], { path: "ingress.0.originRequest", value: undefined }),
      })),
      told: [
        `tunnel configuration ingress: ingress[${HOST}].originRequest.access.required`,
        `tunnel configuration ingress: ingress[${HOST}].originRequest.access.teamName`,
        `tunnel configuration ingress: ingress[${HOST}].originRequest.access.audTag`,
      ],
      access: [
        `the connector no longer checks Access's JWT for ${HOST}: whoever gets past Access is at the origin`,
      ],
    },
    {
      does: "puts a rule for one path before the stack's",
      ...rewriting("tunnel configuration", undefined, ({ config }) => {
        const { ingress } = config as { ingress: object[] };
        return {
          config: { ingress: [{ hostname: HOST, path: "^/api", service: "http://localhost:9" }, ...ingress] },
        };
      }),
      told: [`tunnel configuration ingress: ingress[${HOST}/^/api]`],
      access: [
        `! requests to ${HOST}, path ^/api, end at http://localhost:9, and no JWT of Access is asked for there`,
        `${HOST} (paths like ^/api) leads to http://localhost:9 instead of http://localhost:8188, for everybody who gets in`,
        `the connector no longer checks Access's JWT for ${HOST} (paths like ^/api): whoever gets past Access is at the origin`,
      ],
    },
    {
      does: "publishes another host name through the tunnel",
      ...rewriting("tunnel configuration", undefined, ({ config }) => {
        const { ingress } = config as { ingress: object[] };
        return {
          config: {
            ingress: [{ hostname: "open.datacrew.space", service: "http://localhost:9" }, ...ingress],
          },
        };
      }),
      told: ["tunnel configuration ingress: ingress[open.datacrew.space]"],
      access: [
        "open.datacrew.space is published without an application: Access asks nobody there",
        "anyone, without logging in → open.datacrew.space – WITHOUT ANY CHECK",
        "open.datacrew.space leads to http://localhost:9",
      ],
    },
    {
      does: "has the login go to another OAuth client",
      ...rewriting("identity provider", "google", (live) => ({
        ...live,
        config: { ...(live["config"] as object), client_id: "another.apps.googleusercontent.com" },
      })),
      told: ["identity provider Google: config.client_id"],
      access: ["! somebody else now vouches for the addresses that log in"],
    },
    {
      does: "makes what has nothing to do with the stack",
      ...making(`${ACCOUNT}/access/apps`, () => ({
        type: "self_hosted",
        name: "everything else",
        destinations: [{ type: "public", uri: "*.datacrew.space" }],
        policies: [{ id: others.otherPolicy, precedence: 1 }],
      })),
      told: [],
      access: [],
    },
    {
      does: "makes a text record of the name, which leads nowhere",
      ...making(records, () => ({ type: "TXT", name: `_x.${HOST}`, content: '"x"' })),
      told: [],
      access: [],
    },
  ];
}
