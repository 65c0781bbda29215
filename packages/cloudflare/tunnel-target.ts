/** The host name of a tunnel, to which a record leads the visitors of another name. */
export const tunnelTarget = (tunnelId: string): string => `${tunnelId}.cfargotunnel.com`;

const TARGET = /^(.+)\.cfargotunnel\.com\.?$/i;

/** The id of the tunnel that a record's content leads to; undefined when it leads elsewhere. */
export function tunnelAt(content: unknown): string | undefined {
  return typeof content === "string" ? TARGET.exec(content)?.[1]?.toLowerCase() : undefined;
}
