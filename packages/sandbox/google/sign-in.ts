import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type Provider from "oidc-provider";
import { errors } from "oidc-provider";
import { type GoogleAccount, subjectOf } from "./accounts";
import { chooserPage, emailPage, expiredPage, passwordPage } from "./pages";

/** The interaction of the library that the pages serve, found by the request's cookie. */
type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** No form of the login pages is longer. */
const LONGEST_FORM = 4096;

/** Serves the login pages: e-mail, then password; or the choice of an account that is signed in. */
export function signIn(provider: Provider, accounts: readonly GoogleAccount[]) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let interaction: Interaction;
    try {
      interaction = await provider.interactionDetails(request, response);
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error;
      return send(response, 400, expiredPage.headers, expiredPage.render());
    }
    const signedIn = accounts.find((account) => subjectOf(account) === interaction.session?.accountId);
    if (request.method === "POST")
      return advance(await formOf(request), signedIn, interaction, request, response);
    if (request.method !== "GET" && request.method !== "HEAD")
      return send(response, 405, { allow: "GET, POST" }, "");
    return signedIn === undefined ? showEmail(response) : showChooser(response, signedIn);
  };

  function showEmail(response: ServerResponse, email?: string, problem?: string): void {
    send(response, 200, emailPage.headers, emailPage.render({ accounts, email, problem }));
  }

  async function advance(
    form: URLSearchParams,
    signedIn: GoogleAccount | undefined,
    interaction: Interaction,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const step = form.get("step");
    if (step === "chosen" && signedIn) return finish(signedIn, interaction, request, response);
    if (step !== "email" && step !== "password") return showEmail(response);

    const email = (form.get("email") ?? "").trim();
    const account = accounts.find((candidate) => candidate.email.toLowerCase() === email.toLowerCase());
    if (account === undefined)
      return showEmail(response, email, "There is no test account with this address.");
    if (step === "email") return showPassword(response, account);
    if (form.get("password") !== account.password) return showPassword(response, account, "Wrong password.");
    return finish(account, interaction, request, response);
  }

  async function finish(
    account: GoogleAccount,
    interaction: Interaction,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const accountId = subjectOf(account);
    const { session } = interaction;
    if (session?.uid !== undefined && session.accountId !== accountId) {
      // Another person goes on in this browser: the session of the one before ends here.
      await (await provider.Session.findByUid(session.uid))?.destroy();
      interaction.session = undefined;
      await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    }
    await provider.interactionFinished(request, response, {
      login: { accountId },
      select_account: {},
      consent: {},
    });
  }
}

function showPassword(response: ServerResponse, account: GoogleAccount, problem?: string): void {
  send(response, 200, passwordPage.headers, passwordPage.render({ account, problem }));
}

function showChooser(response: ServerResponse, account: GoogleAccount): void {
  send(response, 200, chooserPage.headers, chooserPage.render({ account }));
}

/** Answers with a page. */
export function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  // A length that is not stated is no number, and no form of a browser.
  const length = Number(request.headers["content-length"]);
  return new URLSearchParams(length <= LONGEST_FORM ? await text(request) : "");
}
