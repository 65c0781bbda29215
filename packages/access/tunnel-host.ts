/** A tunnel's own host name, which a DNS record leads to. */
export const tunnelHost = (tunnelId: string): string => `${tunnelId}.cfargotunnel.com`;

/** Whether a record's target is the own host name of a tunnel, whichever that is. */
export function isTunnelHost(target: string): boolean {
  return /\.cfargotunnel\.com\.?$/i.test(target);
}

/** The id in a tunnel's own host name, in small letters; undefined for any other name. */
export function tunnelIdIn(target: string): string | undefined {
  return /^([0-9a-f-]{36})\.cfargotunnel\.com\.?$/i.exec(target)?.[1]?.toLowerCase();
}
