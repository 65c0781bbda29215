import { beforeAll, describe, expect, test } from "vitest";
import { urnOf } from "../../components/declaration";
import { ConfigError } from "../../config/stack-config";
import type { Account } from "../../packages/cli/adopt/account";
import { isDone } from "../../packages/cli/adopt/plan";
import type { StateEntry } from "../../packages/cli/adopt/plan-input";
import type { Row } from "../../packages/cli/adopt/types";
import { LIVED_IN, LIVED_IN_SEED } from "../../packages/sandbox/account/lived-in";
import { choices, edited, HOSTNAME, MINIMAL, planOf, readSeed } from "./account";

let account: Account;
beforeAll(async () => {
  account = await readSeed();
});

const row = (rows: readonly Row[], kind: Row["kind"], how?: Row["how"]) =>
  rows.find((each) => each.kind === kind && (how === undefined || each.how === how));
/** What the program is going to declare of an object. */
const declared = (rows: readonly Row[], kind: Row["kind"]) => row(rows, kind)?.resource?.properties;
const config = (plan: ReturnType<typeof planOf>) =>
  Object.fromEntries(plan.configChanges.map(({ path, value }) => [path.join("."), value]));

describe("a minimal config", () => {
  test("gets the rest from what is there", () => {
    expect(config(planOf(account))).toEqual({
      google: { identityProviderId: LIVED_IN.google },
      tunnel: { id: LIVED_IN.tunnel },
      "applications.0.allow.emails": ["artist@datacrew.space", "painter@example.org"],
      adopted: [LIVED_IN.application, LIVED_IN.record],
    });
  });

  test("may leave out the team and the application too", () => {
    const { teamName: _, applications: __, ...rest } = MINIMAL;
    const found = config(planOf(account, { raw: rest }));
    expect(found).toMatchObject({ teamName: "datacrew", "applications.0.hostname": HOSTNAME });
  });

  test("gets service, session duration and token details where they are not the default", () => {
    let other = edited(account, "applications", LIVED_IN.application, (app) => ({
      ...app,
      session_duration: "12h",
      policies: (app["policies"] as object[]).map((each) => ({ ...each, session_duration: null })),
    }));
    other = edited(other, "serviceTokens", LIVED_IN.serviceToken, (token) => ({
      ...token,
      duration: "4380h",
      client_secret_version: 3,
      previous_client_secret_expires_at: "2026-01-01T00:00:00Z",
    }));
    other.ingress[LIVED_IN.tunnel] = [
      { hostname: HOSTNAME, service: "http://gpu:8188" },
      { service: "http_status:404" },
    ];
    const plan = planOf(other);
    expect(config(plan)).toMatchObject({
      "applications.0.service": "http://gpu:8188",
      "applications.0.sessionDuration": "12h",
      serviceTokens: [
        { name: "comfyui-api", duration: "4380h", version: 3, previousExpiresAt: "2026-01-01T00:00:00Z" },
      ],
    });
    // Adopting rotates nothing.
    expect(declared(plan.rows, "service token")).toMatchObject({
      duration: "4380h",
      clientSecretVersion: 3,
      previousClientSecretExpiresAt: "2026-01-01T00:00:00Z",
    });
  });

  test("a version that the API does not show is left as it is", () => {
    const other = edited(
      account,
      "serviceTokens",
      LIVED_IN.serviceToken,
      ({ client_secret_version: _, ...token }) => token,
    );
    const plan = planOf(other);
    expect(config(plan)).not.toHaveProperty("serviceTokens");
    expect(declared(plan.rows, "service token")).not.toHaveProperty("clientSecretVersion");
  });

  test("what the config refuses is not carried over, and said", () => {
    const other = edited(account, "applications", LIVED_IN.application, (app) => {
      const [people, ...rest] = app["policies"] as Record<string, unknown>[];
      const include = [
        { email: { email: "artist@datacrew.space" } },
        { email_domain: { domain: "gmail.com" } },
        { everyone: {} },
      ];
      return { ...app, policies: [{ ...people, include }, ...rest] };
    });
    const plan = planOf(other);
    expect(config(plan)).toMatchObject({ "applications.0.allow.emails": ["artist@datacrew.space"] });
    expect(plan.notes.join("\n")).toMatch(/everyone/);
    expect(plan.notes.join("\n")).toMatch(/gmail\.com" is not carried over, since anybody/);
  });

  test("without anything there has to say what it is missing", () => {
    const { identityProviders: _, ...rest } = account;
    expect(() => planOf({ ...rest, identityProviders: [] })).toThrow(ConfigError);
    expect(() => planOf(account, { raw: { zone: "datacrew.space" } })).toThrow(/accountId: not set/);
    expect(() => planOf(account, { raw: { ...MINIMAL, tunel: {} } })).toThrow(/Did you mean tunnel/);
  });
});

describe("an explicit config", () => {
  const raw = {
    ...MINIMAL,
    google: { clientId: "new.apps.googleusercontent.com", clientSecret: "GOCSPX-x" },
    tunnel: { name: "comfyui-dev" },
    applications: [
      {
        name: "comfyui",
        hostname: HOSTNAME,
        service: "http://localhost:9999",
        allow: { emails: ["boss@datacrew.space"] },
      },
    ],
    serviceTokens: [{ name: "comfyui-api" }],
  };

  test("keeps its words, but for a tunnel that the hostname has", () => {
    const plan = planOf(account, { raw });
    expect(config(plan)).toEqual({
      tunnel: { id: LIVED_IN.tunnel },
      adopted: [LIVED_IN.application, LIVED_IN.record],
    });
    expect(row(plan.rows, "identity provider", "created new")).toBeDefined();
    expect(row(plan.rows, "identity provider", "left alone")?.id).toBe(LIVED_IN.google);
    expect(declared(plan.rows, "ingress rule")).toMatchObject({
      rules: [{ hostname: HOSTNAME, service: "http://localhost:9999" }],
    });
    expect(declared(plan.rows, "application")).toMatchObject({
      allowedIdps: ["(new identity provider Google)"],
    });
    // None of that is done before the account says the same, or the config leaves it out for the first up.
    expect(plan.decisions.map(({ what, field }) => [what.split(" ")[0], field])).toEqual([
      ["application", "allowed_idps"],
      ["policy", "include"],
      ["application", "policies"],
      ["application", "policies"],
      ["ingress", "service"],
    ]);
  });

  test("a Google client that others use too is used by its id, and its secret leaves the config", () => {
    const google = { ...raw.google, clientId: "482911-lived-in.apps.googleusercontent.com" };
    const plan = planOf(account, { raw: { ...raw, google } });
    expect(config(plan)).toMatchObject({ google: { identityProviderId: LIVED_IN.google } });
    const taken = planOf(account, { raw: { ...raw, google }, choices: choices([`idp:${LIVED_IN.google}`]) });
    expect(row(taken.rows, "identity provider")).toMatchObject({ id: LIVED_IN.google, how: "import" });
    // Whatever the secret is there, the config's is written: without the value.
    expect(declared(taken.rows, "identity provider")).toMatchObject({
      config: { clientSecret: "(secret of the config)" },
    });
    expect(JSON.stringify(taken)).not.toContain('GOCSPX-x","path');
    expect(JSON.stringify(taken.rows)).not.toContain("GOCSPX-x");
  });

  test("several Google logins need a word", () => {
    const second = { id: "11111111-1111-4111-8111-111111111111", name: "Other", type: "google", config: {} };
    const offersAll = edited(account, "applications", LIVED_IN.application, (app) => ({
      ...app,
      allowed_idps: [],
    }));
    const other = { ...offersAll, identityProviders: [...account.identityProviders, second] };
    expect(planOf(other).decisions).toMatchObject([
      { what: "Google login", remedy: "Name one with --idp <id>." },
    ]);
    const plan = planOf(other, { choices: choices([], { identityProvider: second.id }) });
    expect(config(plan)).toMatchObject({ google: { identityProviderId: second.id } });
    // Whoever logs in otherwise now would no longer get in.
    expect(plan.decisions).toMatchObject([{ field: "allowed_idps" }]);
  });
});

describe("what others use", () => {
  test("an application with other places is not taken", () => {
    const other = edited(account, "applications", LIVED_IN.application, (app) => ({
      ...app,
      self_hosted_domains: [HOSTNAME, "api.datacrew.space/v1"],
    }));
    const plan = planOf(other, {
      raw: { ...MINIMAL, applications: [{ hostname: HOSTNAME, allow: { emails: ["a@b.co"] } }] },
    });
    expect(row(plan.rows, "application", "import")).toBeUndefined();
    expect(plan.rows.filter(({ kind, how }) => kind === "policy" && how !== "created new")).toEqual([]);
    expect(plan.decisions[0]).toMatchObject({ why: expect.stringContaining("api.datacrew.space/v1") });
    const taken = planOf(other, { choices: choices([`application:${LIVED_IN.application}`]) });
    expect(taken.decisions).toEqual([]);
    expect(row(taken.rows, "application")).toMatchObject({ how: "import" });
  });

  test("a reusable policy of several applications is left, and one of our own made", () => {
    const shared = account.policies.find(({ name }) => name === "Staff") ?? {};
    const other = edited(account, "applications", LIVED_IN.application, (app) => ({
      ...app,
      policies: [shared],
    }));
    const raw = { ...MINIMAL, serviceTokens: [{ name: "new-one" }] };
    const plan = planOf(other, { raw, choices: choices([], { convertInline: false }) });
    expect(plan.decisions).toEqual([]);
    expect(row(plan.rows, "policy", "created new")?.name).toBe("comfyui-google-email");
    expect(row(plan.rows, "policy", "left alone")?.why).toMatch(/detached.*keep it/);
    expect(declared(plan.rows, "application")?.["policies"]).toEqual([
      { id: "(new policy comfyui-google-email)", precedence: 1 },
      { id: "(new policy comfyui-service-token)", precedence: 2 },
    ]);
  });

  test("a policy without a counterpart outlives its place, and the effect is said", () => {
    const other = edited(account, "applications", LIVED_IN.application, (app) => {
      const block = {
        id: "b",
        name: "no contractors",
        decision: "deny",
        reusable: false,
        include: [],
        precedence: 3,
      };
      return { ...app, policies: [...(app["policies"] as object[]), block] };
    });
    expect(planOf(other).rows.find(({ id }) => id === "b")).toMatchObject({
      how: "convert, leave",
      why: expect.stringContaining("whom it kept out may get in"),
    });
  });

  test("a token that other policies accept needs a word", () => {
    const other = structuredClone(account);
    other.policies = [
      ...other.policies,
      { id: "p", name: "robots", include: [{ service_token: { token_id: LIVED_IN.serviceToken } }] },
    ];
    expect(planOf(other).decisions).toMatchObject([
      { why: "robots accepts it too" },
      // With another of its name, the old one would pass no more.
      { field: "include", found: [{ service_token: { token_id: LIVED_IN.serviceToken } }] },
    ]);
    expect(planOf(other, { choices: choices([`token:${LIVED_IN.serviceToken}`]) }).decisions).toEqual([]);
  });

  test("of two tokens of a name, the one that the application accepts is taken", () => {
    const twin = { id: "00000000-1111-4111-8111-111111111111", name: "comfyui-api", client_id: "x" };
    const other = { ...account, serviceTokens: [twin, ...account.serviceTokens] };
    expect(row(planOf(other).rows, "service token")?.id).toBe(LIVED_IN.serviceToken);
  });

  test.each([
    ["leads elsewhere", { content: "pages.example.net" }, /leads elsewhere/],
    ["another stack has marked", { comment: "comfyui-access other/prod" }, /another stack has it/],
    ["is an address", { type: "A", content: "198.51.100.1" }, /CNAME to the tunnel has to be/],
  ])("a record that %s is not taken", (_, change, why) => {
    const other = edited(account, "records", LIVED_IN.record, (record) => ({ ...record, ...change }));
    const plan = planOf(other);
    expect(row(plan.rows, "DNS record", "import")).toBeUndefined();
    expect(plan.decisions.map((each) => each.why).join()).toMatch(why);
    const taken = planOf(other, { choices: choices([`dns:${LIVED_IN.record}`]) });
    // A type cannot be changed without a replacement, so there is no way round removing it.
    expect(taken.decisions.length).toBe("type" in change ? 1 : 0);
  });

  test("a tunnel that takes its rules from a file has to be migrated first", () => {
    const other = edited(account, "tunnels", LIVED_IN.tunnel, (tunnel) => ({
      ...tunnel,
      remote_config: false,
    }));
    expect(
      planOf(other)
        .decisions.map(({ remedy }) => remedy)
        .join(),
    ).toMatch(/Migrate it/);
  });
});

describe("a stack with two hostnames", () => {
  const raw = {
    ...MINIMAL,
    maxSessionDuration: "168h",
    applications: [
      { name: "comfyui", hostname: HOSTNAME },
      { name: "wiki", hostname: "wiki.datacrew.space" },
    ],
  };
  const ingress = { type: "comfyui-access:index:TunnelIngress", name: "ingress" };
  const parent = { type: "comfyui-access:components:TunnelIngress", name: "ingress" };

  test("takes both rules of the tunnel as one resource, and asks which application accepts which token", async () => {
    const both = await readSeed(LIVED_IN_SEED, raw);
    const plan = planOf(both, { raw });
    const id = `${MINIMAL.accountId}/${LIVED_IN.tunnel}/${HOSTNAME},wiki.datacrew.space`;
    const rules = plan.rows.filter(({ kind }) => kind === "ingress rule");
    expect(rules.map(({ name, importId }) => [name, importId])).toEqual([
      [HOSTNAME, id],
      ["wiki.datacrew.space", id],
    ]);
    expect(config(plan)).toMatchObject({
      "applications.0.serviceTokens": ["comfyui-api"],
      "applications.1.serviceTokens": [],
    });
    // The policies' own 24h decide, whatever the application says.
    expect(config(plan)).not.toHaveProperty("applications.1.sessionDuration");
  });

  test("whose first was adopted before cannot import into the same resource again, and says so", async () => {
    const both = await readSeed(LIVED_IN_SEED, raw);
    const urn = urnOf({ ...ingress, parent }, "comfyui-access", "dev");
    const inputs = { rules: [{ hostname: HOSTNAME }] };
    const plan = planOf(both, { raw, state: new Map([[urn, { id: "x", inputs }]]) });
    expect(plan.decisions.filter(({ field }) => field === undefined)).toMatchObject([
      { what: "ingress rule wiki.datacrew.space" },
    ]);
  });
});

test("a stand-in gets in with the token that it stands in for, as the program declares it", () => {
  const standIn = "comfyui-api-stand-in";
  const raw = {
    ...MINIMAL,
    applications: [
      { name: "comfyui", hostname: HOSTNAME },
      { name: "notes", hostname: "notes.datacrew.space", allow: { emails: ["artist@datacrew.space"] } },
    ].map((each) => ({ ...each, serviceTokens: each.name === "comfyui" ? ["comfyui-api"] : [] })),
    serviceTokens: [
      { name: standIn, duration: "720h", standIn: { for: "comfyui-api" } },
      { name: "comfyui-api" },
    ],
  };
  const { rows } = planOf(account, { raw });
  const includes = rows.flatMap(({ kind, resource }) =>
    kind === "policy" && resource?.name.endsWith("-service-token") ? [resource.properties["includes"]] : [],
  );
  expect(includes).toEqual([
    [
      { serviceToken: { tokenId: `(new service token ${standIn})` } },
      { serviceToken: { tokenId: LIVED_IN.serviceToken } },
    ],
  ]);
});

test("inline policies are not touched without consent", () => {
  const plan = planOf(account, { choices: choices([], { convertInline: false }) });
  expect(plan.decisions).toMatchObject([{ remedy: "Consent with --convert-inline." }]);
});

test("what the state has is not imported again; when it has all, nothing is left", () => {
  const first = planOf(account);
  const state = new Map<string, StateEntry>();
  for (const { resource, id } of first.rows) {
    if (resource === undefined) continue;
    const inputs = { rules: [{ hostname: HOSTNAME }] };
    state.set(urnOf(resource, "comfyui-access", "dev"), { id: id ?? "list", inputs });
  }
  const raw = {
    ...MINIMAL,
    google: { identityProviderId: LIVED_IN.google },
    tunnel: { id: LIVED_IN.tunnel },
    applications: [{ hostname: HOSTNAME, allow: { emails: ["artist@datacrew.space"] } }],
    adopted: [LIVED_IN.application, LIVED_IN.record],
  };
  const again = planOf(account, { raw, state });
  expect(again.rows.filter(({ how }) => how === "import" || how === "convert, import")).toEqual([]);
  expect(isDone(again)).toBe(true);
});

test("the seed is told apart from an account where nothing is", async () => {
  const { objects: _, ...untouched } = LIVED_IN_SEED;
  const empty = await readSeed(untouched);
  const raw = {
    ...MINIMAL,
    google: { clientId: "x.apps.googleusercontent.com", clientSecret: "s" },
    tunnel: { name: "t" },
  };
  const applications = [{ hostname: HOSTNAME, allow: { emails: ["artist@datacrew.space"] } }];
  const plan = planOf(empty, { raw: { ...raw, applications } });
  expect(isDone(plan)).toBe(true);
  expect(new Set(plan.rows.map(({ how }) => how))).toEqual(new Set(["created new"]));
});
