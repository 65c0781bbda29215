import type { Place } from "./types";

/** An address cut into its parts; what is not known stays in braces. */
export interface Address {
  scheme?: string;
  /** Host and port, without a user name. */
  host: string;
  /** The address holds a user name or password. */
  credentials: boolean;
  /** Path and query, at least empty. */
  path: string;
}

/** Cuts an address; undefined where the text is none, e.g. a sentence. */
export function parseAddress(written: string): Address | undefined {
  // `wss://` put before an address that brings its own scheme: the program takes that one off.
  const text = written.replace(/^(\{[^{}\s]*\}|[a-z]+):\/\/[a-z]+:\/\//i, "$1://");
  const match = /^\s*(?:(\{[^{}\s]*\}|[a-z]+):\/\/)?(?:([^/@\s]*)@)?([^/?#\s@]*)([/?#]\S*)?\s*$/i.exec(text);
  if (!match) return undefined;
  const [, scheme, user, host = "", path = ""] = match;
  // `https://a.example.org` and a name that holds the path.
  const [, whole, name] = /^([\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w.-]+:\d+)(\{[^{}]*\})$/.exec(host) ?? [];
  if (whole !== undefined)
    return {
      ...parseAddress(`${scheme ? `${scheme}://` : ""}${whole}`),
      host: whole,
      credentials: user !== undefined,
      path: `/${name}${path}`,
    };
  // A name that holds the whole base address: what follows a scheme is never a name with one of its own.
  const inner = /^([a-z]+):\/\/(.*)$/i.exec(host);
  return {
    ...(scheme && !scheme.startsWith("{") ? { scheme: scheme.toLowerCase() } : {}),
    host: inner?.[2] ?? host,
    credentials: user !== undefined,
    path,
  };
}

/** Comfy's own hosted services, and others that sell a ComfyUI: not what stands behind the tunnel. */
const HOSTED = /(^|\.)(comfy\.org|comfyui\.org|comfy\.icu|runcomfy\.com|comfydeploy\.com|viewcomfy\.com)$/;
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.)/;

/** Says where an address leads. */
export function placeOf(address: string): Place {
  const host = address
    .replace(/^\[([^\]]*)\].*$/, "$1")
    .replace(/:[^:]*$/, "")
    .toLowerCase();
  if (host === "" || /[{}<>$]/.test(host) || isPlaceholder(host)) return "unknown";
  if (host === "localhost" || host.endsWith(".localhost") || /^127\./.test(host) || host === "::1")
    return "local";
  if (host === "0.0.0.0" || PRIVATE.test(host) || host.endsWith(".local") || host.endsWith(".lan"))
    return "local";
  if (/^(host|gateway)\.docker\.internal$/.test(host) || host === "host.containers.internal") return "docker";
  if (HOSTED.test(host)) return "hosted";
  if (!host.includes(".")) return /^[a-z0-9-]+$/.test(host) ? "docker" : "unknown";
  return "remote";
}

/** `your_comfyui_server`, `<your-host>`: a reader is to put the address in. */
function isPlaceholder(host: string): boolean {
  return /^your[-_.]|[-_.]your[-_.]|example\.(com|org|net)$|\.x$|_/.test(host);
}
