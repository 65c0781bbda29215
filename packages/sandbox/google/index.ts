import type { IncomingMessage, ServerResponse } from "node:http";
import { DEFAULT_ACCOUNTS, DEFAULT_CLIENTS, type GoogleAccount, type OAuthClient } from "./accounts";
import { decodeAuthError, ERROR_PATH } from "./auth-error";
import { errorPage, notFoundPage } from "./pages";
import { ENDPOINTS, ISSUER, newProvider, SIGN_IN_PATH } from "./provider";
import { send, signIn } from "./sign-in";
import { GoogleStorage } from "./storage";

export { ENDPOINTS as GOOGLE_ENDPOINTS, ISSUER as GOOGLE_ISSUER } from "./provider";

export interface GoogleOptions {
  /** Who can sign in; default: `artist@datacrew.space` and `stranger@example.org`, password `sandbox`. */
  accounts?: readonly GoogleAccount[];
  /** Which applications may ask; default: the one of the sandboxed stack. */
  clients?: readonly OAuthClient[];
}

/** Google as an OpenID provider, without a port: whoever terminates TLS for its hosts hands it the requests. */
export interface Google {
  /** The hostnames it answers for. */
  hosts: readonly string[];
  accounts: readonly GoogleAccount[];
  clients: readonly OAuthClient[];
  /** Answers a request that came over TLS and whose `Host` is one of the hosts. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Signs everybody out, and forgets all codes and tokens. */
  reset(): void;
}

/**
 * Makes a Google that keeps the machine's time, whatever the sandbox's clock says: as the real one, it knows
 * nothing of the sandbox.
 */
export async function createGoogle(options: GoogleOptions = {}): Promise<Google> {
  const accounts = options.accounts ?? DEFAULT_ACCOUNTS;
  const clients = options.clients ?? DEFAULT_CLIENTS;
  const storage = new GoogleStorage();
  const provider = await newProvider({ accounts, clients, storage });
  const protocol = provider.callback();
  const pages = signIn(provider, accounts);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", `https://${request.headers.host}`);
    if (url.origin === ISSUER && url.pathname === ERROR_PATH) return showError(url, response);
    if (isSignIn(url)) return pages(request, response);
    if (isEndpoint(url)) return protocol(request, response);
    send(response, 404, notFoundPage.headers, notFoundPage.render());
  };

  return {
    hosts: [...new Set(Object.values(ENDPOINTS).map((endpoint) => new URL(endpoint).hostname))],
    accounts,
    clients,
    handle(request, response) {
      answer(request, response).catch((error: unknown) => {
        // A mistake of the sandbox itself: the message goes to the log of the process, not to the client.
        console.error(error);
        if (response.headersSent) response.destroy();
        else send(response, 500, { "content-type": "text/plain" }, "sandbox: internal error");
      });
    },
    reset: () => storage.clear(),
  };
}

/** Google's page about a request that it does not accept; it comes with 200, the number is in its text. */
function showError(url: URL, response: ServerResponse): void {
  const error = decodeAuthError(url.searchParams.get("authError") ?? "");
  const view = error ?? { code: "invalid_request", reason: "The request is not valid.", status: 400 };
  const redirectUri = url.searchParams.get("redirect_uri") ?? undefined;
  send(response, 200, errorPage.headers, errorPage.render({ ...view, redirectUri }));
}

const isSignIn = (url: URL): boolean => url.origin === ISSUER && url.pathname.startsWith(`${SIGN_IN_PATH}/`);

/** Whether Google has an endpoint there: each is on one of its hosts only. */
function isEndpoint(url: URL): boolean {
  const address = `${url.origin}${url.pathname}`;
  return (
    address === `${ISSUER}/.well-known/openid-configuration` ||
    Object.values<string>(ENDPOINTS).includes(address) ||
    address.startsWith(`${ENDPOINTS.authorization_endpoint}/`)
  );
}
