/** One question that Google's endpoints answer without a login. */
export interface GoogleAnswer {
  verdict: "right" | "wrong" | "unknown";
  /** In a few words, what Google said. */
  detail: string;
  /** Google's own code, where that leaves something open, e.g. `invalid_client`. */
  code?: string;
}

/** What could be found out about a client without a login. */
export interface GoogleCheck {
  /** Does Google know the client id? */
  client: GoogleAnswer;
  /** Does the secret belong to it? */
  secret: GoogleAnswer;
  /** Is the redirect URI registered? */
  redirectUri: GoogleAnswer;
}

/** What the login page's address answered, without following redirects. */
export type AuthorizeAnswer = { status: number; location?: string; body: string } | { unreachable: string };

/** What the token endpoint answered. */
export type TokenAnswer = { status: number; body: string } | { unreachable: string };

// Google documents the login's errors (https://developers.google.com/identity/protocols/oauth2/web-server,
// "Authorization errors"), not the form in which they come. Captured: a redirect to /signin/oauth/error whose
// `authError` is a protocol buffer in base64 that begins with the code (`redirect_uri_mismatch`, `invalid_client`,
// `disabled_client`, `deleted_client`), and a page with status 200 that has it in `data-error-code` and in words.
const ERROR_PATH = "/signin/oauth/error";
const CLIENT_ERRORS = new Set(["invalid_client", "deleted_client", "disabled_client"]);
/** Where a request that is accepted leads: to a login, or to the choice of an account. */
const LOGIN_PATH = /^\/(v\d+\/)?(signin|ServiceLogin|AccountChooser)\b|^\/o\/oauth2\/(v2\/)?auth\/\w+/;

const unknown = (detail: string): GoogleAnswer => ({ verdict: "unknown", detail });

/** Judges the login page's answer; whatever is not known for certain is `unknown`. */
export function judgeAuthorize(
  answer: AuthorizeAnswer,
  redirectUri: string,
): Pick<GoogleCheck, "client" | "redirectUri"> {
  if ("unreachable" in answer) {
    const not = unknown(`no answer from accounts.google.com (${answer.unreachable})`);
    return { client: not, redirectUri: not };
  }
  const error = authorizeError(answer);
  if (error !== undefined) {
    if (CLIENT_ERRORS.has(error)) {
      return { client: { verdict: "wrong", detail: error }, redirectUri: unknown(`not looked at: ${error}`) };
    }
    if (error === "redirect_uri_mismatch") {
      return {
        client: { verdict: "right", detail: "known to Google" },
        redirectUri: { verdict: "wrong", detail: error },
      };
    }
    return { client: unknown(error), redirectUri: unknown(error) };
  }
  if (isLogin(answer, redirectUri)) {
    const right: GoogleAnswer = { verdict: "right", detail: "Google shows its login" };
    return { client: right, redirectUri: right };
  }
  const not = unknown(`an answer that is not known (HTTP ${answer.status})`);
  return { client: not, redirectUri: not };
}

/**
 * Judges the token endpoint's answer to a code that was made up: `invalid_grant` says that client and secret were
 * accepted before, `invalid_client` that they were not (trufflesecurity/trufflehog,
 * pkg/detectors/googleoauth2clientcredentials, checks leaked secrets the same way).
 */
export function judgeToken(answer: TokenAnswer): Pick<GoogleCheck, "client" | "secret"> {
  if ("unreachable" in answer) {
    const not = unknown(`no answer from oauth2.googleapis.com (${answer.unreachable})`);
    return { client: not, secret: not };
  }
  const { error, description } = tokenError(answer.body);
  if (error === "invalid_grant") {
    return {
      client: { verdict: "right", detail: "known to Google" },
      secret: { verdict: "right", detail: "Google accepts it" },
    };
  }
  if (
    error === "deleted_client" ||
    error === "disabled_client" ||
    /client was not found/i.test(description)
  ) {
    const detail = error ?? "invalid_client";
    return { client: { verdict: "wrong", detail }, secret: unknown(`not looked at: ${detail}`) };
  }
  if (error === "invalid_client") {
    const isSecret = /client secret is invalid/i.test(description);
    return {
      client: isSecret ? { verdict: "right", detail: "known to Google" } : unknown("invalid_client"),
      secret: { verdict: isSecret ? "wrong" : "unknown", detail: error, code: error },
    };
  }
  const not = unknown(error ?? `an answer that is not known (HTTP ${answer.status})`);
  return { client: not, secret: not };
}

function authorizeError(answer: { location?: string; body: string }): string | undefined {
  const location = urlOf(answer.location);
  if (location?.hostname === "accounts.google.com" && location.pathname === ERROR_PATH) {
    return codeIn(location.searchParams.get("authError") ?? "") ?? "an error that is not known";
  }
  if (location !== undefined) return undefined;
  return /data-error-code="(\w+)"/.exec(answer.body)?.[1] ?? /\bError \d{3}: (\w+)/.exec(answer.body)?.[1];
}

/** The code at the beginning of `authError`: field 1, its length in a byte, its letters. */
function codeIn(authError: string): string | undefined {
  const bytes = Buffer.from(authError, "base64");
  const code = bytes[0] === 0x0a ? bytes.toString("latin1", 2, 2 + (bytes[1] ?? 0)) : authError;
  return /^[a-z][a-z_]{2,60}$/.test(code) ? code : undefined;
}

function isLogin(answer: { status: number; location?: string; body: string }, redirectUri: string): boolean {
  if (answer.status >= 300 && answer.status < 400) {
    // Back to the client with an error: only a registered address is ever sent anything.
    if (answer.location?.startsWith(`${redirectUri}?`) === true) return true;
    const location = urlOf(answer.location);
    return (
      location?.hostname === "accounts.google.com" &&
      LOGIN_PATH.test(location.pathname) &&
      !/rejected|error/i.test(location.pathname)
    );
  }
  return answer.status === 200 && /id="identifierId"|name="identifier"/.test(answer.body);
}

function tokenError(body: string): { error?: string; description: string } {
  let parsed: { error?: unknown; error_description?: unknown } = {};
  try {
    parsed = JSON.parse(body) ?? {};
  } catch {
    // Not the token endpoint's own words.
  }
  const error =
    typeof parsed.error === "string" && /^[a-z_]{3,60}$/.test(parsed.error) ? parsed.error : undefined;
  return { error, description: String(parsed.error_description ?? "") };
}

function urlOf(location: string | undefined): URL | undefined {
  if (location === undefined) return undefined;
  return URL.canParse(location, "https://accounts.google.com")
    ? new URL(location, "https://accounts.google.com")
    : undefined;
}
