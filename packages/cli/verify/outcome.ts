import type { ApplicationKind } from "../../../config/stack-config";
import type { What } from "./target";

/** What came back from one request, before it is judged. */
export type RawAnswer =
  | {
      kind: "response";
      status: number;
      /** Lower-case names. */
      headers: Readonly<Record<string, string | undefined>>;
      /** The beginning of the body as text. */
      body: string;
    }
  /** The upgrade was accepted; the first text message when one came in time. */
  | { kind: "websocket"; firstMessage?: string }
  | { kind: "unreachable"; reason: "name" | "connection" | "tls" | "timeout"; detail: string };

/** Who turned a request away: Access at the edge, the connector behind it, or it cannot be told. */
export type Barrier = "access" | "connector" | "unclear";

/** What an answer amounts to. */
export type Outcome =
  | { is: "comfyui"; status: number }
  /** A web app of whatever kind answered. */
  | { is: "web"; status: number; location?: string }
  | { is: "websocket"; alive: boolean }
  | { is: "login"; host: string; aud: string | null }
  | { is: "refused"; status: number; by: Barrier }
  | { is: "preflight"; status: number; allowsOrigin: string | null }
  | { is: "tunnel-down"; status: number }
  /** The request came past Access, and the origin or the connector has a fault: nothing is said of who may in. */
  | { is: "origin-fault"; status: number }
  /** An empty 404: a rule of the tunnel that leads to nothing answers so, and an application may. */
  | { is: "unserved"; status: number }
  /** ComfyUI answers, but refuses what a browser marks as cross-site; only a second request tells. */
  | { is: "cross-site"; status: number }
  /** A browser's way ended at another host than the application's, e.g. at a login. */
  | { is: "elsewhere"; status: number; host: string }
  | {
      is: "other";
      status: number;
      hint: string;
      /** Set for a page of Cloudflare's own, of a request that it sent to no origin. */
      ofTheEdge?: true;
    }
  | { is: "unreachable"; reason: "name" | "connection" | "tls" | "timeout"; detail: string };

const LOGIN_PATH = "/cdn-cgi/access/login/";

/** How a request went, and to what: what an answer amounts to depends on both. */
export interface Asked {
  /** `edge` when Cloudflare stands in between, `direct` on the same machine or compose network. Default: edge. */
  via?: "edge" | "direct";
  /** What the application is. Default: comfyui. */
  kind?: ApplicationKind;
}

/**
 * Says what an answer amounts to.
 * @param what what was asked for: an empty 200 is an answer to a preflight only.
 */
export function outcomeOf(answer: RawAnswer, what: What, asked: Asked = {}): Outcome {
  if (answer.kind === "unreachable") {
    return { is: "unreachable", reason: answer.reason, detail: answer.detail };
  }
  if (answer.kind === "websocket") {
    return { is: "websocket", alive: messageType(answer.firstMessage) === "status" };
  }
  const { via = "edge", kind = "comfyui" } = asked;
  const atEdge = via === "edge" ? edgeOutcome(answer, what, kind) : undefined;
  if (atEdge !== undefined) return atEdge;
  const { status, headers } = answer;
  if (what === "preflight") {
    return { is: "preflight", status, allowsOrigin: headers["access-control-allow-origin"] ?? null };
  }
  if (kind === "comfyui" && isComfyUi(answer, what)) return { is: "comfyui", status };
  if (via === "edge" && status === 404 && isEmpty(answer)) return { is: "unserved", status };
  const ofTheEdge = isOfTheEdge(answer);
  if (kind === "web" && status < 500 && !ofTheEdge) {
    const { location } = headers;
    return { is: "web", status, ...(location === undefined ? {} : { location: withoutQuery(location) }) };
  }
  return { is: "other", status, hint: hintOf(answer), ...(ofTheEdge ? { ofTheEdge } : {}) };
}

