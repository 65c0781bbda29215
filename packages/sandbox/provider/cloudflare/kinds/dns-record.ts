import { type Change, type PropertyMap, topLevel } from "../../../../provider/host";
import { count, flag, freeMap, isEmpty, json, object, text, texts, time } from "../../fields";
import type { ApiKindTable } from "../api-kind";

/** A DNS record. `settings` and `tags` are decided by the server where the user does not, and an update sends them back. */
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
    tags: texts(undefined, { setBy: "either", sentBack: true }),
    ttl: count({ required: true }),
    type: text({ required: true, replace: true }),
    commentModifiedOn: time(),
    createdOn: time(),
    meta: json(),
    modifiedOn: time({ renewed: true }),
    proxiable: flag({ setBy: "server" }),
    tagsModifiedOn: time(),
  },
  renewedBy: datesOfRemarks,
  outputDefaults: { settings: { flattenCname: false, ipv4Only: false, ipv6Only: false } },
};

/** A comment or tags that change get a new date, unless none are left. */
function datesOfRemarks(changes: Change[], inputs: PropertyMap): string[] {
  const dates = { comment: "commentModifiedOn", tags: "tagsModifiedOn" };
  return Object.entries(dates).flatMap(([name, date]) =>
    changes.some(({ path }) => topLevel(path) === name) && !isEmpty(inputs[name] ?? null) ? [date] : [],
  );
}
