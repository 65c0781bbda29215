/** A host name in plain ASCII, lower case. The last label is no number: everything else would take it for an IP address. */
export const HOST_NAME =
  /^(?=.{1,253}$)(?!.*\.(\d+|0x[0-9a-f]*)$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The address that a text is, as `URL` reads it; undefined when it is none. */
export const urlIn = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/**
 * The address that a text is, when every reader takes it for one of the same host: without white space and control
 * characters, and with the host spelled as `URL` spells it, but for its case.
 */
export function plainUrl(text: string): URL | undefined {
  const url = /^[!-[\]-~]+$/.test(text) ? urlIn(text) : undefined;
  const [, authority = ""] = /^[a-z][a-z+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@]*)/i.exec(text) ?? [];
  const host = authority.replace(/:\d*$/, "").toLowerCase();
  return url !== undefined && host !== "" && url.hostname.toLowerCase() === host ? url : undefined;
}

/** Whether a host name, as `URL` writes it, means this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
