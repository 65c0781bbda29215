/** The parts of a resource's URN that a provider needs. */
export interface UrnParts {
  /** Type token of the resource itself, e.g. `cloudflare:index/dnsRecord:DnsRecord`. */
  type: string;
  /** Logical name in the program. */
  name: string;
}

/**
 * Takes a URN apart: `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`.
 * A name may itself hold `::`, so only the first three separators count.
 * @throws Error when it is not a URN
 */
export function parseUrn(urn: string): UrnParts {
  const [prefix, , types, ...name] = urn.split("::");
  if (!prefix?.startsWith("urn:pulumi:") || types === undefined || name.length === 0) {
    throw new Error(`not a Pulumi URN: ${urn}`);
  }
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

/** The package of a type or function token: `cloudflare` for `cloudflare:index/getZone:getZone`. */
export function packageOf(token: string): string {
  return token.split(":", 1)[0] ?? "";
}
