import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { z } from "zod";
import type { ServiceToken, Settings } from "../account/entities";
import { newHex32, newUuid, secondsTime, sha256 } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { checked, readBody, readJson } from "./body";
import type { Register, SandboxEnv } from "./context";
import { parseDuration } from "./duration";
import { accessInvalid, accessNotFound, ok, page, VendorError } from "./envelope";
import { knownQuery } from "./query";
import { namesServiceToken } from "./rules";

const DOCS = "zero_trust/subresources/access/subresources/service_tokens/methods/";
const PERMISSION = "Access: Service Tokens";
const DEFAULT_DURATION = "8760h";
const YEAR_MS = 8760 * 3_600_000;

const timestamp = z.iso.datetime({ offset: true, error: "must be an RFC 3339 time" });

const writable = {
  client_secret_version: z.int().min(1).nullish(),
  duration: z.string().nullish(),
  enabled: z.boolean().nullish(),
  previous_client_secret_expires_at: timestamp.nullish(),
};
const createBody = z.strictObject({ name: z.string().min(1), ...writable });
export const updateBody = z.strictObject({
  name: z.string().min(1).nullish(),
  ...writable,
  // Read-only fields of a GET, ignored.
  id: z.string().optional(),
  client_id: z.string().optional(),
  expires_at: z.string().nullish(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
});
const rotateBody = z.strictObject({ previous_client_secret_expires_at: timestamp.nullish() });

/** /accounts/{account}/access/service_tokens */
export const serviceTokens: Register = (app, store) => {
  const path = "/accounts/:account/access/service_tokens";
  const reading = (method: string) =>
    guard(store, { permission: `${PERMISSION} Read`, docs: DOCS + method, access: true });
  const writing = (method: string) =>
    guard(store, { permission: `${PERMISSION} Write`, docs: DOCS + method, access: true });

  app.get(path, reading("list"), (c) => {
    knownQuery(c, ["name", "search"]);
    const { name, search } = c.req.query();
    const list = store.serviceTokens.where(
      (token) =>
        token.accountId === c.get("account").id &&
        (name === undefined || token.name === name) &&
        (search === undefined || token.name.toLowerCase().includes(search.toLowerCase())),
    );
    return page(c, list.map(renderListed), 1000);
  });

  app.get(`${path}/:id`, reading("get"), (c) => ok(c, render(known(c, store))));

  app.post(path, writing("create"), async (c) => {
    const body = await readBody(c, createBody, accessInvalid);
    const now = store.now();
    const duration = body.duration ?? DEFAULT_DURATION;
    const secret = newSecret(store.settings.secretFormat);
    const token: ServiceToken = {
      id: newUuid(),
      accountId: c.get("account").id,
      name: body.name,
      clientId: `${newHex32()}.access`,
      clientSecretHash: sha256(secret),
      clientSecretVersion: body.client_secret_version ?? 1,
      previousClientSecretHash: null,
      previousClientSecretExpiresAt: body.previous_client_secret_expires_at ?? null,
      duration,
      enabled: body.enabled ?? true,
      expiresAt: expiry(now, duration),
      createdAt: secondsTime(now),
      updatedAt: secondsTime(now),
    };
    return ok(c, render(store.serviceTokens.put(token), secret), {
      status: store.settings.accessCreateStatus,
    });
  });

  app.put(`${path}/:id`, writing("update"), async (c) => {
    const token = known(c, store);
    const body = await readBody(c, updateBody, accessInvalid);
    const now = store.now();
    const duration = body.duration ?? token.duration;
    const version = body.client_secret_version ?? token.clientSecretVersion;
    const updated: ServiceToken = {
      ...token,
      name: body.name ?? token.name,
      enabled: body.enabled ?? token.enabled,
      duration,
      expiresAt: duration === token.duration ? token.expiresAt : expiry(now, duration),
      updatedAt: secondsTime(now),
    };
    if (version > token.clientSecretVersion) {
      const [rotated, secret] = rotate(updated, version, body.previous_client_secret_expires_at, store);
      return ok(c, render(store.serviceTokens.put(rotated), secret));
    }
    // Only a higher version rotates. What the vendor does with a lower one is not known: it is kept here.
    updated.clientSecretVersion = version;
    if (body.previous_client_secret_expires_at !== undefined) {
      updated.previousClientSecretExpiresAt = body.previous_client_secret_expires_at;
      if (body.previous_client_secret_expires_at === null) updated.previousClientSecretHash = null;
    }
    return ok(c, render(store.serviceTokens.put(updated)));
  });

  app.delete(`${path}/:id`, writing("delete"), (c) => {
    const token = known(c, store);
    if (store.policies.where(({ fields }) => namesServiceToken(fields, token.id)).length > 0) {
      throw new VendorError(400, {
        code: 12139,
        message: "access.api.error.service_token_in_use: the service token is used by at least one policy",
      });
    }
    store.serviceTokens.remove(token.id);
    return ok(c, render(token));
  });

  app.post(`${path}/:id/rotate`, writing("rotate"), async (c) => {
    const token = known(c, store);
    const body = checked((await readJson(c)) ?? {}, rotateBody, accessInvalid);
    const [rotated, secret] = rotate(
      token,
      token.clientSecretVersion + 1,
      body.previous_client_secret_expires_at,
      store,
    );
    return ok(c, render(store.serviceTokens.put(rotated), secret));
  });

  app.post(`${path}/:id/refresh`, writing("refresh"), (c) => {
    const token = known(c, store);
    const from = Math.max(store.now().getTime(), Date.parse(token.expiresAt ?? ""));
    const updated: ServiceToken = {
      ...token,
      expiresAt: token.expiresAt === null ? null : secondsTime(new Date(from + YEAR_MS)),
      updatedAt: secondsTime(store.now()),
    };
    return ok(c, render(store.serviceTokens.put(updated)));
  });
};

/**
 * Whether a secret opens the token now: the token is enabled and not expired, and the secret is the
 * current one or the previous one before its end.
 */
export function acceptsSecret(token: ServiceToken, secret: string, now: Date): boolean {
  if (!token.enabled || (token.expiresAt !== null && Date.parse(token.expiresAt) <= now.getTime()))
    return false;
  const hash = sha256(secret);
  if (hash === token.clientSecretHash) return true;
  return (
    hash === token.previousClientSecretHash &&
    token.previousClientSecretExpiresAt !== null &&
    Date.parse(token.previousClientSecretExpiresAt) > now.getTime()
  );
}

function known(c: Context<SandboxEnv>, store: Store): ServiceToken {
  const token = store.serviceTokens.get(c.req.param("id") ?? "");
  if (token?.accountId !== c.get("account").id) throw accessNotFound("service token");
  return token;
}

/** The token with a new secret; without a time for it, the old secret stops at once. */
function rotate(
  token: ServiceToken,
  version: number,
  previousExpiresAt: string | null | undefined,
  store: Store,
): [token: ServiceToken, secret: string] {
  const secret = newSecret(store.settings.secretFormat);
  const now = secondsTime(store.now());
  const rotated: ServiceToken = {
    ...token,
    clientSecretHash: sha256(secret),
    clientSecretVersion: version,
    previousClientSecretHash: token.clientSecretHash,
    previousClientSecretExpiresAt: previousExpiresAt ?? now,
    updatedAt: now,
  };
  return [rotated, secret];
}

function expiry(from: Date, duration: string): string | null {
  if (duration === "forever") return null;
  const length = parseDuration(duration);
  if (length === undefined || length <= 0) throw accessInvalid(`invalid duration "${duration}"`);
  return secondsTime(new Date(from.getTime() + length));
}

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function newSecret(format: Settings["secretFormat"]): string {
  if (format === "hex") return randomBytes(32).toString("hex");
  const body = Array.from(randomBytes(40), (byte) => ALPHANUMERIC[byte % ALPHANUMERIC.length]).join("");
  return `cfast_${body}${sha256(body).slice(0, 8)}`;
}

/** The shape recorded in lists. */
const renderListed = (token: ServiceToken) => ({
  id: token.id,
  name: token.name,
  client_id: token.clientId,
  duration: token.duration,
  ...(token.enabled ? {} : { enabled: false }),
  expires_at: token.expiresAt,
  created_at: token.createdAt,
  updated_at: token.updatedAt,
});

/** A single token; the secret only in the answer that made it. */
const render = (token: ServiceToken, secret?: string) => ({
  ...renderListed(token),
  client_secret_version: token.clientSecretVersion,
  ...(token.previousClientSecretExpiresAt === null
    ? {}
    : { previous_client_secret_expires_at: token.previousClientSecretExpiresAt }),
  ...(secret === undefined ? {} : { client_secret: secret }),
});
