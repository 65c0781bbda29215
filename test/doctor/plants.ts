import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FindingCode } from "../../packages/cli/doctor/words";
import { requiredGroups } from "../../packages/cloudflare/permission-groups";
import { DEV_ACCOUNT_ID, OTHER_ZONE_ID } from "../../packages/sandbox/account/seed";
import { serveOwnNameOnly, serveSelfSigned } from "../support/origins";
import { ACCESS, ACCOUNT, HOSTNAME, RECORDS, type Rig, stateOf } from "./rig";

/** A defect: how it comes about, and what it is called. */
export interface Plant {
  id: FindingCode;
  by: string;
  plant(rig: Rig): Promise<unknown> | unknown;
  /** What follows from it besides, which a report has to say too. */
  implies?: readonly FindingCode[];
}

const NIL = "00000000-0000-4000-8000-000000000000";
const NEEDED = requiredGroups("up", { alerts: true }).map(({ group, level }) => `${group} ${level}`);
const OTHER_ACCOUNT = "f".repeat(32);

/** Not written out: a secret in this file would be one that git tracks. */
const anotherSecret = () => `GOCSPX-${randomBytes(14).toString("hex")}`;

const days = (rig: Rig, count: number) =>
  new Date(rig.input.now.getTime() + count * 24 * 3_600_000).toISOString();

const patchToken = (rig: Rig, fields: object) => {
  const { store } = rig.sandbox;
  const [token] = store.apiTokens.where(({ name }) => name === "up");
  if (token !== undefined) store.apiTokens.put({ ...token, ...fields });
};
const tell = (rig: Rig, config: Rig["input"]["config"]) => {
  rig.input.config = { ...rig.input.config, ...config };
};
/** The stack's application as another web app than ComfyUI. */
const webApp = ({ input }: Rig, service: string): Rig["input"]["config"] => ({
  applications: (input.config.applications ?? []).map((each) => ({ ...each, kind: "web", service })),
});
/** Without the reader of API tokens, permissions are judged by refusals. */
const unread = (rig: Rig) => {
  rig.input.tokenReader = undefined;
};
const application = (rig: Rig, fields: object) =>
  rig.send("POST", `${ACCESS}/apps`, { type: "self_hosted", name: "elsewhere", ...fields });
const sharedTunnel = async (rig: Rig, source: "local" | "cloudflare") => {
  const made = await rig.send("POST", `${ACCOUNT}/cfd_tunnel`, { name: "shared", config_src: source });
  tell(rig, { tunnel: { id: String(made["id"]) } });
  return String(made["id"]);
};
const ingress = (rig: Rig, id: string, hostnames: readonly string[]) =>
  rig.send("PUT", `${ACCOUNT}/cfd_tunnel/${id}/configurations`, {
    config: {
      ingress: [
        ...hostnames.map((hostname) => ({ hostname, service: "http://localhost:8188" })),
        { service: "http_status:404" },
      ],
    },
  });
const connected = (rig: Rig, id: string) => {
  const tunnel = rig.sandbox.store.tunnels.get(id);
  const secret = { a: DEV_ACCOUNT_ID, t: id, s: tunnel?.secret };
  const token = Buffer.from(JSON.stringify(secret)).toString("base64");
  rig.sandbox.edge?.tunnels.connect({ token, services: {} });
};

