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
  | { is: "websocket"; alive: boolean }
  | { is: "login"; host: string; aud: string | null }
  | { is: "refused"; status: number; by: Barrier }
  | { is: "preflight"; status: number; allowsOrigin: string | null }
  | { is: "tunnel-down"; status: number }
  | { is: "other"; status: number; hint: string }
  | { is: "unreachable"; reason: "name" | "connection" | "tls" | "timeout"; detail: string };

const LOGIN_PATH = "/cdn-cgi/access/login/";

/**
 * Says what an answer amounts to.
 * @param what what was asked for: an empty 200 is an answer to a preflight only.
 * @param via `edge` when Cloudflare stands in between, `direct` on the same machine or compose network.
 */
export function outcomeOf(answer: RawAnswer, what: What, via: "edge" | "direct" = "edge"): Outcome {
  if (answer.kind === "unreachable") {
    return { is: "unreachable", reason: answer.reason, detail: answer.detail };
  }
  if (answer.kind === "websocket") {
    return { is: "websocket", alive: messageType(answer.firstMessage) === "status" };
  }
  const login = via === "edge" ? loginOf(answer.status, answer.headers["location"]) : undefined;
  if (login !== undefined) return login;
  const { status, headers, body } = answer;
  if (status === 530 || (status >= 502 && /\b1033\b/.test(body))) return { is: "tunnel-down", status };
  // Neither ComfyUI nor the connector has a 401, whatever its body.
  if (via === "edge" && status === 401) return { is: "refused", status, by: "access" };
  if (via === "edge" && status === 403) {
    const by = barrierOf(answer, what);
    if (by !== undefined) return { is: "refused", status, by };
  }
  if (via === "edge" && status === 502 && body.trim() === "")
    return { is: "refused", status, by: "connector" };
  if (what === "preflight") {
    return { is: "preflight", status, allowsOrigin: headers["access-control-allow-origin"] ?? null };
  }
  if (isComfyUi(answer, what)) return { is: "comfyui", status };
  return { is: "other", status, hint: hintOf(answer) };
}

/** The login that a redirect leads to; cloudflared recognises one the same way (carrier/carrier.go). */
function loginOf(status: number, location: string | undefined): Outcome | undefined {
  if (status !== 302 || location === undefined || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  if (!url.pathname.startsWith(LOGIN_PATH)) return undefined;
  return { is: "login", host: url.hostname, aud: url.searchParams.get("kid") };
}

/** Access marks what it refuses; cloudflared's own 403 has an empty body and no mark (proxy/proxy.go). */
function barrierOf({ headers, body }: RawAnswer & { kind: "response" }, what: What): Barrier | undefined {
  const marked =
    headers["cf-access-aud"] !== undefined ||
    headers["cf-access-domain"] !== undefined ||
    /cloudflare-access/i.test(headers["www-authenticate"] ?? "") ||
    /Cloudflare Access|"aud":|You don't have permission to view this|401 Unauthorized/.test(body);
  if (marked) return "access";
  if (body.trim() !== "") return undefined;
  // Both barriers may answer a preflight with an empty 403.
  return what === "preflight" ? "unclear" : "connector";
}

/** Whether ComfyUI itself answered, by what only it says. */
function isComfyUi({ status, headers, body }: RawAnswer & { kind: "response" }, what: What): boolean {
  if (what === "page") return status === 200 && /<title>[^<]*ComfyUI/i.test(body);
  if (what === "upload" && status !== 200) return status === 405 || status === 400;
  if (!(headers["content-type"] ?? "").includes("json")) return false;
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
    case "tunnel-down":
      return `${outcome.status}: the tunnel has no connector`;
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
  unclear: "by Access or the connector: the empty answer does not say",
};
