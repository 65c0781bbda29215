import { sha256 } from "../account/ids";
import { appCookie, appSessionOf, cookiePath } from "./access";
import { setCookie } from "./cookies";
import type { EdgeCore, EdgeRequest } from "./core";
import { guardFor, type Site } from "./directory";
import { loginProblem } from "./pages";
import { type Answered, redirect } from "./reply";
import { type AppSession, newNonce } from "./sessions";
import { userToken } from "./tokens";

/** The last step of a login: the browser that began it gets the application's cookie, once. */
export async function authorized(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Answered> {
  const { store, sessions } = core;
  const appSession = appSessionOf(request);
  const grant = sessions.redeem(request.query.get("nonce") ?? "", store.now());
  const guard = grant && guardFor(store, site, grant.visit.path);
  const fits =
    grant !== undefined &&
    appSession !== undefined &&
    sha256(appSession) === grant.visit.appSessionHash &&
    grant.visit.hostname === request.hostname &&
    stateOf(request)?.hostname === request.hostname &&
    guard?.application.id === grant.visit.applicationId;
  if (!fits || guard === undefined) {
    const link = { href: `https://${request.hostname}/`, text: `Open ${request.hostname}` };
    return {
      verdict: "refused",
      reason: "the login is over, or began in another browser",
      reply: loginProblem(400, "Invalid login session", "Open the application again to log in.", link),
    };
  }
  const binding = guard.application.fields.enable_binding_cookie === true ? newNonce(32) : undefined;
  const session: AppSession = {
    nonce: newNonce(),
    login: grant.login,
    applicationId: guard.application.id,
    policyId: grant.policyId,
    policies: grant.policies,
    issuedAt: store.now().getTime(),
    ...(binding === undefined ? {} : { binding: sha256(binding) }),
  };
  sessions.applications.set(session.nonce, session);
  const { jwt, expires } = await userToken(core, guard, session);
  const cookies = [appCookie(guard, jwt, expires)];
  if (binding !== undefined) {
    const path = cookiePath(guard);
    cookies.push(setCookie("CF_Binding", binding, { httpOnly: true, sameSite: "none", path, expires }));
  }
  return {
    who: grant.login.email,
    verdict: "granted",
    reason: "the login's session at this application begins",
    reply: redirect(`https://${request.hostname}${grant.visit.path}`, { "set-cookie": cookies }),
  };
}

function stateOf({ query }: EdgeRequest): { hostname?: unknown } | undefined {
  try {
    return JSON.parse(Buffer.from(query.get("state") ?? "", "base64").toString("utf8")) as {
      hostname?: unknown;
    };
  } catch {
    return undefined;
  }
}
