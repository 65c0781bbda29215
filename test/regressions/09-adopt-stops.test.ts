import { beforeAll, describe, expect, test } from "vitest";
import type { Account } from "../../packages/cli/adopt/account";
import type { Wire } from "../../packages/cloudflare/account-api";
import { LIVED_IN } from "../../packages/sandbox/account/lived-in";
import { edited, HOSTNAME, MINIMAL, planOf, readSeed } from "../adopt/account";

let account: Account;
beforeAll(async () => {
  account = await readSeed();
});

const ONE_TIME_PIN = "00000000-0000-4000-8000-000000000777";
const application = (fields: Wire) => (from: Account) =>
  edited(from, "applications", LIVED_IN.application, (app) => ({ ...app, ...fields }));
const policy = (nth: number, fields: Wire) => (from: Account) =>
  edited(from, "applications", LIVED_IN.application, (app) => ({
    ...app,
    policies: (app["policies"] as Wire[]).map((each, index) =>
      index === nth ? { ...each, ...fields } : each,
    ),
  }));
const rule = (fields: Wire) => (from: Account) => {
  const ingress = (from.ingress[LIVED_IN.tunnel] ?? []).map((each) =>
    each["hostname"] === HOSTNAME ? { ...each, ...fields } : each,
  );
  return { ...from, ingress: { ...from.ingress, [LIVED_IN.tunnel]: ingress } };
};
const record = (fields: Wire) => (from: Account) =>
  edited(from, "records", LIVED_IN.record, (each) => ({ ...each, ...fields }));
const token = (fields: Wire) => (from: Account) =>
  edited(from, "serviceTokens", LIVED_IN.serviceToken, (each) => ({ ...each, ...fields }));
const another = (fields: Wire) => (from: Account) => ({
  ...from,
  applications: [
    ...from.applications,
    { id: "another", name: "Another", type: "self_hosted", policies: [], ...fields },
  ],
});
const at = (...uris: string[]) => ({ destinations: uris.map((uri) => ({ type: "public", uri })) });

type Case = [what: string, edit: (from: Account) => Account, object: RegExp, field: string];

