import type { Context } from "hono";
import { z } from "zod";
import type { IdentityProvider, JsonObject } from "../account/entities";
import { newHex32, newUuid, secondsTime } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { accessConflict, accessInvalid, accessNotFound, ok, page } from "./envelope";
import { booleanQuery, knownQuery } from "./query";

const DOCS = "zero_trust/subresources/identity_providers/methods/";
const PERMISSION = "Access: Organizations, Identity Providers, and Groups";

const TYPES = [
  "onetimepin",
  "azureAD",
  "saml",
  "centrify",
  "facebook",
  "github",
  "google-apps",
  "google",
  "linkedin",
  "oidc",
  "okta",
  "onelogin",
  "pingone",
  "yandex",
  "cloudflare",
] as const;

/** Fields that the two Google types take; other types are kept as sent. */
export const googleConfig = z.strictObject({
  client_id: z.string().min(1),
  client_secret: z.string().min(1).nullish(),
  claims: z.array(z.string()).nullish(),
  email_claim_name: z.string().nullish(),
  pkce_enabled: z.boolean().nullish(),
  /** Read-only: tolerated, since writing back what a GET returned must work. */
  redirect_url: z.string().nullish(),
});

const CONFIGS: Partial<Record<(typeof TYPES)[number], z.ZodType<JsonObject>>> = {
  google: googleConfig,
  "google-apps": googleConfig.extend({ apps_domain: z.string().min(1) }),
};

export const providerBody = z.strictObject({
  name: z.string().min(1),
  type: z.enum(TYPES),
  config: z.record(z.string(), z.unknown()),
  scim_config: z
    .strictObject({
      enabled: z.boolean().nullish(),
      identity_update_behavior: z.enum(["automatic", "reauth", "no_action"]).nullish(),
      scim_base_url: z.string().nullish(),
      seat_deprovision: z.boolean().nullish(),
      secret: z.string().nullish(),
      user_deprovision: z.boolean().nullish(),
      group_member_deprovision: z.boolean().nullish(),
    })
    .nullish(),
  // Read-only fields of a GET, ignored.
  id: z.string().optional(),
  uid: z.string().optional(),
  version: z.string().optional(),
  read_only: z.boolean().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
});

/** /accounts/{account}/access/identity_providers */
export const identityProviders: Register = (app, store) => {
  const path = "/accounts/:account/access/identity_providers";
  const reading = (method: string) =>
    guard(store, { permission: `${PERMISSION} Read`, docs: DOCS + method, access: true });
  const writing = (method: string) =>
    guard(store, { permission: `${PERMISSION} Write`, docs: DOCS + method, access: true });

  app.get(path, reading("list"), (c) => {
    knownQuery(c, ["scim_enabled"]);
    const scim = booleanQuery(c, "scim_enabled");
    const list = inAccount(c, store).filter(
      (provider) => scim === undefined || (provider.scimConfig?.enabled === true) === scim,
    );
    return page(
      c,
      list.map((provider) => render(provider, store)),
      200,
    );
  });

  app.get(`${path}/:id`, reading("get"), (c) => ok(c, render(known(c, store), store)));

  app.post(path, writing("create"), async (c) => {
    const body = await readBody(c, providerBody, accessInvalid);
    if (body.type === "onetimepin" && inAccount(c, store).some(({ type }) => type === "onetimepin")) {
      throw accessConflict("a one-time pin identity provider already exists");
    }
    const now = secondsTime(store.now());
    const provider: IdentityProvider = {
      id: newUuid(),
      accountId: c.get("account").id,
      name: body.name,
      type: body.type,
      config: configOf(body.type, body.config),
      scimConfig: scimOf(body.scim_config),
      version: newHex32(),
      createdAt: now,
      updatedAt: now,
    };
    if (needsSecret(body.type) && provider.config.client_secret === undefined) {
      throw accessInvalid('field "config.client_secret" is required');
    }
    return ok(c, render(store.identityProviders.put(provider), store), {
      status: store.settings.accessCreateStatus,
    });
  });

  app.put(`${path}/:id`, writing("update"), async (c) => {
    const provider = known(c, store);
    const body = await readBody(c, providerBody, accessInvalid);
    const config = configOf(body.type, body.config);
    // A GET never returns the secret, so a PUT of what was read cannot hold it: the old one stays.
    if (needsSecret(body.type) && config.client_secret === undefined) {
      config.client_secret = provider.config.client_secret;
    }
    const updated: IdentityProvider = {
      ...provider,
      name: body.name,
      type: body.type,
      config,
      scimConfig: scimOf(body.scim_config),
      version: newHex32(),
      updatedAt: secondsTime(store.now()),
    };
    return ok(c, render(store.identityProviders.put(updated), store));
  });

  app.delete(`${path}/:id`, writing("delete"), (c) => {
    const provider = known(c, store);
    if (store.settings.identityProviderInUse === "refuse" && isAllowedByApp(provider, store)) {
      throw accessConflict("identity provider is being used by at least one app");
    }
    store.identityProviders.remove(provider.id);
    return ok(c, { id: provider.id }, { status: 202 });
  });
};

function inAccount(c: Context<SandboxEnv>, store: Store): IdentityProvider[] {
  return store.identityProviders.where(({ accountId }) => accountId === c.get("account").id);
}

function known(c: Context<SandboxEnv>, store: Store): IdentityProvider {
  const provider = store.identityProviders.get(c.req.param("id") ?? "");
  if (provider?.accountId !== c.get("account").id) throw accessNotFound("identity provider");
  return provider;
}

function isAllowedByApp(provider: IdentityProvider, store: Store): boolean {
  return (
    store.applications.where(({ fields }) => asArray(fields.allowed_idps).includes(provider.id)).length > 0
  );
}

const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const needsSecret = (type: string): boolean => type === "google" || type === "google-apps";

function configOf(type: (typeof TYPES)[number], config: JsonObject): JsonObject {
  const schema = CONFIGS[type];
  if (schema) {
    const parsed = schema.safeParse(config);
    if (!parsed.success)
      throw accessInvalid(parsed.error.issues.map((issue) => configIssue(issue)).join("; "));
  }
  const { redirect_url: _, ...rest } = config;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}

function configIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `unknown field "config.${key}"`).join("; ");
  }
  return `field "config.${issue.path.join(".")}": ${issue.message}`;
}

/** The Terraform provider sends `{}` on each update: the same as nothing. */
function scimOf(scim: JsonObject | null | undefined): JsonObject | null {
  return scim && Object.values(scim).some((value) => value !== null) ? { ...scim } : null;
}

/** The wire form: never the client secret, always the team's callback. */
function render(provider: IdentityProvider, store: Store) {
  const { client_secret: _, ...config } = provider.config;
  const domain = store.organizations.get(provider.accountId)?.authDomain;
  const { secret: __, ...scim } = provider.scimConfig ?? {};
  return {
    id: provider.id,
    uid: provider.id,
    name: provider.name,
    type: provider.type,
    version: provider.version,
    config: { ...config, redirect_url: `https://${domain}/cdn-cgi/access/callback` },
    ...(provider.scimConfig === null
      ? {}
      : {
          scim_config: {
            ...scim,
            scim_base_url: `https://${domain}/cdn-cgi/access/scim/v2/${provider.id}`,
          },
        }),
    created_at: provider.createdAt,
    updated_at: provider.updatedAt,
  };
}
