import { isIPv4, isIPv6 } from "node:net";
import type { DnsRecord, JsonObject } from "../account/entities";
import type { Store } from "../account/store";
import { isTunnelHost } from "../tunnel/host";
import { VendorError } from "./envelope";

/** Types that Cloudflare can proxy. */
export const PROXIABLE: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);

/** 400/1004, which the DNS API answers to an invalid record, with the reason in the chain. */
export function dnsInvalid(detail: string, chain?: { code: number; message: string }): VendorError {
  return new VendorError(400, {
    code: 1004,
    message: "DNS Validation Error",
    error_chain: [chain ?? { message: detail }],
  });
}

/** @throws VendorError when the content does not fit the type. */
export function checkContent(type: string, content: string, extra: JsonObject): void {
  if (type === "A" && !isIPv4(content)) {
    throw dnsInvalid("", { code: 9005, message: "Content for A record must be a valid IPv4 address." });
  }
  if (type === "AAAA" && !isIPv6(content)) {
    throw dnsInvalid("", { code: 9006, message: "Content for AAAA record must be a valid IPv6 address." });
  }
  if (
    type === "CNAME" &&
    !/^(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_-]+\.?$/i.test(content)
  ) {
    throw dnsInvalid("", { code: 9007, message: "Content for CNAME record is invalid." });
  }
  if (content === "" && extra.data === undefined) throw dnsInvalid('field "content" is required');
}

/**
 * A name holds either one CNAME or other records, and no record twice.
 * @throws VendorError 400: 81053, 81054 or 81058
 */
export function checkConflicts(store: Store, record: DnsRecord): void {
  const others = store.dnsRecords.where(
    (other) => other.id !== record.id && other.zoneId === record.zoneId && other.name === record.name,
  );
  if (record.type === "CNAME" && others.some((other) => PROXIABLE.has(other.type))) {
    throw conflict(81053, "An A, AAAA, or CNAME record with that host already exists.");
  }
  const cname = others.find((other) => other.type === "CNAME");
  if (cname && PROXIABLE.has(record.type) && !isRouteReplacement(store, record, cname)) {
    throw conflict(81054, "A CNAME record with that host already exists.");
  }
  if (others.some((other) => other.type === record.type && other.content === record.content)) {
    throw conflict(81058, "An identical record already exists.");
  }
}

function isRouteReplacement(store: Store, record: DnsRecord, cname: DnsRecord): boolean {
  return (
    store.settings.tunnelRouteReplacement === "accept" &&
    record.proxied &&
    cname.proxied &&
    isTunnelHost(cname.content)
  );
}

const conflict = (code: number, message: string): VendorError => new VendorError(400, { code, message });
