import { isLocal, mayCarryCredential, parseAddress } from "./address";
import { type Credential, parseToken } from "./credential";
import { ComfyUIError } from "./errors";
import type { Detour, Network } from "./network";
import { detourThrough, proxyFor } from "./proxy";
import { Said } from "./said";

/**
 * How the client reaches ComfyUI. Everything has a default; all times are in milliseconds. `HTTPS_PROXY`, `HTTP_PROXY`
 * and `NO_PROXY` of the environment count for addresses that are not local.
 */
export interface ClientOptions {
  /** Address of ComfyUI, a path prefix included. Default `http://localhost:8188`. */
  url?: string;
  /** Credential for Cloudflare Access, in one of its three forms. Not sent to local addresses, nor over http. */
  token?: string;
  /** Header of the single-header mode (`read_service_tokens_from_header`). Default `Authorization`. */
  singleHeaderName?: string;
  /** Where hosts are really served, when public DNS does not say it, e.g. in a sandbox. */
  network?: Network;
  /** Ends every call, and every run, when it aborts. */
  signal?: AbortSignal;
  timeouts?: Partial<Timeouts>;
  following?: Partial<Following>;
}

/** Limits of one request. */
export interface Timeouts {
  /** To connect, TLS included. Default 10,000; with a `network` the platform's own. */
  connectMs: number;
  /** From the request to the answer's headers. Default 130,000: longer than Cloudflare's 120 s, which says more. */
  headersMs: number;
  /** Between two parts of a body. Default 130,000: one value for both lets undici keep one timer per connection. */
  idleMs: number;
  /** For the whole request, its repetitions included; 0 = no limit, the default: downloads take what they take. */
  totalMs: number;
}

/** How a run is followed. */
export interface Following {
  /** Pause between two looks at history while no event is heard. Default 2,000. */
  pollIntervalMs: number;
  /** How long a server that cannot be reached is waited for. Default 300,000. */
  outageMs: number;
  /** Shortest and longest pause before the WebSocket is opened again. Defaults 500 and 30,000. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  /** Pause between pings; without an answer by the next one the WebSocket is given up. Default 20,000. */
  pingIntervalMs: number;
}

/** The options with their defaults, and what follows from them. */
export interface Settings {
  address: URL;
  isLocal: boolean;
  /** Only when it may be sent to the address. */
  credential?: Credential;
  /** Why a token that was given is not sent. */
  withheld?: string;
  /** Takes the credential out of what the server said. */
  said: Said;
  network?: Network;
  /** Through the environment's proxies; absent when the environment names none. */
  detour?: Detour;
  signal?: AbortSignal;
  timeouts: Timeouts;
  following: Following;
}

const defaultTimeouts: Timeouts = { connectMs: 10_000, headersMs: 130_000, idleMs: 130_000, totalMs: 0 };

const defaultFollowing: Following = {
  pollIntervalMs: 2000,
  outageMs: 300_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 30_000,
  pingIntervalMs: 20_000,
};

// RFC 9110: what a header's name may be made of.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Puts in the defaults. Throws a `usage` error for an address, token, header name or proxy that cannot be understood. */
export function settingsOf(options: ClientOptions, env: NodeJS.ProcessEnv = {}): Settings {
  const address = parseAddress(options.url ?? "http://localhost:8188");
  const mayCarry = mayCarryCredential(address);
  if (options.singleHeaderName !== undefined && !headerName.test(options.singleHeaderName)) {
    const words = "singleHeaderName is no name of a header: letters, digits and hyphens, e.g. Authorization";
    throw new ComfyUIError("usage", "bad_header", words);
  }
  // Asked here too, so that a mistake is named at once.
  proxyFor(address, env);
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const proxied = ["https_proxy", "http_proxy"].some((name) => env[name] || env[name.toUpperCase()]);
  // Read even where it is not sent: a token without a known form is a mistake wherever it is found.
  const credential = options.token?.trim()
    ? parseToken(options.token, options.singleHeaderName ?? "Authorization")
    : undefined;
  return {
    address,
    isLocal: isLocal(address),
    ...(credential !== undefined && (mayCarry ? { credential } : { withheld: reasonToWithhold(address) })),
    said: new Said(mayCarry ? credential : undefined),
    network: options.network,
    ...(proxied && { detour: detourThrough(env, timeouts.connectMs) }),
    signal: options.signal,
    timeouts,
    following: { ...defaultFollowing, ...options.following },
  };
}

function reasonToWithhold(address: URL): string {
  return isLocal(address) ? "the address is local" : "the address is not https";
}