/**
 * What nobody has marked as theirs, told by what the origin itself answers to the same request: the same is the
 * application's own. The connector's refusal has the form of an empty 403, so that stays unclear.
 * @param direct the origin's answer, asked without the edge between.
 */
export function toldByOrigin(
  outcome: Outcome,
  answer: RawAnswer,
  direct: RawAnswer,
  kind: ApplicationKind,
): Outcome {
  if (answer.kind !== "response" || direct.kind !== "response") return outcome;
  const { status } = answer;
  if (outcome.is === "refused" && status === 403 && isEmpty(answer)) return outcome;
  const same = status === direct.status && hintOf(answer) === hintOf(direct);
  if (!same) return outcome;
  return kind === "web" ? { is: "web", status } : { is: "other", status, hint: hintOf(answer) };
}

/** Whether an outcome is one that the origin's own answer tells more of. */
export function asksOrigin(outcome: Outcome): boolean {
  return outcome.is === "unserved" || (outcome.is === "refused" && outcome.by === "unclear");
}

/** What Cloudflare's edge or the connector answered in the application's place; undefined when neither did. */
function edgeOutcome(
  answer: RawAnswer & { kind: "response" },
  what: What,
  kind: ApplicationKind,
): Outcome | undefined {
  const { status, headers, body } = answer;
  const login = loginOf(status, headers["location"]);
  if (login !== undefined) return login;
  if (status === 530 || (status >= 502 && /\b1033\b/.test(body))) return { is: "tunnel-down", status };
  if (status >= 500) return { is: "origin-fault", status };
  if (status !== 401 && status !== 403) return undefined;
  const by = refusedBy(answer, what, kind);
  return by === undefined ? undefined : { is: "refused", status, by };
}

/** Who refused; undefined when it was the application itself, or Cloudflare without asking Access. */
function refusedBy(
  answer: RawAnswer & { kind: "response" },
  what: What,
  kind: ApplicationKind,
): Barrier | undefined {
  if (isMarked(answer)) return "access";
  const { status, headers, body } = answer;
  // Access asks for its own kind of log-in: another kind is asked for by what is behind it.
  if (status === 401 && headers["www-authenticate"] !== undefined) return undefined;
  if (isOfTheEdge(answer) && !ACCESS_WORDS.test(body)) return undefined;
  // A web app may say anything in a 401 or 403, Access's own words too. What Access answers to a preflight is marked or
  // empty.
  if (kind === "web") return what === "preflight" && !isEmpty(answer) ? undefined : "unclear";
  // Neither ComfyUI nor the connector has a 401, whatever its body.
  if (status === 401 || ACCESS_WORDS.test(body)) return "access";
  if (!isEmpty(answer)) return undefined;
  // cloudflared's own 403 has an empty body and no mark (proxy/proxy.go). Both barriers may answer a preflight with an
  // empty 403.
  return what === "preflight" ? "unclear" : "connector";
}

/** What Access says to people whom it refuses. */
const ACCESS_WORDS = /Cloudflare Access|"aud":|You don't have permission to view this/;

