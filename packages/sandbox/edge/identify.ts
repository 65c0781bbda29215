import type { ServiceToken } from "../account/entities";
import { sha256 } from "../account/ids";
import type { RevocableSession } from "../account/revocations";
import { cookieValues } from "./cookies";
import { type EdgeCore, type EdgeRequest, teamUrl } from "./core";
import { type Credentials, headerValues, isUsable, recognise } from "./credentials";
import type { Guard } from "./directory";
import { verify } from "./jwt";
import type { AppSession } from "./sessions";

/** Who sends a request, as far as it proves it. */
export interface Caller {
  credentials: Credentials;
  /** The session of the JWT that came with it. */
  session?: AppSession;
  /** That JWT itself: the origin gets the same one. */
  jwt?: string;
  /** The service token that a JWT stands for, which an earlier request was given. */
  replayed?: ServiceToken;
  /** Why JWTs that came with it were not taken. */
  faults: string[];
}

/** Recognises a request's caller. Nothing of what the client claims counts without proof. */
export async function identify(core: EdgeCore, guard: Guard, request: EdgeRequest): Promise<Caller> {
  const { application, organization } = guard;
  const strict = isStrict(guard);
  const { read_service_tokens_from_header: singleHeader } = application.fields;
  const credentials = recognise(core.store, request.rawHeaders, {
    accountId: application.accountId,
    singleHeader: typeof singleHeader === "string" ? singleHeader : undefined,
    strict,
  });
  const caller: Caller = { credentials, faults: [] };
  // Strict: with a service token nothing else counts.
  if (strict && credentials.kind !== "none") return caller;
  const expected = {
    issuer: teamUrl(organization),
    audience: application.aud,
    type: "app" as const,
    now: core.store.now(),
  };
  const keys = await core.keysOf(organization);
  for (const jwt of jwtsOf(request)) {
    const verified = await verify(keys, jwt, expected);
    const found = "fault" in verified ? verified.fault : ownerOf(core, guard, request, verified.claims);
    if (typeof found === "string") caller.faults.push(found);
    else return { ...caller, ...found, jwt };
  }
  return caller;
}

/** Whether the organization authenticates service tokens strictly. */
export const isStrict = ({ organization }: Guard): boolean =>
  organization.fields.strict_service_token_auth === true;

/** Every JWT that a request carries: any of these places will do. */
function jwtsOf({ rawHeaders }: EdgeRequest): string[] {
  const cookies = headerValues(rawHeaders, "cookie").flatMap((header) =>
    cookieValues(header, "CF_Authorization"),
  );
  const all = [
    ...headerValues(rawHeaders, "cf-access-token"),
    ...cookies,
    ...headerValues(rawHeaders, "cf-access-jwt-assertion"),
  ];
  return [...new Set(all)].filter((jwt) => jwt !== "");
}

function ownerOf(
  core: EdgeCore,
  guard: Guard,
  request: EdgeRequest,
  claims: Record<string, unknown>,
): Pick<Caller, "session" | "replayed"> | string {
  if (typeof claims.common_name === "string") return replayedToken(core, guard, claims.common_name);
  const session = core.sessions.applications.get(String(claims.identity_nonce));
  if (session === undefined || session.applicationId !== guard.application.id)
    return "its session is unknown";
  if (isRevoked(core, session)) return "its session was revoked";
  if (guard.application.fields.enable_binding_cookie === true && !isBound(session, request)) {
    return "the binding cookie is missing or another";
  }
  return { session };
}

/** Whether a session was revoked long enough ago for the network to know. */
function isRevoked(core: EdgeCore, { login, applicationId, issuedAt }: AppSession): boolean {
  return isKnownRevoked(core, { login, application: { id: applicationId, issuedAt } });
}

/** Like {@link isRevoked}, for any kind of session. */
export function isKnownRevoked({ store, settings }: EdgeCore, session: RevocableSession): boolean {
  const at = store.revocations.revokedAt(session);
  return at !== undefined && store.now().getTime() >= at + settings.revocationDelayMs;
}

function replayedToken(
  { store, settings }: EdgeCore,
  guard: Guard,
  clientId: string,
): Pick<Caller, "replayed"> | string {
  if (isStrict(guard) && settings.strictServiceJwt === "refuse") {
    return "it is a service token's, which must be sent itself";
  }
  const token = store.serviceTokens.where((one) => one.clientId === clientId)[0];
  if (token === undefined || !isUsable(token, store.now())) return "its service token is gone";
  return { replayed: token };
}

function isBound({ binding }: AppSession, { rawHeaders }: EdgeRequest): boolean {
  return headerValues(rawHeaders, "cookie")
    .flatMap((header) => cookieValues(header, "CF_Binding"))
    .some((value) => sha256(value) === binding);
}
