import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../config/stack-config";
import type { Account } from "../../packages/cli/adopt/account";
import { planAdoption } from "../../packages/cli/adopt/plan";
import type { Wire } from "../../packages/cloudflare/account-api";
import { holds } from "../support/properties";
import { HOSTNAME, MINIMAL } from "./account";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const TUNNELS = [uuid(901), uuid(902)];
const TOKENS = [uuid(801), uuid(802)];
const PROVIDERS = [uuid(701), uuid(702)];
const POLICIES = [uuid(601), uuid(602), uuid(603)];

const host = fc.constantFrom(HOSTNAME, "wiki.datacrew.space", "files.datacrew.space", "*.datacrew.space");
const place = fc.tuple(host, fc.constantFrom("", "", "/api", "/")).map((parts) => parts.join(""));
const rule = fc.oneof(
  fc.constantFrom("artist@datacrew.space", "ops@datacrew.space").map((email) => ({ email: { email } })),
  fc.constantFrom(...TOKENS).map((token_id) => ({ service_token: { token_id } })),
  fc.constantFrom(...PROVIDERS).map((id) => ({ login_method: { id } })),
  fc.constant({ any_valid_service_token: {} }),
  fc.constant({ everyone: {} }),
);
const rules = fc.record({
  decision: fc.constantFrom("allow", "non_identity", "deny", "bypass"),
  include: fc.array(rule, { maxLength: 3 }),
  require: fc.array(rule, { maxLength: 1 }),
});

/** An account as it might be, with objects that know nothing of each other's owners. */
const accounts: fc.Arbitrary<Account> = fc
  .record({
    reusable: fc.tuple(rules, rules, rules),
    applications: fc.array(
      fc.record({
        type: fc.constantFrom("self_hosted", "self_hosted", "self_hosted", "ssh", "bookmark"),
        places: fc.uniqueArray(place, { minLength: 1, maxLength: 3 }),
        spelling: fc.constantFrom("destinations", "self_hosted_domains", "domain"),
        uses: fc.uniqueArray(fc.constantFrom(...POLICIES), { maxLength: 2 }),
        inline: fc.array(rules, { maxLength: 2 }),
        allowed: fc.uniqueArray(fc.constantFrom(...PROVIDERS), { maxLength: 2 }),
      }),
      { maxLength: 6 },
    ),
    tokens: fc.tuple(fc.constantFrom("comfyui-api", "other"), fc.constantFrom("comfyui-api", "other")),
    providers: fc.uniqueArray(fc.constantFrom(...PROVIDERS), { minLength: 1 }),
    record: fc.option(
      fc.record({
        type: fc.constantFrom("CNAME", "CNAME", "CNAME", "A"),
        content: fc.constantFrom(...TUNNELS.map((id) => `${id}.cfargotunnel.com`), "pages.example.net"),
        comment: fc.constantFrom(null, "by hand", "comfyui-access other/prod"),
      }),
      { nil: undefined },
    ),
    rules: fc.tuple(...TUNNELS.map(() => fc.array(host, { maxLength: 4 }))),
  })
  .map((made): Account => {
    const reusable: Wire[] = made.reusable.map((fields, n) => ({
      id: POLICIES[n],
      name: `reusable ${n}`,
      reusable: true,
      app_count: made.applications.filter(({ uses }) => uses.includes(POLICIES[n] ?? "")).length,
      ...fields,
    }));
    const applications = made.applications.map(({ type, places, spelling, uses, inline, allowed }, n) => ({
      id: uuid(100 + n),
      aud: `aud ${n}`,
      name: `app ${n}`,
      type,
      allowed_idps: allowed,
      ...(spelling === "destinations"
        ? { destinations: places.map((uri) => ({ type: "public", uri })) }
        : {}),
      ...(spelling === "self_hosted_domains" ? { self_hosted_domains: places } : {}),
      ...(spelling === "domain" ? { domain: places[0] } : {}),
      policies: [
        ...inline.map((fields, m) => ({
          id: uuid(1000 + 10 * n + m),
          name: `inline ${n}.${m}`,
          reusable: false,
          ...fields,
        })),
        ...uses.map((id) => reusable.find((each) => each["id"] === id) as Wire),
      ],
    }));
    return {
      zoneId: "fedcba9876543210fedcba9876543210",
      applications,
      policies: reusable,
      identityProviders: made.providers.map((id) => ({
        id,
        name: `google ${id}`,
        type: "google",
        config: { client_id: `${id}.apps.googleusercontent.com` },
      })),
      serviceTokens: made.tokens.map((name, n) => ({
        id: TOKENS[n],
        name,
        client_secret_version: 1,
        duration: "8760h",
      })),
      tunnels: TUNNELS.map((id) => ({ id, name: id, remote_config: true })),
      ingress: Object.fromEntries(
        TUNNELS.map((id, n) => [
          id,
          [
            ...(made.rules[n] ?? []).map((hostname) => ({ hostname, service: "http://localhost:1" })),
            { service: "http_status:404" },
          ],
        ]),
      ),
      originRequest: {},
      records: made.record === undefined ? [] : [{ id: "f".repeat(32), name: HOSTNAME, ...made.record }],
      alerts: [],
    };
  });

