import type { IncomingHttpHeaders } from "undici/types/header";
import { ComfyUIError } from "./errors";
import { isRecord, type JsonObject } from "./narrow";
import type { Settings } from "./options";
import { describeNodeErrors, parseNodeErrors } from "./results";

/** An answer that is not what was asked for. */
export interface Refusal {
  /** The request, e.g. `GET /queue`. */
  what: string;
  /** What was asked for, e.g. `x.png in output`. */
  asked?: string;
  status: number;
  /** Headers and body as `Said` gives them: without the credential. */
  headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  body: string;
  /** The JSON object that the body is; empty when it is none. */
  json: JsonObject;
}

/** Names who refused and why. */
export function refusalOf(refusal: Refusal, settings: Settings): ComfyUIError {
  const { status } = refusal;
  if (isLoginRedirect(refusal)) return loginRedirect(refusal, settings);
  if (status >= 300 && status < 400) return redirectError(refusal, String(refusal.headers.location ?? ""));
  if (status === 401) return unauthorized(refusal, settings);
  if (status === 403) return forbidden(refusal, settings);
  if (status === 413) return error(refusal, "usage", "too_large", tooLarge);
  if (status >= 502 && status <= 504) return error(refusal, "tunnel", "bad_gateway", badGateway);
  if (status === 524) return error(refusal, "tunnel", "origin_timeout", originTimeout);
  if (status === 530) return error(refusal, "tunnel", "no_connector", noConnector);
  if (status >= 520 && status < 530) return error(refusal, "tunnel", "bad_gateway", badGateway);
  return comfyuiRefusal(refusal);
}

/** A page where JSON or a file was asked for. */
export function pageInstead(refusal: Refusal): ComfyUIError {
  const title = /<title[^>]*>([^<]{1,100})/i.exec(refusal.body)?.[1]?.trim() ?? "without a title";
  if (isOfAccess(refusal))
    return error(refusal, "access", "html", `Cloudflare Access answered with its own page ("${title}")`);
  return error(
    refusal,
    "protocol",
    "html",
    `an HTML page came instead ("${title}"): does the address lead to ComfyUI?`,
  );
}

/** Whether the answer sends to the login of Access, recognised the way cloudflared does. */
export function isLoginRedirect({ status, headers }: Pick<Refusal, "status" | "headers">): boolean {
  const { location } = headers;
  if (status < 300 || status >= 400 || typeof location !== "string" || !URL.canParse(location)) return false;
  return new URL(location).pathname.startsWith("/cdn-cgi/access/login");
}

/** A redirect that is not followed. */
export function redirectError(refusal: Refusal, location: string): ComfyUIError {
  // The query may hold a signature: origin and path say enough.
  const to = URL.canParse(location)
    ? new URL(location).origin + new URL(location).pathname
    : location.split("?")[0];
  return error(refusal, "protocol", "redirect", `redirected to ${to || "nowhere"}, which is not followed`);
}

const tooLarge =
  "the request is too large; Cloudflare takes 100 MB on its Free and Pro plans, ComfyUI what --max-upload-size says";
const badGateway = "Cloudflare or cloudflared did not get an answer from ComfyUI: is it running?";
const originTimeout = "ComfyUI did not answer within Cloudflare's 120 s";
const noConnector =
  "Cloudflare has no connection to the tunnel (error 1033): is cloudflared running, and does the hostname lead to this tunnel?";
const noToken =
  "Cloudflare Access asks for a credential, and none was sent: set COMFYUI_ACCESS_TOKEN to <client id>:<client secret> of a service token";
const notAccepted = "the token is not accepted: it is wrong, expired, disabled or rotated";

