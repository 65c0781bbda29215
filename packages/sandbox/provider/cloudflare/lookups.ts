import { isMap, type PropertyMap, type PropertyValue, unwrap } from "../../../provider/host";
import type { CloudflareApi } from "./api";
import { isObject, type Json } from "./json";

type Lookup = (args: PropertyMap) => Promise<PropertyMap>;

/** The functions of the package: reads that a program may make. */
export function lookups(api: CloudflareApi): Record<string, Lookup> {
  const list = async (path: string, query: Record<string, string | undefined>): Promise<Json[]> => {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const found = await api.call("get", `${path}?${new URLSearchParams(given)}`);
    return Array.isArray(found) ? found : [];
  };

  return {
    /** One zone, by id or by a filter that fits exactly one. */
    async "cloudflare:index/getZone:getZone"(args) {
      const id = asText(args.zoneId);
      const filter = asMap(args.filter);
      if ((id === undefined) === (filter === undefined))
        throw new Error("getZone takes either zoneId or filter");
      const found =
        id === undefined
          ? only(await list("/zones", { name: asText(filter?.name), status: asText(filter?.status) }), "zone")
          : await api.call("get", `/zones/${encodeURIComponent(id)}`);
      const zone = camelCased(found);
      return { ...zone, ...(filter && { filter }), zoneId: zone.id ?? null };
    },

    /** One tunnel, by id or by a filter that fits exactly one. */
    async "cloudflare:index/getZeroTrustTunnelCloudflared:getZeroTrustTunnelCloudflared"(args) {
      const account = asText(args.accountId) ?? "";
      const path = `/accounts/${encodeURIComponent(account)}/cfd_tunnel`;
      const id = asText(args.tunnelId);
      const filter = asMap(args.filter);
      const query = { name: asText(filter?.name), is_deleted: String(filter?.isDeleted ?? false) };
      const found =
        id === undefined
          ? only(await list(path, query), "tunnel")
          : await api.call("get", `${path}/${encodeURIComponent(id)}`);
      const tunnel = camelCased(found);
      return { ...tunnel, ...(filter && { filter }), accountId: account, tunnelId: tunnel.id ?? null };
    },
  };
}

function only(found: Json[], what: string): Json {
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new Error(
    found.length === 0 ? `no ${what} fits the filter` : `${found.length} ${what}s fit the filter`,
  );
}

function asText(value: PropertyValue | undefined): string | undefined {
  const inner = value === undefined ? undefined : unwrap(value);
  return typeof inner === "string" ? inner : undefined;
}

function asMap(value: PropertyValue | undefined): PropertyMap | undefined {
  const inner = value === undefined ? undefined : unwrap(value);
  return inner !== undefined && isMap(inner) ? inner : undefined;
}

function camelCased(value: Json): PropertyMap {
  if (!isObject(value)) throw new Error("the API answered with something other than an object");
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [camel(name), isObject(item) ? camelCased(item) : item]),
  );
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
