import { afterAll, beforeAll, expect, test } from "vitest";
import { checkGoogleClient, type GoogleClient } from "../../packages/cli/google/check-client";
import { judgeAuthorize, judgeToken } from "../../packages/cli/google/judge-client";
import { type ServedGoogle, serveGoogle } from "../sandbox/google/visitor";

const CALLBACK = "https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback";
const RIGHT: GoogleClient = {
  clientId: "sandbox.apps.googleusercontent.com",
  clientSecret: "sandbox-google-client-secret",
  redirectUri: CALLBACK,
};

let served: ServedGoogle;
beforeAll(async () => {
  served = await serveGoogle();
});
afterAll(() => served.close());

async function verdicts(change: Partial<GoogleClient>, network = served.network) {
  const check = await checkGoogleClient({ ...RIGHT, ...change }, network);
  expect(JSON.stringify(check)).not.toContain(change.clientSecret ?? RIGHT.clientSecret);
  return [check.client.verdict, check.secret.verdict, check.redirectUri.verdict];
}

test("a client is told from one that is unknown, has another secret, or another address", async () => {
  expect(await verdicts({})).toEqual(["right", "right", "right"]);
  expect(await verdicts({ clientSecret: "GOCSPX-another" })).toEqual(["right", "wrong", "right"]);
  expect(await verdicts({ redirectUri: `${CALLBACK}/` })).toEqual(["right", "right", "wrong"]);
  expect(await verdicts({ clientId: "gone.apps.googleusercontent.com" })).toEqual([
    "wrong",
    "unknown",
    "unknown",
  ]);
});

test("where Google does not answer, nothing is known, and no host outside of the network is asked", async () => {
  const nowhere = { routes: {} };
  expect(await verdicts({}, nowhere)).toEqual(["unknown", "unknown", "unknown"]);
  const check = await checkGoogleClient(RIGHT, nowhere);
  expect(check.client.detail).toContain("no answer from accounts.google.com");
});

// As captured from Google.
const MISMATCH =
  "ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gSsAEKWW91IGNhbid0IHNpZ24gaW4gdG8gdGhpcyBhcHAgYmVjYXVzZSBpdCBkb2Vzbid0IGNvbXBseSB3aXRoIEdvb2dsZSdzIE9BdXRoIDIuMCBwb2xpY3kuCgpJZiB5b3UncmUgdGhlIGFwcCBkZXZlbG9wZXIsIHJlZ2lzdGVyIHRoZSByZWRpcmVjdCBVUkksIGluIHRoZSBHb29nbGUgQ2xvdWQgQ29uc29sZS4gIBptaHR0cHM6Ly9kZXZlbG9wZXJzLmdvb2dsZS5jb20vaWRlbnRpdHkvcHJvdG9jb2xzL29hdXRoMi93ZWItc2VydmVyI2F1dGhvcml6YXRpb24tZXJyb3JzLXJlZGlyZWN0LXVyaS1taXNtYXRjaCCQAw";
const NOT_FOUND = "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw%3D%3D";
const toError = (authError: string) => ({
  status: 302,
  location: `https://accounts.google.com/signin/oauth/error?authError=${authError}&flowName=GeneralOAuthFlow`,
  body: "",
});
const page = (body: string, status = 200) => ({ status, body });
const to = (location: string) => ({ status: 302, location, body: "" });

test.each([
  ["a mismatch, as a redirect", toError(MISMATCH), "right", "wrong"],
  ["an unknown client, as a redirect", toError(NOT_FOUND), "wrong", "unknown"],
  ["a disabled client", toError("disabled_client"), "wrong", "unknown"],
  ["an error that is not known", toError("AAAA"), "unknown", "unknown"],
  ["a request that Google refuses otherwise", toError("invalid_request"), "unknown", "unknown"],
  [
    "a mismatch, on a page with status 200",
    page('<b data-error-code="redirect_uri_mismatch">'),
    "right",
    "wrong",
  ],
  ["an unknown client, in words", page("<p>Error 401: invalid_client</p>"), "wrong", "unknown"],
  ["the login, as a page", page('<input type="email" id="identifierId">'), "right", "right"],
  [
    "the login, as a redirect",
    to("https://accounts.google.com/v3/signin/identifier?opparams=x"),
    "right",
    "right",
  ],
  ["the choice of an account", to("/o/oauth2/v2/auth/oauthchooseaccount?x"), "right", "right"],
  ["back with an error, to the registered address", to(`${CALLBACK}?error=access_denied`), "right", "right"],
  [
    "a browser that Google rejects",
    to("https://accounts.google.com/v3/signin/rejected?x"),
    "unknown",
    "unknown",
  ],
  ["another host", to("https://accounts.example.org/v3/signin/identifier"), "unknown", "unknown"],
  ["a page that says nothing", page("<html>Your browser is not supported</html>"), "unknown", "unknown"],
  ["a server error", page("", 503), "unknown", "unknown"],
])("the login page: %s", (_, answer, client, redirectUri) => {
  const judged = judgeAuthorize(answer, CALLBACK);
  expect([judged.client.verdict, judged.redirectUri.verdict]).toEqual([client, redirectUri]);
});

const json = (status: number, error: string, description: string) => ({
  status,
  body: JSON.stringify({ error, error_description: description }),
});

test.each([
  [
    "a made-up code of the right client",
    json(400, "invalid_grant", "Malformed auth code."),
    "right",
    "right",
  ],
  ["a wrong secret", json(401, "invalid_client", "The provided client secret is invalid."), "right", "wrong"],
  ["an unknown client", json(401, "invalid_client", "The OAuth client was not found."), "wrong", "unknown"],
  ["a deleted client", json(401, "deleted_client", "The OAuth client was deleted."), "wrong", "unknown"],
  ["older words for either", json(401, "invalid_client", "Unauthorized"), "unknown", "unknown"],
  ["an address that does not fit", json(400, "redirect_uri_mismatch", "Bad Request"), "unknown", "unknown"],
  ["no JSON", { status: 502, body: "<html>" }, "unknown", "unknown"],
  ["JSON that is no object", { status: 200, body: "null" }, "unknown", "unknown"],
])("the token endpoint: %s", (_, answer, client, secret) => {
  const judged = judgeToken(answer);
  expect([judged.client.verdict, judged.secret.verdict]).toEqual([client, secret]);
});