function loginRedirect(refusal: Refusal, settings: Settings): ComfyUIError {
  if (settings.credential === undefined) return missingToken(refusal, settings);
  const accepted = tokenAccepted(String(refusal.headers.location), settings);
  const noPolicy = "no Service Auth policy of this application includes the token";
  if (accepted === true) {
    return error(
      refusal,
      "access",
      "no_service_auth_policy",
      `Cloudflare Access sent to its login: ${noPolicy}`,
    );
  }
  const words = accepted === false ? notAccepted : `${notAccepted}; or ${noPolicy}`;
  return error(refusal, "access", "token_refused", `Cloudflare Access sent to its login: ${words}`);
}

function unauthorized(refusal: Refusal, settings: Settings): ComfyUIError {
  if (settings.credential === undefined) return missingToken(refusal, settings);
  return error(
    refusal,
    "access",
    "token_refused",
    `Cloudflare Access cannot authenticate the request (401): ${notAccepted}`,
  );
}

function forbidden(refusal: Refusal, settings: Settings): ComfyUIError {
  if (isOfAccess(refusal)) {
    const words =
      settings.credential === undefined
        ? missingWords(settings)
        : `no Service Auth policy includes this token, or ${notAccepted}`;
    return error(refusal, "access", "forbidden", `Cloudflare Access refused (403): ${words}`);
  }
  if (refusal.body !== "") return comfyuiRefusal(refusal);
  const crossSite = "ComfyUI's cross-site check (start it with --enable-cors-header <origin>)";
  const words = settings.isLocal
    ? crossSite
    : `${crossSite}, or cloudflared's check of the Access token (audTag in originRequest.access)`;
  return error(refusal, "comfyui", "empty_403", `refused without a word, as ${words} does`);
}

function comfyuiRefusal(refusal: Refusal): ComfyUIError {
  const { error: said, node_errors } = refusal.json;
  const nodeErrors = parseNodeErrors(node_errors);
  if (isRecord(said) && typeof said["type"] === "string") {
    const words = [said["message"], said["details"], describeNodeErrors(nodeErrors)]
      .filter((part) => typeof part === "string" && part !== "")
      .join(": ");
    return error(refusal, "comfyui", said["type"].slice(0, 100), words.slice(0, 2000), nodeErrors);
  }
  const words = refusal.body
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300);
  return error(refusal, "comfyui", `http_${refusal.status}`, words || withoutWords(refusal));
}

/** What ComfyUI means where it gives a status and nothing else. */
function withoutWords({ status, asked }: Refusal): string {
  if (asked === undefined) {
    return status === 404 ? "there is nothing at this path: an older ComfyUI, or none" : "no reason given";
  }
  return status === 404
    ? `ComfyUI has no ${asked}: it was never there, was deleted, or was a temporary file before a restart`
    : `ComfyUI does not take ${asked}`;
}

function missingToken(refusal: Refusal, settings: Settings): ComfyUIError {
  return error(refusal, "access", "no_token", missingWords(settings));
}

function missingWords({ withheld }: Settings): string {
  if (withheld === undefined) return noToken;
  return `Cloudflare Access asks for a credential; COMFYUI_ACCESS_TOKEN was not sent because ${withheld}: use the https address`;
}

/** What the login's `meta` claims of the service token. Unsigned here: good for a hint, and used for nothing else. */
function tokenAccepted(location: string, { said }: Settings): boolean | undefined {
  const payload = new URL(location).searchParams.get("meta")?.split(".")[1];
  if (payload === undefined) return undefined;
  const { service_token_status: status } = said.object(Buffer.from(payload, "base64url").toString("utf8"));
  return typeof status === "boolean" ? status : undefined;
}

function isOfAccess({ headers, body }: Refusal): boolean {
  if (headers["cf-access-aud"] !== undefined || headers["cf-access-domain"] !== undefined) return true;
  return /<title>[^<]*Cloudflare Access/i.test(body);
}

function error(
  { what, status }: Refusal,
  kind: ComfyUIError["kind"],
  code: string,
  words: string,
  nodeErrors?: ComfyUIError["nodeErrors"],
): ComfyUIError {
  return new ComfyUIError(kind, code, `${what}: ${words} (HTTP ${status})`, { status, nodeErrors });
}
