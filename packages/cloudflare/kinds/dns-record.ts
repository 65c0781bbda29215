import {
  bookkeeping,
  DELIVERS,
  type Field,
  type Fields,
  given,
  judged,
  type Kind,
  known,
  NOTHING,
  nothing,
  TIMES,
  unjudged,
} from "./field";
import { given as nowGiven, opening } from "./opens";
import { TYPES } from "./types";

/** Says where the name leads. */
const leading = (field: Field): Field =>
  opening(field, nowGiven, "visitors, and what they send, go somewhere else");

const FIELDS: Fields = {
  ...given("zoneId"),
  ...nothing("comment", "tags"),
  ttl: { ...NOTHING, default: 1 },
  ...bookkeeping("follows from the type", "proxiable"),
  ...bookkeeping("written by Cloudflare", "meta"),
  ...bookkeeping("asks for a longer answer", "includeShadowMetadata"),
  ...bookkeeping(TIMES, "createdOn", "modifiedOn", "commentModifiedOn", "tagsModifiedOn"),
  name: known(judged("routes")),
  // Types that lead no visitor anywhere besides those that do; one that delegates a zone is not judged.
  type: leading(known(unjudged("routes", "A", "AAAA", "CNAME", "TXT", "MX", "CAA"))),
  content: { ...leading(judged("routes")), readHidden: true },
  proxied: { ...known(judged("access")), readHidden: true },
  privateRouting: unjudged("routes"),
  data: leading(unjudged("routes")),
  priority: DELIVERS,
  settings: unjudged("routes"),
};

/** @see https://developers.cloudflare.com/api/resources/dns/subresources/records/ */
export const dnsRecord = {
  types: [TYPES.dnsRecord, "cloudflare:index/record:Record"],
  path: "/zones/{zoneId}/dns_records/{id}",
  writtenAt: "modified_on",
  fields: FIELDS,
  onlyInApi: given("id", "zone_name"),
} as const satisfies Kind;
