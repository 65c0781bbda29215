import { count, flag, freeMap, object, text, texts } from "../../fields";
import type { ApiKindTable } from "../api-kind";

/** A DNS record. `settings` is decided by the server, and an update sends it back. */
export const dnsRecord: ApiKindTable = {
  type: "cloudflare:index/dnsRecord:DnsRecord",
  collection: "/zones/{zoneId}/dns_records",
  update: "put",
  importId: "{zoneId}/{id}",
  fields: {
    zoneId: text({ required: true, replace: true, inPath: true }),
    comment: text(),
    content: text(),
    data: freeMap(),
    name: text({ required: true }),
    priority: count(),
    proxied: flag({ default: false }),
    settings: object(
      {
        flattenCname: flag(),
        ipv4Only: flag({ wire: "ipv4_only" }),
        ipv6Only: flag({ wire: "ipv6_only" }),
      },
      { setBy: "either", sentBack: true },
    ),
    tags: texts(),
    ttl: count({ required: true }),
    type: text({ required: true, replace: true }),
  },
  outputDefaults: { settings: { flattenCname: false, ipv4Only: false, ipv6Only: false } },
};