/** The login that a redirect leads to; cloudflared recognises one the same way (carrier/carrier.go). */
function loginOf(status: number, location: string | undefined): Outcome | undefined {
  if (status !== 302 || location === undefined || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  if (!url.pathname.startsWith(LOGIN_PATH)) return undefined;
  return { is: "login", host: url.hostname, aud: url.searchParams.get("kid") };
}

/** Access marks what it refuses by its headers. */
function isMarked({ headers }: RawAnswer & { kind: "response" }): boolean {
  return (
    headers["cf-access-aud"] !== undefined ||
    headers["cf-access-domain"] !== undefined ||
    /cloudflare-access/i.test(headers["www-authenticate"] ?? "")
  );
}

function isEmpty({ body }: RawAnswer & { kind: "response" }): boolean {
  return body.trim() === "";
}

/** Whether a page is one of Cloudflare's own, for a request that it sends to no origin. */
function isOfTheEdge({ status, body }: RawAnswer & { kind: "response" }): boolean {
  return (
    status >= 400 &&
    /error code: 1\d{3}\b|Cloudflare Ray ID|<title>[^<]*(Cloudflare Access|\| Cloudflare)<\/title>/.test(body)
  );
}

/** Whether ComfyUI itself answered, by what only it says. */
function isComfyUi({ status, headers, body }: RawAnswer & { kind: "response" }, what: What): boolean {
  if (what === "page") return status === 200 && /<title>[^<]*ComfyUI/i.test(body);
  const type = headers["content-type"] ?? "";
  // As 0.3.64 and 0.27.0 were recorded to say that a folder of theirs has no such file.
  if (what === "upload" && status === 404) return body === "" && type === "application/octet-stream";
  if (what === "upload" && status !== 200) return status === 405 || status === 400;
  if (!type.includes("json")) return false;
  const value = parsed(body);
  if (what === "upload") return typeof value?.["name"] === "string";
  return status === 200 && typeof value?.["system"] === "object" && Array.isArray(value["devices"]);
}

/** A few words about an answer that is nothing expected. */
function hintOf({ headers, body }: RawAnswer & { kind: "response" }): string {
  const title = /<title>([^<]{1,80})/i.exec(body)?.[1]?.trim();
  if (title !== undefined) return `page "${title}"`;
  const type = (headers["content-type"] ?? "").split(";")[0];
  const location = headers["location"];
  if (location !== undefined) return `redirect to ${withoutQuery(location)}`;
  return body.trim() === "" ? "empty" : type || "no content type";
}

function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, "");
}

function messageType(text: string | undefined): unknown {
  return text === undefined ? undefined : parsed(text)?.["type"];
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const UNREACHABLE: Record<(Outcome & { is: "unreachable" })["reason"], string> = {
  name: "the name does not resolve",
  connection: "no connection",
  tls: "no TLS connection",
  timeout: "no answer in time",
};

/** The statuses with which Cloudflare says that no answer came. */
const UNANSWERED = new Set([502, 504, 520, 521, 522, 523, 524, 525, 526]);

/** An outcome in words, for the report's "got". */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.is) {
    case "comfyui":
      return `${outcome.status} from ComfyUI`;
    case "websocket":
      return outcome.alive ? "opened, first event status" : "opened, but ComfyUI's first event did not come";
    case "login":
      return `302 to the login of ${teamOf(outcome.host)}`;
    case "refused":
      return `${outcome.status} ${REFUSED_BY[outcome.by]}`;
    case "preflight":
      return `${outcome.status}, allows ${originOf(outcome.allowsOrigin)}`;
    case "web":
      return `${outcome.status} from the application${outcome.location === undefined ? "" : `, to ${outcome.location}`}`;
    case "origin-fault":
      return UNANSWERED.has(outcome.status)
        ? `the origin does not answer (${outcome.status})`
        : `the origin fails (${outcome.status})`;
    case "unserved":
      return `an empty ${outcome.status}`;
    case "tunnel-down":
      return `${outcome.status}: the tunnel has no connector`;
    case "cross-site":
      return `${outcome.status} (by ComfyUI, as cross-site)`;
    case "elsewhere":
      return `${outcome.status} at ${outcome.host}`;
    case "other":
      return `${outcome.status} (${outcome.hint})`;
    case "unreachable":
      return `${UNREACHABLE[outcome.reason]} (${outcome.detail})`;
  }
}

function originOf(origin: string | null): string {
  if (origin === null) return "no other origin";
  return origin === "*" ? "every origin" : `only ${origin.replace(/^https:\/\//, "")}`;
}

/** A team by its name; any other host in full. */
export function teamOf(host: string): string {
  return host.replace(/\.cloudflareaccess\.com$/, "");
}

const REFUSED_BY: Record<Barrier, string> = {
  access: "by Access",
  connector: "by the connector, the second barrier",
  unclear: "by Access, the connector or the application: the answer does not say",
};
