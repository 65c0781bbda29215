import type { Context } from "hono";
import type { ApiToken } from "../account/entities";
import { sha256 } from "../account/ids";
import type { Store } from "../account/store";
import { guard, refuseToken } from "./auth";
import type { Register, SandboxEnv } from "./context";
import { noRoute, ok, VendorError } from "./envelope";

const DOCS = "https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/get";

/** Token verification for user and account-owned tokens, and reading a token with its permission groups. */
export const tokens: Register = (app, store) => {
  app.get("/user/tokens/verify", (c) => verify(c, store, (token) => token.kind === "user"));

  app.get("/accounts/:account/tokens/verify", (c) =>
    verify(c, store, (token) => token.kind === "account" && token.accountId === c.req.param("account")),
  );

  const userDocs = "user/subresources/tokens/methods/get";
  app.get(
    "/user/tokens/:id",
    refuseAccountOwned(),
    guard(store, { permission: "API Tokens Read", docs: userDocs }),
    (c) => ok(c, render(known(c, store, (token) => token.kind === "user"))),
  );

  const accountDocs = "accounts/subresources/tokens/methods/get";
  app.get(
    "/accounts/:account/tokens/:id",
    guard(store, { permission: "Account API Tokens Read", docs: accountDocs }),
    (c) => ok(c, render(known(c, store, (token) => token.accountId === c.get("account").id))),
  );
};

/** The vendor verifies a token only at the address of its kind. */
function verify(c: Context<SandboxEnv>, store: Store, belongs: (token: ApiToken) => boolean): Response {
  const token = c.get("token");
  if (token === undefined || !belongs(token)) {
    if (token === undefined) refuseToken(c);
    throw new VendorError(401, { code: 1000, message: "Invalid API Token" });
  }
  const status = currentStatus(token, store);
  return ok(
    c,
    { id: token.id, status, ...(token.expiresAt === null ? {} : { expires_on: token.expiresAt }) },
    {
      messages:
        status === "active"
          ? [{ code: 10000, message: "This API Token is valid and active", type: null }]
          : [{ code: 10000, message: `This API Token is ${status}`, type: null }],
    },
  );
}

/** User-level addresses are closed to account-owned tokens. */
function refuseAccountOwned() {
  return async (c: Context<SandboxEnv>, next: () => Promise<void>): Promise<void> => {
    if (c.get("token")?.kind === "account") {
      throw new VendorError(403, {
        code: 9109,
        message: "Valid user-level authentication not found",
        documentation_url: DOCS,
      });
    }
    await next();
  };
}

function known(c: Context<SandboxEnv>, store: Store, belongs: (token: ApiToken) => boolean): ApiToken {
  const token = store.apiTokens.get(c.req.param("id") ?? "");
  if (!token || !belongs(token)) throw noRoute(c.req.path);
  return token;
}

function currentStatus(token: ApiToken, store: Store): ApiToken["status"] {
  if (token.expiresAt !== null && Date.parse(token.expiresAt) <= store.now().getTime()) return "expired";
  return token.status;
}

const render = (token: ApiToken) => ({
  id: token.id,
  name: token.name,
  status: token.status,
  issued_on: token.issuedAt,
  modified_on: token.issuedAt,
  ...(token.expiresAt === null ? {} : { expires_on: token.expiresAt }),
  policies: token.policies.map((policy) => ({
    id: policy.id,
    effect: policy.effect,
    resources: policy.resources,
    permission_groups: policy.permissionGroups.map((name) => ({
      // The vendor's ids of groups are opaque; these only have to be stable.
      id: sha256(`permission group ${name}`).slice(0, 32),
      name,
    })),
  })),
});
