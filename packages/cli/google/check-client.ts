import type { Network } from "../../client/typescript/network";
import { openRequests } from "../verify/requests";
import {
  type AuthorizeAnswer,
  type GoogleAnswer,
  type GoogleCheck,
  judgeAuthorize,
  judgeToken,
  type TokenAnswer,
} from "./judge-client";

/** A Google OAuth web client as the login uses it. The secret is never part of an answer. */
export interface GoogleClient {
  clientId: string;
  clientSecret: string;
  /** `https://<team>.cloudflareaccess.com/cdn-cgi/access/callback` */
  redirectUri: string;
}

const AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth";
const TOKEN = "https://oauth2.googleapis.com/token";
const TIMEOUT_MS = 15_000;
/** Google's pages are large, and an error stands in the middle of one. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** Enough of a code to be refused as one; Google looks at the client before it. */
const NO_CODE = "comfyui-access-doctor";

/** Asks Google's endpoints about a client, as far as that is possible without a login. Changes nothing. */
export async function checkGoogleClient(client: GoogleClient, network: Network): Promise<GoogleCheck> {
  const requests = openRequests(network, TIMEOUT_MS, PAGE_BYTES);
  try {
    const [authorize, token] = await Promise.all([askAuthorize(), askToken()]);
    return combine(judgeAuthorize(authorize, client.redirectUri), judgeToken(token));
  } finally {
    await requests.close();
  }

  async function askAuthorize(): Promise<AuthorizeAnswer> {
    const url = new URL(AUTHORIZE);
    url.searchParams.set("client_id", client.clientId);
    url.searchParams.set("redirect_uri", client.redirectUri);
    url.searchParams.set("response_type", "code");
    url.searchParams.set("scope", "openid email");
    const answer = await requests.ask({ method: "GET", url: url.href });
    if (answer.kind !== "response") return { unreachable: detailOf(answer) };
    return { status: answer.status, location: answer.headers["location"], body: answer.body };
  }

  async function askToken(): Promise<TokenAnswer> {
    const form = new URLSearchParams({
      grant_type: "authorization_code",
      code: NO_CODE,
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uri: client.redirectUri,
    });
    const answer = await requests.ask({
      method: "POST",
      url: TOKEN,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    });
    if (answer.kind !== "response") return { unreachable: detailOf(answer) };
    return { status: answer.status, body: answer.body };
  }
}

/** The token endpoint says more of the client than the login page; a client that one of them refuses is wrong. */
function combine(
  page: Pick<GoogleCheck, "client" | "redirectUri">,
  token: Pick<GoogleCheck, "client" | "secret">,
): GoogleCheck {
  const client =
    [page.client, token.client].find(({ verdict }) => verdict === "wrong") ??
    [page.client, token.client].find(({ verdict }) => verdict === "right") ??
    page.client;
  // "Not this client, or not with this secret": when the login page knows the client, it is the secret.
  const isSecret = token.secret.verdict === "unknown" && token.secret.code === "invalid_client";
  const secret: GoogleAnswer =
    isSecret && page.client.verdict === "right" ? { ...token.secret, verdict: "wrong" } : token.secret;
  return { client, secret, redirectUri: page.redirectUri };
}

function detailOf(answer: { kind: "unreachable"; detail: string } | { kind: "websocket" }): string {
  return answer.kind === "unreachable" ? answer.detail : "an answer to something else";
}
