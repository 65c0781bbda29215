import type { ServiceToken } from "../account/entities";
import { type EdgeCore, seconds, teamUrl } from "./core";
import { type Guard, sessionLength, teamSessionLength } from "./directory";
import { sign } from "./jwt";
import type { AppSession, Login } from "./sessions";

const META_SECONDS = 300;
const SERVICE_JWT_KEPT_MS = 30_000;

/** The JWT of a person at an application, and when it ends. */
export async function userToken(
  core: EdgeCore,
  guard: Guard,
  { login, nonce, policyId }: AppSession,
): Promise<{ jwt: string; expires: Date }> {
  const now = core.store.now();
  const iat = seconds(now);
  const exp = iat + Math.floor(sessionLength(core.store, guard, policyId) / 1000);
  const jwt = await sign(await core.keysOf(guard.organization), {
    aud: [guard.application.aud],
    email: login.email,
    exp,
    iat,
    nbf: iat,
    iss: teamUrl(guard.organization),
    type: "app",
    identity_nonce: nonce,
    sub: login.userUuid,
    country: core.settings.clientCountry,
    policy_id: policyId,
  });
  return { jwt, expires: new Date(exp * 1000) };
}

/** The JWT that stands for a service token at an application, and when it ends. */
export async function serviceToken(
  core: EdgeCore,
  guard: Guard,
  token: ServiceToken,
  policyId: string,
): Promise<{ jwt: string; expires: Date }> {
  const { application, organization } = guard;
  const now = core.store.now();
  core.store.noteTokenUse(token.id);
  const length = Math.floor(sessionLength(core.store, guard, policyId) / 1000);
  const aud = core.settings.serviceTokenAud === "array" ? [application.aud] : application.aud;
  const keys = await core.keysOf(organization);
  const { kid } = await keys.signing();
  const key = JSON.stringify([kid, aud, token.clientId, length]);
  const kept = core.sessions.serviceJwts.get(key);
  if (kept !== undefined && now.getTime() < kept.until) return kept;

  const iat = seconds(now);
  // The extra second has been seen in live tokens.
  const exp = iat + length + 1;
  const claims = {
    type: "app",
    aud,
    exp,
    iat,
    iss: teamUrl(organization),
    common_name: token.clientId,
    sub: "",
  };
  const until = Math.min(now.getTime() + SERVICE_JWT_KEPT_MS, exp * 1000);
  const made = { jwt: await sign(keys, claims), expires: new Date(exp * 1000), until };
  core.sessions.serviceJwts.set(key, made);
  return made;
}

/** The JWT of a person at the team domain, which spares them the next login. */
export async function teamToken(
  core: EdgeCore,
  guard: Pick<Guard, "organization">,
  login: Login,
): Promise<string> {
  const iat = seconds(core.store.now());
  return sign(await core.keysOf(guard.organization), {
    aud: [teamUrl(guard.organization)],
    email: login.email,
    exp: login.expiresAt,
    iat,
    nbf: iat,
    iss: teamUrl(guard.organization),
    type: "org",
    identity_nonce: login.id,
    sub: login.userUuid,
  });
}

/** When a login that happens now ends, in seconds since 1970. */
export function loginEnd(core: EdgeCore, guard: Pick<Guard, "organization">): number {
  return seconds(core.store.now()) + Math.floor(teamSessionLength(guard.organization) / 1000);
}

/** The JWT in the address of the login page: what was wanted, and that this edge has asked for the login. */
export async function metaToken(
  core: EdgeCore,
  guard: Guard,
  visit: { hostname: string; path: string; appSessionHash: string },
): Promise<string> {
  const iat = seconds(core.store.now());
  return sign(await core.keysOf(guard.organization), {
    type: "meta",
    aud: guard.application.aud,
    iss: teamUrl(guard.organization),
    hostname: visit.hostname,
    redirect_url: visit.path,
    app_session_hash: visit.appSessionHash,
    service_token_status: false,
    is_warp: false,
    is_gateway: false,
    auth_status: "NONE",
    mtls_auth: { cert_presented: false, auth_status: "NONE" },
    iat,
    nbf: iat,
    exp: iat + META_SECONDS,
  });
}

/** The JWT that cloudflared reads to learn which application a hostname belongs to (token/token.go). */
export async function metadataToken(core: EdgeCore, guard: Guard, hostname: string): Promise<string> {
  return sign(await core.keysOf(guard.organization), {
    type: "match",
    hostname,
    auth_domain: guard.organization.authDomain,
    aud: guard.application.aud,
    app_hostname: guard.uri.split("/")[0],
    iat: seconds(core.store.now()),
  });
}
