import { fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES } from "./kind";

/**
 * A DNS record.
 * @see https://developers.cloudflare.com/api/resources/dns/subresources/records/
 */
export const dnsRecord: Kind = {
  subject: "DNS record",
  type: TYPES.dnsRecord,
  path: (_, { id, inputs }) => `/zones/${inputs["zoneId"]}/dns_records/${id}`,
  expected: (properties) =>
    fieldsOf(wireSpelling(properties, { ipv4Only: "ipv4_only", ipv6Only: "ipv6_only" })),
  fields: {
    name: {},
    type: {},
    content: {},
    proxied: {},
    ttl: { default: 1 },
    comment: {},
    tags: {},
    settings: {},
    data: {},
    priority: {},
    private_routing: {},
  },
  bookkeeping: {
    id: ID,
    zone_id: ID,
    zone_name: ID,
    proxiable: "follows from the type",
    meta: "written by Cloudflare",
    created_on: TIMES,
    modified_on: TIMES,
    comment_modified_on: TIMES,
    tags_modified_on: TIMES,
  },
  writtenAt: "modified_on",
  opens: ({ field, after }) =>
    ["content", "type", "data"].includes(field.split(".")[0] ?? "") && after !== undefined
      ? "visitors, and what they send, go somewhere else"
      : undefined,
};
