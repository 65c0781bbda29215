import type { ApplicationKind } from "../../../config/stack-config";
import { isLoopback } from "../../base/host-name";
import type { RawAnswer } from "./outcome";
import type { Requests } from "./requests";

/** What keeps an origin from answering as cloudflared asks it. */
export type OriginFault =
  /** Nothing accepts connections there. */
  | { code: "refused"; detail: string }
  | { code: "name"; detail: string }
  | { code: "timeout"; detail: string }
  /** Its certificate is not one that is trusted. */
  | { code: "certificate"; detail: string }
  /** TLS was asked for, and something else answers. */
  | { code: "no-tls"; detail: string }
  /** It accepts connections and ends them. */
  | { code: "cut-off"; detail: string }
  /** It refuses the public host name, and takes its own. */
  | { code: "host-header"; detail: string };

/** An origin on this machine, and the application that it is for. */
export interface OriginPlace {
  /** Where it is, e.g. `http://localhost:8188`. */
  service: string;
  /** The application's public host name, which cloudflared sends as `Host`. */
  hostname: string;
  kind: ApplicationKind;
}

/** What is asked of an origin to see whether it is there. */
export const PROBE_PATH: Record<ApplicationKind, string> = { comfyui: "/system_stats", web: "/" };

/** Why nothing came, by the code that the system or the TLS library gives. */
export function faultOf(answer: RawAnswer & { kind: "unreachable" }): OriginFault {
  const { reason, detail } = answer;
  if (reason === "name" || reason === "timeout") return { code: reason, detail };
  if (reason === "tls") return { code: NOT_TLS.has(detail) ? "no-tls" : "certificate", detail };
  return { code: detail === "ECONNREFUSED" ? "refused" : "cut-off", detail };
}

/** What OpenSSL says of an answer that is no TLS. */
const NOT_TLS = new Set([
  "EPROTO",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
]);

/** Statuses with which servers refuse a host name that they do not know. */
const REFUSALS = new Set([400, 403, 404, 421]);

/**
 * Asks an origin as cloudflared does, with the public host name, and where it refuses that, with its own.
 * @param given what it said when it was asked so; default: it is asked now
 * @returns what is wrong; undefined when nothing of this kind is.
 */
export async function lookAtOrigin(
  { service, hostname, kind }: OriginPlace,
  requests: Requests,
  given?: RawAnswer,
): Promise<OriginFault | undefined> {
  const url = new URL(PROBE_PATH[kind], service).href;
  const asked = given ?? (await requests.ask({ method: "GET", url, headers: { host: hostname } }));
  if (asked.kind === "unreachable") return faultOf(asked);
  if (asked.kind !== "response" || !REFUSALS.has(asked.status)) return undefined;
  const own = await requests.ask({ method: "GET", url });
  if (own.kind !== "response" || own.status >= 400) return undefined;
  return { code: "host-header", detail: `HTTP ${asked.status}` };
}

/** A fault in words: what was found, and what mends it. */
export function faultInWords(
  { code, detail }: OriginFault,
  { service, hostname, kind }: OriginPlace,
): { found: string; mend: string } {
  const { host } = new URL(service);
  switch (code) {
    case "refused":
      return { found: `nothing answers at ${service} (${detail})`, mend: howToStart(hostname, kind) };
    case "name":
      return {
        found: `the name in ${service} does not resolve here (${detail})`,
        mend: "Correct `service` of the application, or run this where cloudflared runs.",
      };
    case "timeout":
      return {
        found: `${service} gives no answer in time (${detail})`,
        mend: "Look at its log: it hangs, or is busy for longer than was waited.",
      };
    case "certificate":
      return {
        found: `the certificate of ${service} is not trusted (${detail})`,
        mend: `Serve it without TLS on the same machine and say \`service: http://${host}\`, or give it a certificate of a known authority.`,
      };
    case "no-tls":
      return {
        found: `${service} is asked for TLS and answers without (${detail})`,
        mend: `Say \`service: http://${host}\`, or have it serve TLS.`,
      };
    case "cut-off":
      return {
        found: `${service} accepts the connection and ends it (${detail})`,
        mend: `Look at what listens there: it may speak TLS (\`service: https://${host}\`), or no HTTP.`,
      };
    case "host-header":
      return {
        found: `${service} refuses the host name ${hostname}, which cloudflared sends, and answers to its own (${detail})`,
        mend: `Let it take the host name ${hostname}: in its settings, the list of allowed or trusted hosts.`,
      };
  }
}

/** Whether a service is an address of this machine that answers HTTP. */
export function isOnThisMachine(service: string): boolean {
  if (!/^https?:\/\//.test(service) || !URL.canParse(service)) return false;
  return isLoopback(new URL(service).hostname);
}

/** How to start what is behind an application. */
export function howToStart(hostname: string, kind: ApplicationKind): string {
  return kind === "comfyui"
    ? `Start ComfyUI with: python main.py --enable-cors-header https://${hostname}`
    : "Start the application, or correct its `service`.";
}
