import type { Context } from "hono";
import { z } from "zod";
import type { DnsRecord, Zone } from "../account/entities";
import { microsecondsTime, newHex32 } from "../account/ids";
import type { Store } from "../account/store";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { checkConflicts, checkContent, dnsInvalid, PROXIABLE } from "./dns-checks";
import { ok, page, SANDBOX_INVALID, VendorError } from "./envelope";
import { booleanQuery, knownQuery, textFilterNames, textFilters } from "./query";

const DOCS = "dns/subresources/records/methods/";

const TYPES = [
  "A",
  "AAAA",
  "CAA",
  "CERT",
  "CNAME",
  "DNSKEY",
  "DS",
  "HTTPS",
  "LOC",
  "MX",
  "NAPTR",
  "NS",
  "OPENPGPKEY",
  "PTR",
  "SMIMEA",
  "SRV",
  "SSHFP",
  "SVCB",
  "TLSA",
  "TXT",
  "URI",
] as const;

export const recordBody = z.strictObject({
  type: z.enum(TYPES),
  name: z.string().min(1).max(255),
  content: z.string().nullish(),
  ttl: z.number().nullish(),
  proxied: z.boolean().nullish(),
  comment: z.string().max(100, "must be 100 characters at most").nullish(),
  tags: z.array(z.string()).nullish(),
  settings: z
    .strictObject({
      flatten_cname: z.boolean().nullish(),
      ipv4_only: z.boolean().nullish(),
      ipv6_only: z.boolean().nullish(),
    })
    .nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  priority: z.number().nullish(),
  private_routing: z.boolean().nullish(),
  // Read-only fields of a GET, ignored.
  id: z.string().optional(),
  zone_id: z.string().optional(),
  zone_name: z.string().optional(),
  proxiable: z.boolean().optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  created_on: z.string().optional(),
  modified_on: z.string().optional(),
  comment_modified_on: z.string().optional(),
  tags_modified_on: z.string().optional(),
});

type RecordBody = z.infer<typeof recordBody>;

const FILTERS = [
  ...["name", "content", "comment"].flatMap(textFilterNames),
  "type",
  "proxied",
  "match",
  "search",
  "order",
  "direction",
];

/** /zones/{zone}/dns_records */
export const dnsRecords: Register = (app, store) => {
  const path = "/zones/:zone/dns_records";
  const reading = (method: string) => guard(store, { permission: "DNS Read", docs: DOCS + method });
  const writing = (method: string) => guard(store, { permission: "DNS Write", docs: DOCS + method });

  app.get(path, reading("list"), (c) => {
    knownQuery(c, FILTERS);
    const zone = c.get("zone");
    return page(
      c,
      filtered(c, store).map((record) => render(record, zone)),
      100,
    );
  });

  app.get(`${path}/:id`, reading("get"), (c) => ok(c, render(known(c, store), c.get("zone"))));

  app.post(path, writing("create"), async (c) => {
    const body = await readBody(c, recordBody, dnsInvalid);
    const now = microsecondsTime(store.now());
    const record: DnsRecord = {
      ...fieldsOf(body, c.get("zone"), store),
      id: newHex32(),
      zoneId: c.get("zone").id,
      createdAt: now,
      updatedAt: now,
    };
    checkConflicts(store, record);
    return ok(c, render(store.dnsRecords.put(record), c.get("zone")));
  });

  app.put(`${path}/:id`, writing("update"), async (c) => {
    const record = known(c, store);
    return replace(c, store, record, await readBody(c, recordBody, dnsInvalid));
  });

  app.patch(`${path}/:id`, writing("edit"), async (c) => {
    const record = known(c, store);
    const changes = await readBody(c, recordBody.partial(), dnsInvalid);
    return replace(c, store, record, { ...bodyOf(record), ...changes });
  });

  app.delete(`${path}/:id`, writing("delete"), (c) => {
    const record = known(c, store);
    store.dnsRecords.remove(record.id);
    return ok(c, { id: record.id });
  });
};

function replace(c: Context<SandboxEnv>, store: Store, record: DnsRecord, body: RecordBody): Response {
  const zone = c.get("zone");
  const updated: DnsRecord = {
    ...record,
    ...fieldsOf(body, zone, store),
    updatedAt: microsecondsTime(store.now()),
  };
  checkConflicts(store, updated);
  return ok(c, render(store.dnsRecords.put(updated), zone));
}

