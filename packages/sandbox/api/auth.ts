import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import type { ApiToken } from "../account/entities";
import { isHex32 } from "../account/ids";
import type { Store } from "../account/store";
import type { SandboxEnv } from "./context";
import { noRoute, VendorError } from "./envelope";

/** What a route asks of the API token. */
export interface Requirement {
  /** Permission group, e.g. `DNS Read`; the `Write` group of the same name also serves. */
  permission?: string;
  /** The endpoint's page below https://developers.cloudflare.com/api/resources/, named in a 403. */
  docs: string;
  /** Set on `/access` routes: they are refused until Zero Trust has been set up. */
  access?: boolean;
}

const DOCS = "https://developers.cloudflare.com/api/resources/";

/**
 * Lets a request through when its token is valid, reaches the account or zone in the path, and has the
 * permission; keeps the account or zone for the handler.
 */
export function guard(store: Store, requirement: Requirement): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const token = c.get("token") ?? refuseToken(c);
    checkUsable(token, store);
    bindPath(c, store, token, requirement);
    if (
      requirement.permission !== undefined &&
      !hasPermission(token, requirement.permission, resourceOf(c))
    ) {
      throw new VendorError(403, {
        code: 10000,
        message: "Authentication error",
        documentation_url: DOCS + requirement.docs,
      });
    }
    if (requirement.access === true && !c.get("account").zeroTrustEnabled) {
      throw new VendorError(403, {
        code: 9999,
        message: "access.api.error.not_enabled",
        documentation_url: DOCS + requirement.docs,
      });
    }
    await next();
  };
}

/** The token of the request's Authorization header, if the store knows it. */
export function recogniseToken(store: Store, authorization: string | undefined): ApiToken | undefined {
  const value = bearerValue(authorization);
  if (value === undefined) return undefined;
  const hash = createHash("sha256").update(value).digest();
  return store.apiTokens.all().find((token) => timingSafeEqual(Buffer.from(token.valueHash, "hex"), hash));
}

/** Refuses a request whose token is missing, malformed or unknown, each as the vendor does. */
export function refuseToken(c: Context<SandboxEnv>): never {
  const authorization = c.req.header("authorization");
  if (authorization === undefined) {
    throw new VendorError(400, {
      code: 9106,
      message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
    });
  }
  if (bearerValue(authorization) === undefined) {
    throw new VendorError(400, {
      code: 6003,
      message: "Invalid request headers",
      error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
    });
  }
  if (c.req.path.endsWith("/tokens/verify")) {
    throw new VendorError(401, { code: 1000, message: "Invalid API Token" });
  }
  throw new VendorError(401, { code: 10000, message: "Authentication error" });
}

/** The 403 for a resource outside the token's reach. */
function unauthorizedResource(docs: string): VendorError {
  return new VendorError(403, {
    code: 9109,
    message: "Unauthorized to access requested resource",
    documentation_url: DOCS + docs,
  });
}

/** Whether the token's policies allow the permission on the resource, a vendor resource key. */
export function hasPermission(token: ApiToken, permission: string, resource: Resource): boolean {
  const names = new Set([permission, permission.replace(/ Read$/, " Write")]);
  const matching = token.policies.filter(
    (policy) =>
      policy.permissionGroups.some((name) => names.has(name)) && reaches(policy.resources, resource),
  );
  return (
    matching.some((policy) => policy.effect === "allow") &&
    !matching.some((policy) => policy.effect === "deny")
  );
}

/** Whether any of the token's policies reaches the resource. */
export function reachesResource(token: ApiToken, resource: Resource): boolean {
  return token.policies.some((policy) => policy.effect === "allow" && reaches(policy.resources, resource));
}

/** What a permission is asked on: the user's own data, an account, or a zone of an account. */
export interface Resource {
  accountId?: string;
  zoneId?: string;
}

function reaches(resources: Record<string, string>, { accountId, zoneId }: Resource): boolean {
  const keys = Object.keys(resources);
  if (accountId === undefined) return keys.some((key) => key.startsWith("com.cloudflare.api.user."));
  const account = "com.cloudflare.api.account.";
  const wanted = [`${account}*`, `${account}${accountId}`];
  if (zoneId !== undefined) wanted.push(`${account}zone.*`, `${account}zone.${zoneId}`);
  return keys.some((key) => wanted.includes(key));
}

function bearerValue(authorization: string | undefined): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{20,})$/.exec(authorization ?? "")?.[1];
}

function checkUsable(token: ApiToken, store: Store): void {
  const expired = token.expiresAt !== null && Date.parse(token.expiresAt) <= store.now().getTime();
  if (token.status !== "active" || expired) {
    throw new VendorError(401, { code: 10000, message: "Authentication error" });
  }
}

function bindPath(c: Context<SandboxEnv>, store: Store, token: ApiToken, { docs }: Requirement): void {
  const accountId = c.req.param("account");
  const zoneId = c.req.param("zone");
  const id = accountId ?? zoneId;
  if (id === undefined) return;
  if (!isHex32(id)) throw noRoute(c.req.path);
  if (accountId !== undefined) {
    const account = store.accounts.get(accountId);
    if (!account || !reachesResource(token, { accountId })) throw unauthorizedResource(docs);
    c.set("account", account);
    return;
  }
  const zone = store.zones.get(id);
  if (!zone || !reachesResource(token, { accountId: zone.accountId, zoneId: zone.id })) {
    throw unauthorizedResource(docs);
  }
  c.set("zone", zone);
}

function resourceOf(c: Context<SandboxEnv>): Resource {
  if (c.req.param("account") !== undefined) return { accountId: c.get("account").id };
  if (c.req.param("zone") !== undefined) {
    const zone = c.get("zone");
    return { accountId: zone.accountId, zoneId: zone.id };
  }
  return {};
}
