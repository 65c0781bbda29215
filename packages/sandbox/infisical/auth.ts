import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { InfisicalIdentity } from "../account/entities";
import { newUuid, sha256 } from "../account/ids";
import type { Store } from "../account/store";
import type { SandboxApp } from "../api/context";
import { readInfisicalBody } from "./body";
import { InfisicalError, unauthorized } from "./errors";

/** Signs access tokens: in the open, as everything that only a sandbox accepts. */
const SIGNING_KEY = "sandbox";

/** Infisical's default lifetime of an access token, in seconds. */
const ACCESS_TOKEN_TTL = 2_592_000;

const loginBody = z.object({ clientId: z.string().trim(), clientSecret: z.string().trim() });
const claims = z.object({ identityId: z.string(), exp: z.number() });

/**
 * Universal auth: a machine identity's client id and secret for an access token.
 * See https://infisical.com/docs/api-reference/endpoints/universal-auth/login.
 */
export function universalAuth(app: SandboxApp, store: Store): void {
  app.post("/api/v1/auth/universal-auth/login", async (c) => {
    const { clientId, clientSecret } = await readInfisicalBody(c, loginBody);
    const [identity] = store.infisicalIdentities.where((each) => each.clientId === clientId);
    if (identity === undefined || identity.clientSecretHash !== sha256(clientSecret)) {
      throw unauthorized("Invalid credentials");
    }
    return c.json({
      accessToken: accessToken(identity, store.now()),
      expiresIn: ACCESS_TOKEN_TTL,
      accessTokenMaxTTL: ACCESS_TOKEN_TTL,
      tokenType: "Bearer",
    });
  });
}

function accessToken(identity: InfisicalIdentity, now: Date): string {
  const iat = Math.floor(now.getTime() / 1000);
  const parts = [
    { alg: "HS256", typ: "JWT" },
    {
      identityId: identity.id,
      identityAccessTokenId: newUuid(),
      authTokenType: "identityAccessToken",
      iat,
      exp: iat + ACCESS_TOKEN_TTL,
    },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${signature(text)}`;
}

/**
 * The identity of a request's access token.
 * @throws InfisicalError 401 without one, 403 for one that is not good.
 */
export function identityOf(store: Store, authorization: string | undefined): InfisicalIdentity {
  const [, token] = /^Bearer (\S+)$/.exec(authorization ?? "") ?? [];
  if (token === undefined) throw unauthorized("Token missing");
  const [header = "", payload = "", signed = ""] = token.split(".");
  if (!isEqual(signature(`${header}.${payload}`), signed)) {
    throw tokenError(
      "The provided access token is malformed. Please use a valid token or generate a new one and try again.",
    );
  }
  const { identityId, exp } = claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  if (exp * 1000 <= store.now().getTime()) {
    throw tokenError("Your token has expired. Please re-authenticate.");
  }
  const identity = store.infisicalIdentities.get(identityId);
  if (identity === undefined) throw unauthorized("Invalid access token");
  return identity;
}

const tokenError = (message: string): InfisicalError => new InfisicalError(403, "TokenError", message);

const signature = (text: string): string =>
  createHmac("sha256", SIGNING_KEY).update(text).digest("base64url");

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
