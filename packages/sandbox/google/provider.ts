import { generateKeyPair, randomBytes, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import Provider, { type Configuration, type ErrorOut, interactionPolicy, type JWK } from "oidc-provider";
import { claimsOf, type GoogleAccount, type OAuthClient, subjectOf } from "./accounts";
import { type AuthError, ERROR_PATH, encodeAuthError } from "./auth-error";
import type { GoogleStorage } from "./storage";

/** Google's issuer, and the addresses of its endpoints. */
export const ISSUER = "https://accounts.google.com";
export const ENDPOINTS = {
  authorization_endpoint: `${ISSUER}/o/oauth2/v2/auth`,
  token_endpoint: "https://oauth2.googleapis.com/token",
  jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
  userinfo_endpoint: "https://openidconnect.googleapis.com/v1/userinfo",
} as const;

const TOKEN_PATH = new URL(ENDPOINTS.token_endpoint).pathname;

/** Where the login pages are; the interaction's id follows. */
export const SIGN_IN_PATH = "/signin";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const SCOPES = ["openid", "email", "profile"];

export interface ProviderOptions {
  accounts: readonly GoogleAccount[];
  clients: readonly OAuthClient[];
  storage: GoogleStorage;
}

/** An OpenID provider that behaves as Google's does, with a signing key of its own. */
export async function newProvider(options: ProviderOptions): Promise<Provider> {
  const provider = new Provider(ISSUER, configuration(options, await signingKey()));
  // The library derives the endpoints' addresses from the request's host; Google's are on several hosts.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === "/.well-known/openid-configuration" && ctx.status === 200) {
      Object.assign(ctx.body as object, ENDPOINTS);
    }
    if (ctx.path === TOKEN_PATH && ctx.status >= 400) {
      const body = ctx.body as { error?: string; error_description?: string };
      body.error_description =
        tokenError(body.error, ctx.oidc?.client !== undefined) ?? body.error_description;
    }
  });
  return provider;
}

function configuration({ accounts, clients, storage }: ProviderOptions, key: JWK): Configuration {
  return {
    adapter: (model) => storage.adapter(model),
    jwks: { keys: [key] },
    clients: clients.map((client) => ({
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uris: client.redirectUris,
      response_types: ["code"],
      grant_types: ["authorization_code"],
    })),
    routes: {
      authorization: new URL(ENDPOINTS.authorization_endpoint).pathname,
      token: new URL(ENDPOINTS.token_endpoint).pathname,
      jwks: new URL(ENDPOINTS.jwks_uri).pathname,
      userinfo: new URL(ENDPOINTS.userinfo_endpoint).pathname,
    },
    scopes: SCOPES,
    claims: {
      openid: ["sub", "azp", "hd"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name"],
    },
    // Google puts these claims into the ID token, whichever response type is asked for.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
    },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: MINUTE,
      IdToken: HOUR,
      Interaction: HOUR,
      Session: 14 * DAY,
      Grant: 14 * DAY,
    },
    interactions: {
      policy: promptsOfGoogle(),
      url: (_ctx, interaction) => `${SIGN_IN_PATH}/${interaction.uid}`,
    },
    findAccount: (ctx, accountId) => {
      const account = accounts.find((candidate) => subjectOf(candidate) === accountId);
      return (
        account && {
          accountId,
          claims: () => Promise.resolve(claimsOf(account, ctx.oidc.client?.clientId ?? "")),
        }
      );
    },
    // Nobody is asked to consent: the sandbox is about who may enter, not about what Google tells.
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope(SCOPES.join(" "));
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      const error = googleError(out);
      const address = new URL(ERROR_PATH, ISSUER);
      address.searchParams.set("authError", encodeAuthError(error));
      address.searchParams.set("client_id", String(ctx.oidc?.params?.client_id ?? ""));
      const redirectUri = error.code === "redirect_uri_mismatch" ? ctx.oidc?.params?.redirect_uri : undefined;
      if (typeof redirectUri === "string") address.searchParams.set("redirect_uri", redirectUri);
      address.searchParams.set("flowName", "GeneralOAuthFlow");
      ctx.redirect(address.href);
    },
  };
}

/**
 * The prompts that Google knows. `select_account` lets a signed-in person choose, before anything else; `consent`
 * is asked for only when the client says so.
 */
function promptsOfGoogle(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove("consent");
  policy.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  policy.add(new interactionPolicy.Prompt({ name: "consent", requestable: true }));
  return policy;
}

/**
 * The token endpoint's words for an error; undefined keeps the library's. The client's id and secret are looked at
 * before the code (trufflesecurity/trufflehog, pkg/detectors/googleoauth2clientcredentials).
 */
function tokenError(error: string | undefined, isKnownClient: boolean): string | undefined {
  if (error === "invalid_client") {
    return isKnownClient ? "The provided client secret is invalid." : "The OAuth client was not found.";
  }
  return error === "invalid_grant" ? "Malformed auth code." : undefined;
}

/** The library's error in Google's terms. */
function googleError(out: ErrorOut): AuthError {
  if (out.error === "invalid_client") {
    return { status: 401, code: "invalid_client", reason: "The OAuth client was not found." };
  }
  if (out.error === "invalid_redirect_uri") {
    return {
      status: 400,
      code: "redirect_uri_mismatch",
      reason: "The redirect URI of the request is not one that the OAuth client has registered.",
    };
  }
  return { status: 400, code: out.error, reason: out.error_description ?? "The request is not valid." };
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const jwk = privateKey.export({ format: "jwk" });
  return { ...jwk, kid: randomUUID().replaceAll("-", ""), alg: "RS256", use: "sig" } as JWK;
}