const STOPPED: Case[] = [
  [
    "noTLSVerify",
    rule({ originRequest: { noTLSVerify: true } }),
    /^ingress rule/,
    "originRequest.noTLSVerify",
  ],
  [
    "httpHostHeader",
    rule({ originRequest: { httpHostHeader: "x" } }),
    /^ingress rule/,
    "originRequest.httpHostHeader",
  ],
  [
    "connectTimeout",
    rule({ originRequest: { connectTimeout: 5 } }),
    /^ingress rule/,
    "originRequest.connectTimeout",
  ],
  [
    "an option that nobody knows",
    rule({ originRequest: { brandNew: false } }),
    /^ingress rule/,
    "originRequest.brandNew",
  ],
  [
    "an option of the rule that undoes the tunnel's",
    (from) => ({
      ...rule({ originRequest: { noTLSVerify: false } })(from),
      originRequest: { [LIVED_IN.tunnel]: { noTLSVerify: true } },
    }),
    /^ingress rule/,
    "originRequest.noTLSVerify",
  ],
  [
    "a rule that takes another application's JWT too",
    rule({ originRequest: { access: { required: true, teamName: "datacrew", audTag: ["other"] } } }),
    /^ingress rule/,
    "originRequest.access.audTag",
  ],
  ["a field of the rule that nobody knows", rule({ "x-note": { by: "hand" } }), /^ingress rule/, "x-note"],
  [
    "a rule on a path before ours",
    (from) => ({
      ...from,
      ingress: {
        ...from.ingress,
        [LIVED_IN.tunnel]: [
          { hostname: HOSTNAME, path: "^/public", service: "http://localhost:1" },
          ...(from.ingress[LIVED_IN.tunnel] ?? []),
        ],
      },
    }),
    /^ingress rule/,
    "path",
  ],
  [
    "a wildcard's rule that serves the host name",
    (from) => ({
      ...from,
      ingress: {
        ...from.ingress,
        [LIVED_IN.tunnel]: (from.ingress[LIVED_IN.tunnel] ?? []).filter(
          (each) => each["hostname"] !== HOSTNAME,
        ),
      },
    }),
    /^ingress rule \*\.datacrew\.space/,
    "hostname",
  ],
  [
    "read_service_tokens_from_header",
    application({ read_service_tokens_from_header: "Authorization" }),
    /^application/,
    "read_service_tokens_from_header",
  ],
  [
    "a one-time PIN login",
    application({ allowed_idps: [ONE_TIME_PIN, LIVED_IN.google] }),
    /^application/,
    "allowed_idps",
  ],
  ["all of the account's logins", application({ allowed_idps: [] }), /^application/, "allowed_idps"],
  [
    "cors_headers",
    application({ cors_headers: { allow_all_origins: true, allow_all_methods: true } }),
    /^application/,
    "cors_headers",
  ],
  [
    "options_preflight_bypass",
    application({ options_preflight_bypass: true }),
    /^application/,
    "options_preflight_bypass",
  ],
  ["a binding cookie", application({ enable_binding_cookie: true }), /^application/, "enable_binding_cookie"],
  [
    "a cookie that scripts read",
    application({ http_only_cookie_attribute: false }),
    /^application/,
    "http_only_cookie_attribute",
  ],
  [
    "SameSite strict",
    application({ same_site_cookie_attribute: "strict" }),
    /^application/,
    "same_site_cookie_attribute",
  ],
  [
    "WARP for a login",
    application({ allow_authenticate_via_warp: true }),
    /^application/,
    "allow_authenticate_via_warp",
  ],
  ["a second factor", application({ mfa_config: { session_duration: "1h" } }), /^application/, "mfa_config"],
  [
    "OAuth for programs",
    application({ oauth_configuration: { enabled: true } }),
    /^application/,
    "oauth_configuration",
  ],
  ["a field that nobody knows, turned off", application({ brand_new: false }), /^application/, "brand_new"],
  [
    "a path made public",
    application({
      destinations: [
        { type: "public", uri: HOSTNAME, overrides: [{ behavior: "public", path_pattern: "/health" }] },
      ],
    }),
    /^application/,
    "destinations",
  ],
  [
    "a private destination",
    application({ destinations: [...at(HOSTNAME).destinations, { type: "private", cidr: "10.0.0.1/32" }] }),
    /^application/,
    "destinations",
  ],
  ["require: geo", policy(0, { require: [{ geo: { country_code: "NL" } }] }), /^policy "artists"/, "require"],
  [
    "exclude",
    policy(0, { exclude: [{ email: { email: "x@datacrew.space" } }] }),
    /^policy "artists"/,
    "exclude",
  ],
  [
    "a group",
    policy(0, { include: [{ group: { id: "g" } }, { email: { email: "a@datacrew.space" } }] }),
    /^policy "artists"/,
    "include",
  ],
  [
    "a mail domain that the config refuses",
    policy(0, {
      include: [{ email: { email: "a@datacrew.space" } }, { email_domain: { domain: "gmail.com" } }],
    }),
    /^policy "artists"/,
    "include",
  ],
  [
    "any valid token",
    policy(1, { include: [{ any_valid_service_token: {} }] }),
    /^policy "scripts"/,
    "decision",
  ],
  [
    "somebody who has to approve",
    policy(0, { approval_required: true }),
    /^policy "artists"/,
    "approval_required",
  ],
  [
    "a reason to be given",
    policy(0, { purpose_justification_required: true }),
    /^policy "artists"/,
    "purpose_justification_required",
  ],
  ["an isolated browser", policy(0, { isolation_required: true }), /^policy "artists"/, "isolation_required"],
  [
    "shorter sessions of one policy",
    policy(0, { session_duration: "1h" }),
    /^policy "artists"/,
    "session_duration",
  ],
  ["a policy that blocks", policy(1, { decision: "deny" }), /^policy "scripts"/, "decision"],
  ["a policy that lets everybody pass", policy(1, { decision: "bypass" }), /^policy "scripts"/, "decision"],
  ["a record past Cloudflare", record({ proxied: false, ttl: 300 }), /^DNS record/, "proxied"],
  ["a record for IPv6 alone", record({ settings: { ipv6_only: true } }), /^DNS record/, "settings"],
  ["a field of the record that nobody knows", record({ brand_new: 1 }), /^DNS record/, "brand_new"],
  ["a token that is turned off", token({ enabled: false }), /^service token/, "enabled"],
  [
    "another application on a path",
    another(at(`${HOSTNAME}/public`)),
    /^application "Another"/,
    "destinations",
  ],
  ["another application at host/*", another(at(`${HOSTNAME}/*`)), /^application "Another"/, "destinations"],
  [
    "another application on a path, by its old field",
    another({ domain: `${HOSTNAME.toUpperCase()}/public/` }),
    /^application "Another"/,
    "destinations",
  ],
  [
    "a wildcard with a path",
    another(at("*.datacrew.space/public")),
    /^application "Another"/,
    "destinations",
  ],
  [
    "a host name that a wildcard's application guards",
    (from) => ({ ...from, applications: from.applications.filter(({ id }) => id !== LIVED_IN.application) }),
    /^DNS record/,
    "application",
  ],
];