/** Every defect that doctor names; none of them changes what another is found by. */
export const PLANTS: readonly Plant[] = [
  {
    id: "unchecked",
    by: "an API that does not answer one of the questions",
    plant: (rig) =>
      rig.sandbox.faults.add({ pathRegex: "/access/organizations$", action: "status", status: 418 }),
  },
  {
    id: "unchecked",
    by: "no API at all",
    plant: (rig) => {
      rig.input.baseUrl = "http://127.0.0.1:1/client/v4";
    },
  },
  {
    id: "unchecked",
    by: "Google out of reach",
    plant: (rig) => {
      const { "*:443": _, ...routes } = rig.input.network.routes ?? {};
      rig.input.network = { ...rig.input.network, routes };
    },
  },
  {
    id: "config-invalid",
    by: "a host name that is none",
    plant: (rig) => {
      const remedy = "Give a lower-case name.";
      rig.input.configProblems = [
        { path: "applications[0].hostname", found: '"x" is not a host name', remedy },
      ];
      const { applications: _, ...rest } = rig.input.config;
      rig.input.config = rest;
    },
  },

  {
    id: "token-missing",
    by: "no API token",
    plant: (rig) => {
      rig.input.token = undefined;
    },
  },
  {
    id: "token-malformed",
    by: "an API token with the line break of the file it was read from",
    plant: (rig) => {
      rig.input.token = `${rig.input.token}\n`;
    },
  },
  {
    id: "token-refused",
    by: "an API token that Cloudflare does not know",
    plant: (rig) => {
      rig.input.token = "x".repeat(40);
    },
  },
  {
    id: "token-refused",
    by: "a disabled API token",
    plant: (rig) => patchToken(rig, { status: "disabled" }),
  },
  {
    id: "token-refused",
    by: "an expired API token",
    plant: (rig) => patchToken(rig, { expiresAt: days(rig, -1) }),
  },
  {
    id: "token-expires",
    by: "an API token that ends next week",
    plant: (rig) => patchToken(rig, { expiresAt: days(rig, 7) }),
  },
  {
    id: "account-unreachable",
    by: "another account's id",
    plant: (rig) => tell(rig, { accountId: OTHER_ACCOUNT }),
  },
  {
    id: "account-unreachable",
    by: "another account's id, with a token that may not read its permissions",
    plant: (rig) => {
      tell(rig, { accountId: OTHER_ACCOUNT });
      unread(rig);
    },
    implies: ["permissions-unseen"],
  },
  ...NEEDED.map(
    (lost): Plant => ({
      id: "permission-missing",
      by: `an API token without ${lost}`,
      plant: (rig) => rig.permit(NEEDED.filter((group) => group !== lost)),
    }),
  ),
  ...NEEDED.filter((group) => group.endsWith("Write")).map(
    (lost): Plant => ({
      id: "permission-missing",
      by: `an API token that may only read in place of ${lost}, judged by refusals`,
      plant: (rig) => {
        rig.permit(NEEDED.map((group) => (group === lost ? group.replace("Write", "Read") : group)));
        unread(rig);
      },
      implies: ["permissions-unseen"],
    }),
  ),
  {
    id: "permission-superfluous",
    by: "an API token that may also run Workers",
    plant: (rig) => rig.permit([...NEEDED, "Workers Scripts Write"]),
  },
  {
    id: "permission-superfluous",
    by: "an API token that may also read the account's settings, judged by refusals",
    plant: (rig) => {
      rig.permit([...NEEDED, "Account Settings Read"]);
      unread(rig);
    },
    implies: ["permissions-unseen"],
  },
  {
    id: "permission-superfluous",
    by: "an API token for up where preview's is due",
    plant: (rig) => {
      rig.input.purpose = "preview";
    },
  },
  {
    id: "token-reach",
    by: "an API token for all accounts",
    plant: (rig) =>
      rig.permit(NEEDED, { "com.cloudflare.api.account.*": "*", "com.cloudflare.api.account.zone.*": "*" }),
  },
  {
    id: "token-reach",
    by: "an API token for another zone too",
    plant: (rig) =>
      rig.permit(NEEDED, {
        [`com.cloudflare.api.account.${DEV_ACCOUNT_ID}`]: "*",
        [`com.cloudflare.api.account.zone.${OTHER_ZONE_ID}`]: "*",
      }),
  },
  { id: "permissions-unseen", by: "an API token that may not read its permissions", plant: unread },

  {
    id: "zero-trust-off",
    by: "an account without Zero Trust",
    plant: ({ sandbox: { store } }) => {
      const account = store.accounts.get(DEV_ACCOUNT_ID);
      if (account !== undefined) store.accounts.put({ ...account, zeroTrustEnabled: false });
    },
  },
  {
    id: "team-name",
    by: "another team name",
    plant: (rig) =>
      rig.send("PATCH", `${ACCESS}/organizations`, { auth_domain: "crew.cloudflareaccess.com" }),
  },
  {
    id: "legacy-tokens",
    by: "an organization from before strict service tokens",
    plant: ({ sandbox: { store } }) => {
      const organization = store.organizations.get(DEV_ACCOUNT_ID);
      if (organization === undefined) return;
      const fields = { ...organization.fields, strict_service_token_auth: false };
      store.organizations.put({ ...organization, fields });
    },
  },

  {
    id: "zone-missing",
    by: "a zone that is not there",
    plant: (rig) => tell(rig, { zone: "nowhere.example" }),
  },
  {
    id: "zone-elsewhere",
    by: "a zone of another account",
    plant: ({ sandbox: { store }, ...rig }) => {
      const account = store.accounts.get(DEV_ACCOUNT_ID);
      const [zone] = store.zones.where(({ name }) => name === "datacrew.space");
      if (account === undefined || zone === undefined) return;
      store.accounts.put({ ...account, id: OTHER_ACCOUNT, name: "Other" });
      store.zones.put({ ...zone, accountId: OTHER_ACCOUNT });
      rig.permit(NEEDED, {
        [`com.cloudflare.api.account.${DEV_ACCOUNT_ID}`]: "*",
        [`com.cloudflare.api.account.zone.${zone.id}`]: "*",
      });
    },
    // The token was made for that zone, and the zone is none of this account's.
  },
  {
    id: "zone-inactive",
    by: "a zone whose name servers are not set yet",
    plant: ({ sandbox: { store } }) => {
      const [zone] = store.zones.where(({ name }) => name === "datacrew.space");
      if (zone !== undefined) store.zones.put({ ...zone, status: "pending" });
    },
  },
  {
    id: "dns-taken",
    by: "somebody's record",
    plant: (rig) =>
      rig.send("POST", RECORDS, { type: "A", name: HOSTNAME, content: "192.0.2.1", proxied: true, ttl: 1 }),
  },

  {
    id: "hostname-taken",
    by: "an application with the hostname among its destinations",
    plant: (rig) =>
      application(rig, {
        destinations: ["notes.datacrew.space", HOSTNAME].map((uri) => ({ type: "public", uri })),
      }),
  },
  {
    id: "hostname-taken",
    by: "an application with the hostname as its domain",
    plant: (rig) => application(rig, { domain: `${HOSTNAME}/` }),
  },
  {
    id: "hostname-taken",
    by: "an application with the hostname among its self-hosted domains",
    plant: (rig) => application(rig, { self_hosted_domains: [HOSTNAME] }),
  },
  {
    id: "hostname-path",
    by: "an application on a path of the hostname",
    plant: (rig) => application(rig, { domain: `${HOSTNAME}/api` }),
  },
  {
    id: "hostname-wildcard",
    by: "an application for all names of the zone",
    plant: (rig) => application(rig, { domain: "*.datacrew.space" }),
  },

  {
    id: "tunnel-missing",
    by: "a tunnel that is not there",
    plant: (rig) => tell(rig, { tunnel: { id: NIL } }),
  },
  {
    id: "tunnel-missing",
    by: "a deleted tunnel",
    plant: async (rig) =>
      rig.send("DELETE", `${ACCOUNT}/cfd_tunnel/${await sharedTunnel(rig, "cloudflare")}`),
  },
  {
    id: "tunnel-local",
    by: "a tunnel that is managed on its machine",
    plant: async (rig) => connected(rig, await sharedTunnel(rig, "local")),
  },
  {
    id: "tunnel-name-taken",
    by: "somebody's tunnel of the same name",
    plant: (rig) =>
      rig.send("POST", `${ACCOUNT}/cfd_tunnel`, { name: "comfyui-dev", config_src: "cloudflare" }),
  },
  {
    id: "ingress-taken",
    by: "somebody's rule for the hostname on the shared tunnel",
    plant: async (rig) => {
      const id = await sharedTunnel(rig, "cloudflare");
      connected(rig, id);
      await ingress(rig, id, [HOSTNAME, "notes.datacrew.space"]);
    },
  },
  {
    id: "ingress-foreign",
    by: "a rule added by hand to the stack's own tunnel",
    plant: async (rig) => {
      const made = await rig.send("POST", `${ACCOUNT}/cfd_tunnel`, {
        name: "comfyui-dev",
        config_src: "cloudflare",
      });
      const id = String(made["id"]);
      connected(rig, id);
      await ingress(rig, id, [HOSTNAME, "notes.datacrew.space"]);
      rig.input.state = async () => stateOf({ tunnel: id });
    },
  },
  {
    id: "tunnel-down",
    by: "a tunnel that no cloudflared runs",
    plant: (rig) => sharedTunnel(rig, "cloudflare"),
  },

  {
    id: "idp-missing",
    by: "an identity provider that is not there",
    plant: (rig) => tell(rig, { google: { identityProviderId: NIL } }),
  },
  {
    id: "idp-type",
    by: "the one-time pin in Google's place",
    plant: async (rig) => {
      const made = await rig.send("POST", `${ACCESS}/identity_providers`, {
        name: "PIN",
        type: "onetimepin",
        config: {},
      });
      tell(rig, { google: { identityProviderId: String(made["id"]) } });
    },
  },
  {
    id: "limit-identity-providers",
    by: "an account full of logins",
    plant: async (rig) => {
      rig.input.limits = { ...rig.input.limits, identityProviders: 1 };
      await rig.send("POST", `${ACCESS}/identity_providers`, { name: "PIN", type: "onetimepin", config: {} });
    },
  },
  {
    id: "limit-service-tokens",
    by: "an account full of service tokens",
    plant: async (rig) => {
      for (let number = 1; number <= 50; number++) {
        await rig.send("POST", `${ACCESS}/service_tokens`, { name: `other ${number}` });
      }
    },
  },
  {
    id: "limit-policies",
    by: "an account with room for one more policy, where two are due",
    plant: async (rig) => {
      rig.input.limits = { ...rig.input.limits, policies: 2 };
      const include = [{ email: { email: "other@datacrew.space" } }];
      await rig.send("POST", `${ACCESS}/policies`, { name: "other", decision: "allow", include });
    },
  },

  {
    id: "google-client",
    by: "a client id that Google does not know",
    plant: (rig) =>
      tell(rig, {
        google: { clientId: "gone.apps.googleusercontent.com", clientSecret: anotherSecret() },
      }),
  },
  {
    id: "google-secret",
    by: "another client's secret",
    plant: (rig) =>
      tell(rig, {
        google: { clientId: "sandbox.apps.googleusercontent.com", clientSecret: anotherSecret() },
      }),
  },
  {
    id: "google-redirect",
    by: "a team whose address is not in the client",
    plant: async (rig) => {
      await rig.send("PATCH", `${ACCESS}/organizations`, { auth_domain: "crew.cloudflareaccess.com" });
      tell(rig, { teamName: "crew" });
    },
  },
  {
    id: "google-redirect",
    by: "an existing login of a team whose address is not in the client",
    plant: async (rig) => {
      const made = await rig.send("POST", `${ACCESS}/identity_providers`, {
        name: "Google",
        type: "google",
        config: { client_id: "sandbox.apps.googleusercontent.com", client_secret: "unknown to us" },
      });
      await rig.send("PATCH", `${ACCESS}/organizations`, { auth_domain: "crew.cloudflareaccess.com" });
      tell(rig, { teamName: "crew", google: { identityProviderId: String(made["id"]) } });
    },
  },

  {
    id: "comfyui-down",
    by: "ComfyUI not running",
    plant: (rig) => {
      const routes = { ...rig.input.network.routes, "localhost:8188": { host: "127.0.0.1", port: 1 } };
      rig.input.network = { ...rig.input.network, routes };
    },
  },
  {
    id: "origin-certificate",
    by: "a web app with a certificate that nobody knows",
    plant: async (rig) => tell(rig, webApp(rig, (await serveSelfSigned()).url)),
  },
  {
    id: "origin-host-header",
    by: "a web app that answers to its own name alone",
    plant: async (rig) => tell(rig, webApp(rig, (await serveOwnNameOnly()).url)),
  },
  {
    id: "origin-down",
    by: "a web app that does not run",
    plant: (rig) => tell(rig, webApp(rig, "http://127.0.0.1:1")),
  },
  {
    id: "origin-unseen",
    by: "a web app on another machine, before the first up",
    plant: (rig) => tell(rig, webApp(rig, "http://192.0.2.7:3000")),
  },
  {
    id: "comfyui-cross-site",
    by: "ComfyUI with its own check on",
    plant: ({ origin }) => {
      origin.settings.enableCorsHeader = undefined;
    },
  },
  {
    id: "comfyui-cors",
    by: "ComfyUI open to every origin",
    plant: ({ origin }) => {
      origin.settings.enableCorsHeader = "*";
    },
  },
  {
    id: "comfyui-unseen",
    by: "ComfyUI on another machine, before the first up",
    plant: (rig) => {
      const applications = rig.input.config.applications ?? [];
      tell(rig, {
        applications: applications.map((each) => ({ ...each, service: "http://192.0.2.7:8188" })),
      });
    },
  },

  {
    id: "orphan",
    by: "a service token that a lost answer left behind",
    plant: async (rig) => {
      await rig.send("POST", `${ACCESS}/service_tokens`, { name: "comfyui-api" });
      const known = await rig.send("POST", `${ACCESS}/service_tokens`, { name: "comfyui-api" });
      rig.input.state = async () => stateOf({ "comfyui-api": String(known["id"]) });
    },
  },
  {
    id: "secret-leaked",
    by: "the API token in a file that git tracks",
    plant: async (rig) => {
      const dir = await rig.folder();
      await writeFile(join(dir, "deploy.sh"), `#!/bin/sh\nexport CLOUDFLARE_API_TOKEN=${rig.input.token}\n`);
      execFileSync("git", ["init", "--quiet"], { cwd: dir });
      execFileSync("git", ["add", "deploy.sh"], { cwd: dir });
      Object.assign(rig.input, { dir, madeUp: [] });
    },
  },
  {
    id: "service-token-expires",
    by: "a service token that ends next week",
    plant: (rig) => {
      const token = { clientId: `${"0".repeat(32)}.access`, clientSecret: "0123456789abcdef".repeat(4) };
      const serviceTokens = { "comfyui-api": { ...token, expiresAt: days(rig, 7) } };
      rig.input.outputs = async () => ({ applications: {}, serviceTokens });
    },
  },
];
