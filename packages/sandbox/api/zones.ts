import type { Account, Zone } from "../account/entities";
import { guard, hasPermission } from "./auth";
import type { Register } from "./context";
import { ok, page, SANDBOX_INVALID, VendorError } from "./envelope";
import { knownQuery } from "./query";

const FILTERS = ["name", "status", "account.id", "account.name", "match", "order", "direction", "type"];

/** GET /zones, /zones/{id}. */
export const zones: Register = (app, store) => {
  app.get("/zones", guard(store, { docs: "zones/methods/list" }), (c) => {
    knownQuery(c, FILTERS);
    const token = c.get("token");
    const tests: ((zone: Zone) => boolean)[] = [];
    const { name, status, match } = c.req.query();
    const accountId = c.req.query("account.id");
    const accountName = c.req.query("account.name");
    if (name !== undefined) tests.push((zone) => zone.name === name.toLowerCase());
    if (status !== undefined) tests.push((zone) => zone.status === status);
    if (accountId !== undefined) tests.push((zone) => zone.accountId === accountId);
    if (accountName !== undefined) {
      tests.push((zone) => store.accounts.get(zone.accountId)?.name === accountName);
    }
    if (match !== undefined && match !== "all" && match !== "any") {
      throw new VendorError(400, { code: SANDBOX_INVALID, message: 'query parameter "match": any or all' });
    }
    const passes = (zone: Zone) =>
      tests.length === 0 ||
      (match === "any" ? tests.some((test) => test(zone)) : tests.every((test) => test(zone)));
    const visible = store.zones.where(
      (zone) =>
        token !== undefined &&
        hasPermission(token, "Zone Read", { accountId: zone.accountId, zoneId: zone.id }) &&
        passes(zone),
    );
    visible.sort((a, b) => a.name.localeCompare(b.name));
    if (c.req.query("direction") === "desc") visible.reverse();
    return page(
      c,
      visible.map((zone) => render(zone, store.accounts.get(zone.accountId))),
      20,
    );
  });

  app.get("/zones/:zone", guard(store, { permission: "Zone Read", docs: "zones/methods/get" }), (c) => {
    const zone = c.get("zone");
    return ok(c, render(zone, store.accounts.get(zone.accountId)));
  });
};

function render(zone: Zone, account: Account | undefined) {
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: false,
    type: "full",
    development_mode: 0,
    name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    created_on: zone.createdAt,
    modified_on: zone.createdAt,
    activated_on: zone.status === "active" ? zone.createdAt : null,
    meta: { step: 2, custom_certificate_quota: 0, page_rule_quota: 3, phishing_detected: false },
    owner: { id: null, type: "user", email: null },
    account: { id: zone.accountId, name: account?.name ?? "" },
    permissions: [],
    plan: { id: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", name: "Free Website", price: 0, currency: "USD" },
  };
}