describe("9: an adoption stops, by name, at what the next up would not leave as it is:", () => {
  test.each(STOPPED)("%s", (_, edit, object, field) => {
    const raw = { ...MINIMAL, applications: [{ hostname: HOSTNAME }] };
    let plan: ReturnType<typeof planOf>;
    try {
      plan = planOf(edit(account), { raw });
    } catch {
      // Nobody to be found in the account: the operator has to say somebody.
      const allow = { emails: ["artist@datacrew.space"] };
      plan = planOf(edit(account), { raw: { ...raw, applications: [{ hostname: HOSTNAME, allow }] } });
    }
    const stop = plan.decisions.find((each) => each.field === field && object.test(each.what));
    expect(plan.decisions.map(({ what }) => what)).toContain(stop?.what ?? `a stop of ${field}`);
    expect(stop).toHaveProperty("found");
    expect(stop?.why).toMatch(/after the next up, \S+/);
  });

  test("and says the value that it found, and what would happen", () => {
    const other = application({ read_service_tokens_from_header: "Authorization" })(account);
    const [stop] = planOf(other).decisions;
    expect(stop).toMatchObject({ field: "read_service_tokens_from_header", found: "Authorization" });
    expect(`${stop?.what} ${stop?.why}`).toMatch(/ComfyUI.*Authorization.*no longer let in/);
  });

  test("but never says a secret that stands inside", () => {
    const scim = { enabled: true, authentication: { scheme: "httpbasic", user: "u", password: "hunter2" } };
    const plan = planOf(application({ scim_config: scim })(account));
    expect(plan.decisions).toMatchObject([{ field: "scim_config" }]);
    expect(JSON.stringify(plan.decisions)).not.toContain("hunter2");
  });
});