// Said again in the simplest words, and not by the code under test.
const everyPlace = (app: Wire): string[] =>
  [
    ...((app["destinations"] ?? []) as { uri: string }[]).map(({ uri }) => uri),
    ...((app["self_hosted_domains"] ?? []) as string[]),
    ...("domain" in app && app["domain"] !== undefined ? [String(app["domain"])] : []),
  ].map((each) => each.replace(/\/$/, ""));
const policiesOf = (app: Wire) => (app["policies"] ?? []) as Wire[];

test("never takes what another application or hostname uses, whatever the account looks like", () => {
  const taken = new Map<string, number>();
  holds(
    fc.property(accounts, fc.boolean(), fc.boolean(), (account, convertInline, isExplicit) => {
      const raw = {
        ...MINIMAL,
        ...(isExplicit
          ? { google: { clientId: `${PROVIDERS[0]}.apps.googleusercontent.com`, clientSecret: "s" } }
          : {}),
        applications: [
          { hostname: HOSTNAME, ...(isExplicit ? { allow: { emails: ["artist@datacrew.space"] } } : {}) },
        ],
      };
      let plan: ReturnType<typeof planAdoption>;
      try {
        const choices = { take: new Set<string>(), convertInline };
        plan = planAdoption({ raw, project: "p", stack: "s", account, state: new Map(), choices });
      } catch (error) {
        // What is missing and not to be found is the operator's to say.
        if (error instanceof ConfigError) return;
        throw error;
      }
      const rows = plan.rows.filter(({ how }) => how === "import" || how.startsWith("convert"));
      const ours = rows.find(({ kind }) => kind === "application")?.id;
      for (const { kind, id, name, how } of rows) {
        taken.set(kind, (taken.get(kind) ?? 0) + 1);
        if (kind === "application") {
          const wire = account.applications.find((each) => each["id"] === id) ?? {};
          expect(wire["type"]).toBe("self_hosted");
          expect(new Set(everyPlace(wire))).toEqual(new Set([HOSTNAME]));
        }
        if (kind === "policy") {
          const users = account.applications.filter((each) =>
            policiesOf(each).some((policy) => policy["id"] === id),
          );
          expect(users.map((each) => each["id"])).toEqual([ours]);
        }
        if (kind === "service token") {
          const all = [...account.policies, ...account.applications.flatMap(policiesOf)];
          const others = all.filter(({ id: policy }) => {
            const users = account.applications.filter((each) =>
              policiesOf(each).some((p) => p["id"] === policy),
            );
            return users.length === 0 || users.some((each) => each["id"] !== ours);
          });
          expect(JSON.stringify(others)).not.toContain(id);
          expect(JSON.stringify(others)).not.toContain("any_valid_service_token");
        }
        if (kind === "DNS record") {
          expect(account.records[0]).toMatchObject({
            type: "CNAME",
            content: expect.stringContaining("cfargotunnel"),
          });
          expect(account.records[0]?.["comment"]).not.toBe("comfyui-access other/prod");
        }
        if (kind === "ingress rule") expect(name).toBe(HOSTNAME);
        if (kind === "identity provider") {
          const offering = account.applications.filter(
            (each) =>
              each["id"] !== ours &&
              each["type"] !== "bookmark" &&
              (each["allowed_idps"] as string[]).length === 0,
          );
          expect(offering).toEqual([]);
          const others = account.applications.filter(
            (each) => each["id"] !== ours && each["type"] !== "bookmark",
          );
          expect(JSON.stringify(others.map((each) => each["allowed_idps"]))).not.toContain(id);
          expect(JSON.stringify(others.map(policiesOf))).not.toContain(id);
        }
        expect(kind).not.toBe("tunnel");
        expect(convertInline || plan.decisions.length > 0 || !how.startsWith("convert")).toBe(true);
      }
    }),
    { runs: 2000 },
  );
  // Not because nothing was ever taken.
  const kinds = ["application", "policy", "service token", "DNS record", "ingress rule", "identity provider"];
  for (const kind of kinds) expect([kind, (taken.get(kind) ?? 0) > 10]).toEqual([kind, true]);
});
