import { sha256 } from "../ids";
import { appCookie, appSessionOf, cookiePath } from "./access";
import { clearCookie, setCookie } from "./cookies";
import { type EdgeCore, type EdgeRequest, teamUrl } from "./core";
import { type Guard, guardFor, isGuarded, type Site } from "./directory";
import { identify, isRevoked } from "./identify";
import { identityOf, notLoggedIn } from "./identity";
import { loginProblem } from "./pages";
import { json, type Reply, redirect } from "./reply";
import { type AppSession, newNonce } from "./sessions";
import { userToken } from "./tokens";

const RESOURCE = "/.well-known/cloudflare-access-protected-resource";

/**
 * What Access itself answers on an application's hostname: below `/cdn-cgi/access/`, and what the hostname's
 * `www-authenticate` points to. Undefined for anything else.
 */
export async function appEndpoint(
  core: EdgeCore,
  site: Site,
  request: EdgeRequest,
): Promise<Reply | undefined> {
  const { path } = request;
  if (path === RESOURCE || path.startsWith(`${RESOURCE}/`)) return protectedResource(core, site, request);
  if (!path.startsWith("/cdn-cgi/access/") || !isGuarded(core.store, site)) return undefined;
  switch (path.slice("/cdn-cgi/access/".length)) {
    case "authorized":
      return authorized(core, site, request);
    case "certs":
      return certs(core, site);
    case "get-identity":
      return identity(core, site, request);
    case "logout":
      return logout(core, site, request);
    default:
      return { status: 404, headers: { "content-type": "text/plain" }, body: "" };
  }
}

/** The last step of a login: the browser that began it gets the application's cookie, once. */
async function authorized(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Reply> {
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
    return loginProblem(400, "Invalid login session", "Open the application again to log in.", {
      href: `https://${request.hostname}/`,
      text: `Open ${request.hostname}`,
    });
  }
  const binding = guard.application.fields.enable_binding_cookie === true ? newNonce(32) : undefined;
  const session: AppSession = {
    nonce: newNonce(),
    login: grant.login,
    applicationId: guard.application.id,
    policyId: grant.policyId,
    policyName: grant.policyName,
    policies: grant.policies,
    issuedAt: store.now().getTime(),
    ...(binding === undefined ? {} : { binding: sha256(binding) }),
  };
  sessions.applications.set(session.nonce, session);
  const { jwt, expires } = await userToken(core, guard, session);
  return redirect(`https://${request.hostname}${grant.visit.path}`, {
    "set-cookie": [
      appCookie(guard, jwt, expires),
      ...(binding === undefined
        ? []
        : [
            setCookie("CF_Binding", binding, {
              httpOnly: true,
              sameSite: "none",
              path: cookiePath(guard),
              expires,
            }),
          ]),
    ],
  });
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

async function certs({ store, keysOf }: EdgeCore, { accountId }: Site): Promise<Reply | undefined> {
  const organization = store.organizations.get(accountId);
  return organization && json(200, (await keysOf(organization)).certs(), { "cache-control": "no-cache" });
}

async function identity(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Reply> {
  const session = (await callersAt(core, site, request)).session;
  return session === undefined || isRevoked(core, session) ? notLoggedIn() : identityOf(core, session.login);
}

/** Ends the login, with the sessions at every application that came of it. */
async function logout(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Reply> {
  const { guard, session } = await callersAt(core, site, request);
  if (session !== undefined) {
    core.store.revocations.revokeLogin(session.login.id, core.store.now());
    core.sessions.logins.delete(session.login.id);
  }
  const organization = core.store.organizations.get(site.accountId);
  const path = guard === undefined ? "/" : cookiePath(guard);
  return redirect(organization === undefined ? "/" : `${teamUrl(organization)}/cdn-cgi/access/logout`, {
    "set-cookie": [clearCookie("CF_Authorization", path), clearCookie("CF_AppSession")],
  });
}

/** The session that a request shows at any application of the hostname: these paths belong to none. */
async function callersAt(
  core: EdgeCore,
  site: Site,
  request: EdgeRequest,
): Promise<{ guard?: Guard; session?: AppSession }> {
  for (const { fields } of core.store.applications.where(({ accountId }) => accountId === site.accountId)) {
    for (const { uri } of fields.destinations) {
      const [host = "", ...path] = String(uri ?? "").split("/");
      const guard = guardFor(core.store, site, `/${path.join("/").replaceAll("*", "")}`);
      if (guard === undefined || host === "") continue;
      const { session } = await identify(core, guard, request);
      if (session !== undefined) return { guard, session };
    }
  }
  return {};
}

/** The document that the challenge names: what is protected, by whom, and how to authenticate. */
function protectedResource({ store }: EdgeCore, site: Site, request: EdgeRequest): Reply {
  const path = request.path.slice(RESOURCE.length) || "/";
  const guard = guardFor(store, site, path);
  if (guard === undefined)
    return json(200, { resource: `https://${request.hostname}${path}`, protected: false });
  const has = (wanted: string) => guard.policies.some(({ decision }) => decision === wanted);
  return json(200, {
    resource: `https://${request.hostname}${path}`,
    protected: true,
    team_domain: guard.organization.authDomain,
    authorization_servers: [teamUrl(guard.organization)],
    authentication_methods: [
      ...(has("allow") ? ["browser_login"] : []),
      ...(has("non_identity") ? ["service_token"] : []),
    ],
  });
}
