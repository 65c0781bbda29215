import type { Organization } from "../account/entities";
import { sha256 } from "../account/ids";
import { cookieValues, setCookie } from "./cookies";
import { type EdgeRequest, type TeamCore, teamUrl } from "./core";
import { LoginFailed } from "./identity-provider";
import { authorize, guardOf } from "./login";
import { loginProblem } from "./pages";
import type { Answered } from "./reply";
import { type Login, newNonce, type PendingLogin, userUuid } from "./sessions";
import { loginEnd, teamToken } from "./tokens";

/** Where the identity provider sends the browser back: finds out who it is and asks the policies. */
export async function callback(
  core: TeamCore,
  organization: Organization,
  request: EdgeRequest,
): Promise<Answered> {
  const { store, sessions } = core;
  const pending = sessions.comeBack(request.query.get("state") ?? "", store.now());
  if (pending === undefined || !isSameBrowser(request, pending)) {
    return problem("Invalid login session", "The login took too long, or began in another browser.");
  }
  const guard = guardOf(core, pending.visit);
  const provider = store.identityProviders.get(pending.identityProviderId);
  if (guard === undefined || provider === undefined) {
    return problem("Invalid login session", "The application or its login is no longer there.");
  }
  const code = request.query.get("code");
  if (code === null) {
    return problem("Login failed", `The identity provider said: ${request.query.get("error") ?? "nothing"}.`);
  }
  const redirectUri = `${teamUrl(organization)}/cdn-cgi/access/callback`;
  const { nonce, codeVerifier } = pending;
  try {
    const attempt = { provider, redirectUri, state: "", nonce, codeVerifier };
    const email = await core.providers.emailOf(attempt, code);
    const login: Login = {
      id: newNonce(),
      accountId: organization.id,
      email,
      identityProvider: { id: provider.id, type: provider.type },
      userUuid: userUuid(organization.id, email),
      issuedAt: store.now().getTime(),
      expiresAt: loginEnd(core, { organization }),
    };
    sessions.logins.set(login.id, login);
    const answer = await authorize(core, guard, pending.visit, login, false);
    const cookie = setCookie("CF_Authorization", await teamToken(core, { organization }, login), {
      httpOnly: true,
      sameSite: "none",
      expires: new Date(login.expiresAt * 1000),
    });
    answer.reply.headers["set-cookie"] = [cookie];
    return answer;
  } catch (error) {
    if (!(error instanceof LoginFailed)) throw error;
    return problem("Failed to fetch user information from the identity provider", `${error.message}.`);
  }
}

function problem(heading: string, text: string): Answered {
  return { reply: loginProblem(400, heading, text), reason: text };
}

function isSameBrowser(request: EdgeRequest, { browserHash }: PendingLogin): boolean {
  return cookieValues(request.header("cookie"), "CF_Session").some((value) => sha256(value) === browserHash);
}
