import { type Decision, decide, type Subject } from "../../access";
import type { ServiceToken } from "../account/entities";
import type { EdgeRequest } from "./core";
import { isPreflight } from "./cors";
import type { Guard } from "./directory";
import { type Caller, isStrict } from "./identify";
import type { AppSession } from "./sessions";
import type { EdgeSettings } from "./settings";

/** What is to be done with a request at an application. */
export type Ruling = {
  /** `nobody`, an e-mail address, or a service token's name. */
  who: string;
  /** The policy that decided, if one did. */
  policy?: { id: string; name: string };
  reason: string;
} & (
  | { action: "pass"; as: "anyone" }
  | { action: "pass"; as: "service token"; token: ServiceToken; jwt?: string }
  | { action: "pass"; as: "person"; session: AppSession; jwt: string }
  | { action: "preflight" }
  | { action: "log in" }
  | { action: "refuse"; status: 401 | 403 }
);

/** Decides on a request; pure. */
export function rule(
  guard: Guard,
  caller: Caller,
  request: Pick<EdgeRequest, "method" | "header">,
  settings: EdgeSettings,
  names: Readonly<Record<string, string>> = {},
): Ruling {
  if (isPreflight(request)) return preflight(guard);
  const strict = isStrict(guard);
  const options = { strictServiceTokens: strict, names };
  const token = caller.credentials.kind === "valid" ? caller.credentials.token : caller.replayed;
  const base: Subject = {
    email: null,
    identityProviderId: null,
    serviceTokenId: token?.id ?? null,
    country: settings.clientCountry,
    ip: settings.clientIp,
    certificateName: null,
  };

  const early = decide(guard.policies, base, options);
  const passed = early.verdict === "granted" ? withoutLogin(guard, caller, token, early) : undefined;
  if (passed !== undefined) return passed;
  if (strict && caller.credentials.kind === "invalid") {
    return { action: "refuse", status: 401, who: "nobody", reason: caller.credentials.why };
  }
  if (strict && token !== undefined) {
    return { action: "refuse", status: 403, who: token.name, reason: early.reason };
  }
  if (caller.session !== undefined)
    return person(guard, caller.session, caller.jwt ?? "", base, options, settings);
  return unknownCaller(guard, caller, token, early);
}

/** A request that Bypass or Service Auth lets through; undefined for one that has to send its token again. */
function withoutLogin(
  { policies }: Guard,
  caller: Caller,
  token: ServiceToken | undefined,
  { by, reason }: Decision,
): Ruling | undefined {
  const decided = { policy: by?.policy, reason };
  if (token === undefined || by?.policy.decision === "bypass") {
    return { action: "pass", as: "anyone", who: token?.name ?? "nobody", ...decided };
  }
  // A JWT in place of the token is only taken where people may log in.
  const replayed = caller.credentials.kind !== "valid";
  if (replayed && !policies.some(({ decision }) => decision === "allow")) return undefined;
  return {
    action: "pass",
    as: "service token",
    who: token.name,
    token,
    ...(replayed ? { jwt: caller.jwt } : {}),
    ...decided,
  };
}

/** Somebody with a session: what can change between requests is judged again, by the rules of the login. */
function person(
  guard: Guard,
  session: AppSession,
  jwt: string,
  base: Subject,
  options: Parameters<typeof decide>[2],
  settings: EdgeSettings,
): Ruling {
  const policies = settings.sessionRules === "current" ? guard.policies : session.policies;
  const { email, identityProvider } = session.login;
  const subject = { ...base, email, identityProviderId: identityProvider.id };
  const { verdict, by, reason } = decide(policies, subject, options);
  const decided = { who: email, policy: by?.policy, reason };
  if (verdict !== "granted") return { action: "refuse", status: 403, ...decided };
  return { action: "pass", as: "person", session, jwt, ...decided };
}

function unknownCaller(
  { application, policies }: Guard,
  { credentials, faults }: Caller,
  token: ServiceToken | undefined,
  early: Decision,
): Ruling {
  const who = token?.name ?? "nobody";
  const why =
    credentials.kind === "invalid" ? [credentials.why] : faults.map((fault) => `a JWT came, but ${fault}`);
  const reason = [...why, early.reason].join("; ");
  const has = (wanted: string) => policies.some(({ decision }) => decision === wanted);
  const answers401 = application.fields.service_auth_401_redirect === true && has("non_identity");
  if (!has("allow")) return { action: "refuse", status: answers401 ? 401 : 403, who, reason };
  // A login page is of no use to a client that sent a token.
  if (answers401 && credentials.kind !== "none") return { action: "refuse", status: 401, who, reason };
  return { action: "log in", who, reason };
}

/** A preflight carries no credential, so it is never judged by policies. */
function preflight({ application }: Guard): Ruling {
  const { options_preflight_bypass: bypass, cors_headers: cors } = application.fields;
  const who = "nobody";
  if (bypass === true) {
    return {
      action: "pass",
      as: "anyone",
      who,
      reason: "preflights go to the origin (options_preflight_bypass)",
    };
  }
  if (cors) return { action: "preflight", who, reason: "preflights are answered by Access (cors_headers)" };
  const reason = "a preflight cannot carry a login, and the application has no cors_headers";
  return { action: "refuse", status: 403, who, reason };
}
