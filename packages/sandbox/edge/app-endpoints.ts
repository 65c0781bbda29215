import { cookiePath } from "./access";
import { authorized } from "./authorized";
import { clearCookie } from "./cookies";
import { type EdgeCore, type EdgeRequest, teamUrl } from "./core";
import { type Guard, guardFor, isGuarded, type Site } from "./directory";
import { identify } from "./identify";
import { identityOf, notLoggedIn } from "./identity";
import { type Answered, json, type Reply, redirect } from "./reply";
import type { AppSession } from "./sessions";

const PREFIX = "/cdn-cgi/access/";
const RESOURCE = "/.well-known/cloudflare-access-protected-resource";

/**
 * What Access itself answers on an application's hostname: below `/cdn-cgi/access/`, and what the hostname's
 * `www-authenticate` points to. Undefined for anything else.
 */
export async function appEndpoint(
  core: EdgeCore,
  site: Site,
  request: EdgeRequest,
): Promise<Answered | undefined> {
  const { path } = request;
  const isResource = path === RESOURCE || path.startsWith(`${RESOURCE}/`);
  if (!(isResource || path.startsWith(PREFIX)) || !isGuarded(core.store, site)) return undefined;
  if (isResource) return { reply: protectedResource(core, site, request) };
  switch (path.slice(PREFIX.length)) {
    case "authorized":
      return authorized(core, site, request);
    case "certs":
      return certs(core, site);
    case "get-identity":
      return identity(core, site, request);
    case "logout":
      return logout(core, site, request);
    default:
      return { reply: { status: 404, headers: { "content-type": "text/plain" }, body: "" } };
  }
}

async function certs({ store, keysOf }: EdgeCore, { accountId }: Site): Promise<Answered | undefined> {
  const organization = store.organizations.get(accountId);
  if (organization === undefined) return undefined;
  return { reply: json(200, (await keysOf(organization)).certs(), { "cache-control": "no-cache" }) };
}

async function identity(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Answered> {
  const { session } = await callersAt(core, site, request);
  if (session === undefined) return { reply: notLoggedIn() };
  return { who: session.login.email, reply: identityOf(core, session.login) };
}

/** Ends the login, with the sessions at every application that came of it. */
async function logout(core: EdgeCore, site: Site, request: EdgeRequest): Promise<Answered> {
  const { guard, session } = await callersAt(core, site, request);
  if (session !== undefined) {
    core.store.revocations.revokeLogin(session.login.id, core.store.now());
    core.sessions.logins.delete(session.login.id);
  }
  const organization = core.store.organizations.get(site.accountId);
  const path = guard === undefined ? "/" : cookiePath(guard);
  const location = organization === undefined ? "/" : `${teamUrl(organization)}/cdn-cgi/access/logout`;
  const cookies = [clearCookie("CF_Authorization", path), clearCookie("CF_AppSession")];
  return {
    who: session?.login.email,
    reason: session === undefined ? "nobody was logged in" : "the login has ended, with all its sessions",
    reply: redirect(location, { "set-cookie": cookies }),
  };
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