function known(c: Context<SandboxEnv>, store: Store): DnsRecord {
  const record = store.dnsRecords.get(c.req.param("id") ?? "");
  if (record?.zoneId !== c.get("zone").id) {
    throw new VendorError(404, { code: 81044, message: "Record does not exist." });
  }
  return record;
}

/** The record as the body gives it, with the vendor's defaults; what is left out is not kept. */
function fieldsOf(
  body: RecordBody,
  zone: Zone,
  store: Store,
): Omit<DnsRecord, "id" | "zoneId" | "createdAt" | "updatedAt"> {
  const proxied = body.proxied ?? false;
  if (proxied && !PROXIABLE.has(body.type)) {
    throw dnsInvalid("", { code: 9004, message: "This record type cannot be proxied." });
  }
  const { data, priority, private_routing } = body;
  const extra = Object.fromEntries(
    Object.entries({ data, priority, private_routing }).filter(([, value]) => value != null),
  );
  checkContent(body.type, body.content ?? "", extra);
  return {
    type: body.type,
    name: fullName(body.name, zone.name),
    content: body.content ?? "",
    ttl: ttlOf(body.ttl ?? 1, proxied, store),
    proxied,
    comment: body.comment ?? null,
    tags: body.tags ?? [],
    settings: Object.fromEntries(Object.entries(body.settings ?? {}).filter(([, value]) => value != null)),
    extra,
  };
}

/** A name without the zone is one within it; `@` is the zone itself. */
function fullName(name: string, zone: string): string {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower === "@" || lower === zone) return zone;
  return lower.endsWith(`.${zone}`) ? lower : `${lower}.${zone}`;
}

function ttlOf(ttl: number, proxied: boolean, store: Store): number {
  if (ttl !== 1 && (!Number.isInteger(ttl) || ttl < 60 || ttl > 86_400)) {
    throw dnsInvalid("", {
      code: 9021,
      message: "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.",
    });
  }
  if (!proxied || ttl === 1) return ttl;
  if (store.settings.proxiedTtl === "refuse") throw dnsInvalid("a proxied record has ttl 1 (automatic)");
  return store.settings.proxiedTtl === "automatic" ? 1 : ttl;
}

const bodyOf = (record: DnsRecord): RecordBody => ({
  type: record.type as RecordBody["type"],
  name: record.name,
  content: record.content,
  ttl: record.ttl,
  proxied: record.proxied,
  comment: record.comment,
  tags: record.tags,
  settings: record.settings,
  ...record.extra,
});

const ORDERS = ["type", "name", "content", "ttl", "proxied"] as const;

function filtered(c: Context<SandboxEnv>, store: Store): DnsRecord[] {
  const { type, match, search, order, direction } = c.req.query();
  const proxied = booleanQuery(c, "proxied");
  const tests: ((record: DnsRecord) => boolean)[] = (["name", "content", "comment"] as const).flatMap(
    (field) => textFilters(c, field).map((test) => (record: DnsRecord) => test(record[field])),
  );
  if (type !== undefined) tests.push((record) => record.type === type.toUpperCase());
  if (proxied !== undefined) tests.push((record) => record.proxied === proxied);
  if (search !== undefined) {
    const wanted = search.toLowerCase();
    tests.push((record) =>
      [record.name, record.content, record.comment ?? ""].some((text) => text.toLowerCase().includes(wanted)),
    );
  }
  const passes = (record: DnsRecord) =>
    tests.length === 0 ||
    (match === "any" ? tests.some((test) => test(record)) : tests.every((test) => test(record)));
  const list = store.dnsRecords.where((record) => record.zoneId === c.get("zone").id && passes(record));
  if (order === undefined) return list;
  const key = ORDERS.find((name) => name === order);
  if (key === undefined) {
    throw new VendorError(400, {
      code: SANDBOX_INVALID,
      message: `query parameter "order": one of ${ORDERS.join(", ")}`,
    });
  }
  list.sort((a, b) => String(a[key]).localeCompare(String(b[key]), "en", { numeric: true }));
  return direction === "desc" ? list.reverse() : list;
}

const render = (record: DnsRecord, zone: Zone) => ({
  id: record.id,
  zone_id: zone.id,
  zone_name: zone.name,
  name: record.name,
  type: record.type,
  content: record.content,
  proxiable: PROXIABLE.has(record.type),
  proxied: record.proxied,
  ttl: record.ttl,
  settings: record.settings,
  meta: {},
  comment: record.comment,
  tags: record.tags,
  ...record.extra,
  created_on: record.createdAt,
  modified_on: record.updatedAt,
});
