import { decide } from "../../access";
import type { AccessApplication, IdentityProvider, Organization } from "../account/entities";
import { sha256 } from "../account/ids";
import { cookieValues, setCookie } from "./cookies";
import { type EdgeRequest, type TeamCore, teamUrl } from "./core";
import { type Guard, guardFor, namesOf, providersOf, siteFor } from "./directory";
import { newCodeVerifier } from "./identity-provider";
import { verify } from "./jwt";
import { chooseLogin, loginProblem } from "./pages";
import { type Answered, redirect } from "./reply";
import { type Login, newNonce, type Visit } from "./sessions";

const FOUR_HOURS_MS = 4 * 3_600_000;

/**
 * The login page of the team domain. Somebody who is logged in already goes straight back; else to the one
 * identity provider there is, or to the choice of them.
 */
export async function logIn(
  core: TeamCore,
  organization: Organization,
  request: EdgeRequest,
  hostname: string,
  login: Login | undefined,
): Promise<Answered> {
  const found = await visitOf(core, organization, request, hostname);
  if (typeof found === "string") {
    return { reply: loginProblem(400, "Invalid login session", found), reason: found };
  }
  const { visit, guard } = found;
  const offered = providersOf(core.store, guard.application);
  if (login !== undefined && offered.some(({ id }) => id === login.identityProvider.id)) {
    return authorize(core, guard, visit, login, true);
  }
  const chosen = chosenProvider(guard.application, organization, offered, request.query.get("idp"));
  if (chosen !== undefined) return leave(core, organization, request, visit, chosen);
  if (offered.length === 0) {
    const reason = "the application offers no identity provider";
    return { reply: loginProblem(400, "No way to log in", `There is none: ${reason}.`), reason };
  }
  const choices = offered.map(({ id, name }) => {
    const query = new URLSearchParams(request.query);
    query.set("idp", id);
    return { name, href: `${request.path}?${query}` };
  });
  return { reply: chooseLogin(hostname, choices), reason: "several identity providers are offered" };
}

/** Judges a login by the application's policies and sends the granted one to the application's hostname. */
export async function authorize(
  core: TeamCore,
  guard: Guard,
  visit: Visit,
  login: Login,
  isSso: boolean,
): Promise<Answered> {
  const { settings, store } = core;
  const { email, identityProvider } = login;
  const { verdict, by, reason } = decide(
    guard.policies,
    {
      email,
      identityProviderId: identityProvider.id,
      serviceTokenId: null,
      country: settings.clientCountry,
      ip: settings.clientIp,
      certificateName: null,
    },
    { names: namesOf(store, login.accountId) },
  );
  const decided = { who: email, policy: by?.policy.name, reason };
  if (verdict !== "granted" || by === undefined) {
    const logout = { href: "/cdn-cgi/access/logout", text: "Log out, to use another account" };
    const message = guard.application.fields.custom_deny_message;
    const text = `${email} has no access to ${visit.hostname}. ${typeof message === "string" ? message : ""}`;
    const reply = loginProblem(403, "That account does not have access.", text.trim(), logout);
    return { ...decided, verdict: "refused", reply };
  }
  const grant = { visit, login, policyId: by.policy.id, policies: guard.policies };
  const nonce = core.sessions.grant(grant, store.now());
  const state = { hostname: visit.hostname, redirectURL: visit.path, isSSO: isSso };
  const address = new URL("/cdn-cgi/access/authorized", `https://${visit.hostname}`);
  address.searchParams.set("nonce", nonce);
  address.searchParams.set("state", Buffer.from(JSON.stringify(state)).toString("base64"));
  return { ...decided, verdict: "granted", reply: redirect(address.href) };
}

/** The application that a visit is to, as it is now. */
export function guardOf({ store }: Pick<TeamCore, "store">, visit: Visit): Guard | undefined {
  const site = siteFor(store, visit.hostname);
  const guard = site && guardFor(store, site, visit.path);
  return guard?.application.id === visit.applicationId ? guard : undefined;
}

/** Reads the address that Access itself made: only its signed part counts. */
async function visitOf(
  core: TeamCore,
  organization: Organization,
  { query }: EdgeRequest,
  hostname: string,
): Promise<{ visit: Visit; guard: Guard } | string> {
  const kid = query.get("kid") ?? "";
  const application = core.store.applications.where(
    ({ aud, accountId }) => aud === kid && accountId === organization.id,
  )[0];
  if (application === undefined) return "Unable to find your Access application.";
  const verified = await verify(await core.keysOf(organization), query.get("meta") ?? "", {
    issuer: teamUrl(organization),
    audience: kid,
    type: "meta",
    now: core.store.now(),
  });
  if ("fault" in verified) return `The address of this page is not valid: ${verified.fault}.`;
  const { claims } = verified;
  if (claims.hostname !== hostname) return "The address of this page belongs to another hostname.";
  const visit: Visit = {
    applicationId: application.id,
    hostname,
    path: String(claims.redirect_url),
    appSessionHash: String(claims.app_session_hash),
  };
  const guard = guardOf(core, visit);
  return guard === undefined ? "The application is no longer there." : { visit, guard };
}

function chosenProvider(
  { fields }: AccessApplication,
  organization: Organization,
  offered: readonly IdentityProvider[],
  wanted: string | null,
): IdentityProvider | undefined {
  if (wanted !== null) return offered.find(({ id }) => id === wanted);
  const auto =
    fields.auto_redirect_to_identity === true || organization.fields.auto_redirect_to_identity === true;
  return auto || offered.length === 1 ? offered[0] : undefined;
}

/** Sends the browser to the identity provider, with what proves that it is the same one when it comes back. */
function leave(
  core: TeamCore,
  organization: Organization,
  request: EdgeRequest,
  visit: Visit,
  provider: IdentityProvider,
): Answered {
  if (!core.providers.supports(provider)) {
    const reason = `the sandbox does not play identity providers of type ${provider.type}`;
    return { reply: loginProblem(501, "Not in the sandbox", `Sorry: ${reason}.`), reason };
  }
  const now = core.store.now();
  const browser = cookieValues(request.header("cookie"), "CF_Session")[0] ?? newNonce();
  const nonce = newNonce();
  const codeVerifier = provider.config.pkce_enabled === true ? newCodeVerifier() : undefined;
  const state = core.sessions.leave(
    { visit, identityProviderId: provider.id, browserHash: sha256(browser), nonce, codeVerifier },
    now,
  );
  const redirectUri = `${teamUrl(organization)}/cdn-cgi/access/callback`;
  const expires = new Date(now.getTime() + FOUR_HOURS_MS);
  return {
    reason: `a login with ${provider.name} is needed`,
    reply: redirect(core.providers.address({ provider, redirectUri, state, nonce, codeVerifier }), {
      "set-cookie": [setCookie("CF_Session", browser, { httpOnly: true, sameSite: "none", expires })],
    }),
  };
}
