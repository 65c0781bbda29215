// Written anew here, on purpose: what the tools take a tunnel's name to be is tried against this.

const DOMAIN = ".cfargotunnel.com";

/** A tunnel's own host name. */
export const tunnelHost = (tunnelId: string): string => `${tunnelId}${DOMAIN}`;

/** Whether a name is some tunnel's own. */
export const isTunnelHost = (name: string): boolean => name.endsWith(DOMAIN);

/** The id in a tunnel's own host name; undefined for any other name. */
export function tunnelIdIn(name: string): string | undefined {
  const lower = name.toLowerCase();
  const id = lower.slice(0, -DOMAIN.length);
  return isTunnelHost(lower) && /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
}