describe("9: what decides neither access nor delivery passes:", () => {
  test.each<[string, (from: Account) => Account]>([
    ["the account as it is", (from) => from],
    [
      "how it looks, and what the refused see",
      application({
        logo_url: "https://x/l.svg",
        tags: ["a"],
        custom_deny_message: "no",
        app_launcher_visible: false,
      }),
    ],
    [
      "options that say what cloudflared does anyway",
      rule({ originRequest: { connectTimeout: 30, noTLSVerify: false } }),
    ],
    [
      "the check of the JWT, as the stack makes it",
      (from) => {
        const aud = from.applications.find(({ id }) => id === LIVED_IN.application)?.["aud"];
        return rule({ originRequest: { access: { required: true, teamName: "datacrew", audTag: [aud] } } })(
          from,
        );
      },
    ],
    ["durations spelled otherwise", policy(0, { session_duration: "1440m" })],
    ["addresses in capitals", policy(0, { include: [{ email: { email: "Artist@Datacrew.Space" } }] })],
    [
      "the host name in another spelling",
      application({ ...at(`${HOSTNAME.toUpperCase()}/*`), domain: `${HOSTNAME}/` }),
    ],
    [
      "OAuth and SCIM that are turned off",
      application({ oauth_configuration: { enabled: false }, scim_config: { enabled: false } }),
    ],
    [
      "all logins, where Google is the only one",
      (from) => ({
        ...application({ allowed_idps: [] })(from),
        identityProviders: from.identityProviders.filter(({ type }) => type === "google"),
      }),
    ],
    ["notes of the record", record({ comment: "by hand", tags: ["a:b"] })],
    ["a bookmark to it", another({ type: "bookmark", domain: `https://${HOSTNAME}` })],
    ["an application that is elsewhere", another(at("other.datacrew.space/public"))],
  ])("%s", (_, edit) => {
    expect(planOf(edit(account)).decisions).toEqual([]);
  });
});

describe("9: the advice at a stop is what the config can do about it:", () => {
  const ELSE = "00000000-0000-4000-8000-000000000778";
  const google = (from: Account) => ({
    ...from,
    identityProviders: [
      ...from.identityProviders,
      { id: ELSE, name: "Google of before", type: "google", config: { client_id: "x" } },
    ],
  });
  const one = (more: Wire = {}) => ({ ...MINIMAL, applications: [{ hostname: HOSTNAME, ...more }] });
  const LEAVE = /^The stack file says otherwise\. Leave (\S+) out of it/;
  const adviceOn = (field: string, from: Account, raw: Record<string, unknown>) =>
    planOf(from, { raw }).decisions.flatMap((each) =>
      each.field === field ? [LEAVE.exec(each.remedy)?.[1] ?? each.remedy.split(".")[0]] : [],
    );

  test.each<[string, (from: Account) => Account, Record<string, unknown>, string, string]>([
    [
      "another login",
      google,
      { ...one(), google: { identityProviderId: ELSE } },
      "allowed_idps",
      "google.identityProviderId",
    ],
    [
      "a required login",
      google,
      { ...one(), google: { identityProviderId: ELSE } },
      "policies",
      "google.identityProviderId",
    ],
    [
      "other people",
      (from) => from,
      one({ allow: { emails: ["artist@datacrew.space"] } }),
      "include",
      "allow",
    ],
    ["sessions", (from) => from, one({ sessionDuration: "2h" }), "session_duration", "sessionDuration"],
    ["the service", (from) => from, one({ service: "http://localhost:9" }), "service", "service"],
    ["no tokens", (from) => from, { ...one(), serviceTokens: [] }, "decision", "serviceTokens"],
  ])("%s that the stack file says, and the account otherwise", (_, edit, raw, field, word) => {
    const policies = policy(0, {
      include: [{ email: { email: "artist@datacrew.space" } }, { email: { email: "more@datacrew.space" } }],
    });
    const from = edit(policies(account));
    expect(adviceOn(field, from, raw)).toContain(word);
    // The advice works.
    expect(planOf(from, { raw: one() }).decisions).toEqual([]);
  });

  test("what the config cannot say is for the dashboard, also beside what it can", () => {
    const group = policy(0, { include: [{ group: { id: "g" } }, { email: { email: "b@datacrew.space" } }] });
    const raw = one({ allow: { emails: ["artist@datacrew.space"] } });
    expect(adviceOn("include", group(account), raw)).toEqual(["allow", "The config has no word for it"]);
    const pin = application({ allowed_idps: [ONE_TIME_PIN, LIVED_IN.google] })(account);
    const named = { ...one(), google: { identityProviderId: LIVED_IN.google } };
    expect(adviceOn("allowed_idps", pin, named)).toEqual(["The config has no word for it"]);
  });
});
