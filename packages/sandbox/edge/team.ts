import type { Organization } from "../account/entities";
import { callback } from "./callback";
import { clearCookie, cookieValues } from "./cookies";
import { type EdgeCore, type EdgeRequest, type TeamCore, teamUrl } from "./core";
import { isKnownRevoked } from "./identify";
import { identityOf, notLoggedIn } from "./identity";
import { verify } from "./jwt";
import { logIn } from "./login";
import { loginProblem, page } from "./pages";
import { type Answered, html, json, NO_STORE, type Reply } from "./reply";
import type { Login } from "./sessions";

/** Answers a request at `<team>.cloudflareaccess.com`. */
export async function team(
  core: TeamCore,
  organization: Organization,
  request: EdgeRequest,
): Promise<Answered> {
  const login = await loginOf(core, organization, request);
  const who = login?.email;
  const { path } = request;
  const prefix = "/cdn-cgi/access/";
  if (path.startsWith(`${prefix}login/`)) {
    return logIn(core, organization, request, path.slice(`${prefix}login/`.length), login);
  }
  switch (path) {
    case `${prefix}callback`:
      return callback(core, organization, request);
    case `${prefix}certs`:
      return {
        who,
        reply: json(200, (await core.keysOf(organization)).certs(), { "cache-control": "no-cache" }),
      };
    case `${prefix}get-identity`:
      return { who, reply: login === undefined ? notLoggedIn() : identityOf(core, login) };
    case `${prefix}logout`:
      return { who, reply: logout(core, login) };
    case "/":
      return { who, reply: html(200, page(organization.authDomain, `<h1>${organization.authDomain}</h1>`)) };
    default:
      return { who, reply: loginProblem(404, "Not found", `${teamUrl(organization)} has nothing there.`) };
  }
}

/** The login that the team's cookie shows, if it still holds. */
async function loginOf(
  core: EdgeCore,
  organization: Organization,
  request: EdgeRequest,
): Promise<Login | undefined> {
  const keys = await core.keysOf(organization);
  const { store, sessions } = core;
  const issuer = teamUrl(organization);
  const now = store.now();
  for (const jwt of cookieValues(request.header("cookie"), "CF_Authorization")) {
    const verified = await verify(keys, jwt, { issuer, audience: issuer, type: "org", now });
    if ("fault" in verified) continue;
    const login = sessions.logins.get(String(verified.claims.identity_nonce));
    if (login?.accountId === organization.id && !isKnownRevoked(core, { login })) return login;
  }
  return undefined;
}

function logout({ store, sessions }: EdgeCore, login: Login | undefined): Reply {
  if (login !== undefined) {
    store.revocations.revokeLogin(login.id, store.now());
    sessions.logins.delete(login.id);
  }
  return html(200, page("Logged out ・ Cloudflare Access", "<h1>You are logged out</h1>"), {
    ...NO_STORE,
    "set-cookie": [clearCookie("CF_Authorization"), clearCookie("CF_Session")],
  });
}
