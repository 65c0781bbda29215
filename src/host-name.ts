/** A host name in plain ASCII, lower case. The last label is no number: everything else would take it for an IP address. */
export const HOST_NAME =
  /^(?=.{1,253}$)(?!.*\.(\d+|0x[0-9a-f]*)$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a host name, as `URL` writes it, means this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
