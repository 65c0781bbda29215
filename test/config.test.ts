import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../components/load-config";
import { CONFIG_KEYS, ConfigError, type ParseContext, parseConfig } from "../config/stack-config";
import { parseDuration } from "../packages/base/duration";
import { problemsOf as problemsIn } from "./support/config-problems";
import { knownValue } from "./support/mocks";
import { holds } from "./support/properties";

const SECRET_VALUE = "GOCSPX-must-not-be-shown";

/** A config without any fault; each test breaks one thing in it. */
const valid = () => ({
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "datacrew.space",
  teamName: "datacrew",
  google: { clientId: "x.apps.googleusercontent.com", clientSecret: SECRET_VALUE } as Record<string, unknown>,
  tunnel: { name: "comfyui-dev" } as Record<string, unknown>,
  applications: [{ allow: { emails: ["artist@datacrew.space"] } }] as Record<string, unknown>[],
});

const context = { stack: "dev", secretKeys: new Set(["google"]), now: new Date("2027-01-10T00:00:00Z") };

const problemsOf = (raw: Record<string, unknown>, parseContext: ParseContext = context) =>
  problemsIn(raw, parseContext);

const application = (overrides: Record<string, unknown>) => ({
  ...valid(),
  applications: [{ allow: { emails: ["a@datacrew.space"] }, ...overrides }],
});

describe("defaults", () => {
  test("one application needs only somebody to allow", () => {
    expect(parseConfig(valid(), context)).toEqual({
      ...valid(),
      applications: [
        {
          name: "comfyui",
          kind: "comfyui",
          hostname: "comfyui.datacrew.space",
          service: "http://localhost:8188",
          allow: { emails: ["artist@datacrew.space"], emailDomains: [] },
          serviceTokens: ["comfyui-api"],
          sessionDuration: "24h",
        },
      ],
      serviceTokens: [{ name: "comfyui-api", duration: "8760h", version: 1 }],
      protectTokens: true,
      maxSessionDuration: "24h",
      maxTokenDuration: "8760h",
      secretStore: { kind: "none", readers: [] },
      accessTests: [],
      adopted: [],
      driftAccepted: [],
    });
  });

  test("are the ones that Pulumi.yaml declares, which declares every key", () => {
    const declared = parse(readFileSync("Pulumi.yaml", "utf8")).config as Record<
      string,
      { default: unknown }
    >;
    expect(Object.keys(declared).sort()).toEqual([...CONFIG_KEYS].sort());
    const defaults = Object.fromEntries(
      Object.entries(declared).map(([key, schema]) => [key, schema.default]),
    );
    expect(parseConfig({ ...defaults, ...valid() }, context)).toEqual(parseConfig(valid(), context));
  });

  test("with several applications the host name follows the name, and tokens have to be named", () => {
    const raw = {
      ...valid(),
      applications: ["a", "b"].map((name) => ({
        name,
        allow: { emails: ["x@datacrew.space"] },
        serviceTokens: [],
      })),
    };
    const { applications } = parseConfig(raw, context);
    expect(applications.map(({ hostname }) => hostname)).toEqual(["a.datacrew.space", "b.datacrew.space"]);
    const silent = { ...raw, applications: raw.applications.map(({ serviceTokens: _, ...rest }) => rest) };
    expect(problemsOf(silent)).toEqual([
      {
        path: "serviceTokens[0]",
        found: 'no application accepts the token "comfyui-api"',
        remedy:
          "With several applications, say in applications[].serviceTokens which accept it ([] for none).",
      },
    ]);
  });
});

describe("what is missing", () => {
  test("is told at once, as the commands that set it", () => {
    expect(() => parseConfig({ accountId: "", google: {}, applications: [] }, { stack: "prod" })).toThrow(
      `6 problems in the config of stack prod, nothing was created:
  accountId: not set
    → pulumi config set --stack prod accountId <32 hexadecimal digits>
  zone: not set
    → pulumi config set --stack prod zone <e.g. datacrew.space>
  teamName: not set
    → pulumi config set --stack prod teamName <the team of team.cloudflareaccess.com>
  google: not set
    → pulumi config set --stack prod --path google.clientId <OAuth client id>
      pulumi config set --stack prod --secret --path google.clientSecret
      or: pulumi config set --stack prod --path google.identityProviderId <UUID of a Google login that the account has>
  tunnel: not set
    → pulumi config set --stack prod --path tunnel.name <name of one to make and own>
      or: pulumi config set --stack prod --path tunnel.id <UUID of a shared tunnel>
  applications: not set
    → pulumi config set --stack prod --path 'applications[0].allow.emails[0]' <e-mail address>
  → Mend what is listed, then run the command again.`,
    );
  });

  test("a client without its secret, and the secret in plain text", () => {
    const remedy = "pulumi config set --stack dev --secret --path google.clientSecret";
    const path = "google.clientSecret";
    const { clientId } = valid().google;
    expect(problemsOf({ ...valid(), google: { clientId } })).toEqual([{ path, found: "not set", remedy }]);
    expect(problemsOf(valid(), { ...context, secretKeys: new Set() })).toEqual([
      { path, found: "a secret in plain text", remedy },
    ]);
  });
});

describe("unknown keys are refused with the nearest valid name", () => {
  test.each([
    [{ ...valid(), acountId: "x" }, "acountId", "Did you mean accountId?"],
    [
      application({ sesionDuration: "1h" }),
      "applications[0].sesionDuration",
      "Did you mean applications[0].sessionDuration?",
    ],
    [
      application({ allow: { email: [], emails: ["a@b.c"] } }),
      "applications[0].allow.email",
      "Did you mean applications[0].allow.emails?",
    ],
    [
      { ...valid(), google: { ...valid().google, secrt: 1 } },
      "google.secrt",
      "Remove it; the keys here are clientId, clientSecret, identityProviderId.",
    ],
    [
      { ...valid(), serviceTokens: [{ name: "comfyui-api", durration: "1h" }] },
      "serviceTokens[0].durration",
      "Did you mean serviceTokens[0].duration?",
    ],
  ])("%#", (raw, path, remedy) => {
    expect(problemsOf(raw)).toEqual([{ path, found: "unknown key", remedy }]);
  });
});

describe("a wrong value is named with its place", () => {
  const token = (overrides: Record<string, unknown>) => ({
    ...valid(),
    serviceTokens: [{ name: "comfyui-api", ...overrides }],
  });
  test.each<[string, Record<string, unknown>, string, string]>([
    ["account id", { ...valid(), accountId: "0123" }, "accountId", '"0123" does not fit'],
    [
      "zone",
      {
        ...valid(),
        zone: "https://datacrew.space",
        applications: [{ hostname: "a.datacrew.space", allow: { emails: ["a@b.c"] } }],
      },
      "zone",
      "is not a host name",
    ],
    [
      "team with its domain",
      { ...valid(), teamName: "datacrew.cloudflareaccess.com" },
      "teamName",
      "does not fit",
    ],
    [
      "other zone",
      application({ hostname: "a.example.org" }),
      "applications[0].hostname",
      '"a.example.org" is outside the zone datacrew.space',
    ],
    [
      "zone as a mere suffix",
      application({ hostname: "evildatacrew.space" }),
      "applications[0].hostname",
      "is outside the zone",
    ],
    [
      "port in host",
      application({ hostname: "a.datacrew.space:80" }),
      "applications[0].hostname",
      "is not a host name",
    ],
    [
      "wildcard",
      application({ hostname: "*.datacrew.space" }),
      "applications[0].hostname",
      "is not a host name",
    ],
    [
      "no @",
      application({ allow: { emails: ["artist"] } }),
      "applications[0].allow.emails[0]",
      '"artist" has no @, so it is no e-mail address',
    ],
    [
      "two @",
      application({ allow: { emails: ["a@b@c.d"] } }),
      "applications[0].allow.emails[0]",
      "is not an e-mail address",
    ],
    [
      "@ in domain",
      application({ allow: { emailDomains: ["@datacrew.space"] } }),
      "applications[0].allow.emailDomains[0]",
      "is not a mail domain",
    ],
    [
      "everybody's domain",
      application({ allow: { emailDomains: ["gmail.com"] } }),
      "applications[0].allow.emailDomains[0]",
      "anybody can get an address at gmail.com",
    ],
    [
      "nobody",
      application({ allow: {}, serviceTokens: [] }),
      "applications[0].allow",
      "nobody could reach this application",
    ],
    [
      "same address twice",
      application({ allow: { emails: ["a@b.c", "A@b.c"] } }),
      "applications[0].allow.emails[1]",
      "is already used by applications[0].allow.emails[0]",
    ],
    [
      "path in service",
      application({ service: "http://localhost:8188/" }),
      "applications[0].service",
      "has a path",
    ],
    [
      "no scheme in service",
      application({ service: "localhost:8188" }),
      "applications[0].service",
      "is not an address that cloudflared can proxy to",
    ],
    [
      "password in service",
      application({ service: "http://me:hunter2@localhost" }),
      "applications[0].service",
      "the URL holds a user name or password",
    ],
    [
      "status out of range",
      application({ service: "http_status:99" }),
      "applications[0].service",
      "is not an address",
    ],
    [
      "session",
      application({ sessionDuration: "1 day" }),
      "applications[0].sessionDuration",
      '"1 day" is not a duration',
    ],
    [
      "too long a session",
      application({ sessionDuration: "25h" }),
      "applications[0].sessionDuration",
      "25h is longer than the maximum of 24h",
    ],
    [
      "unknown token",
      application({ serviceTokens: ["comfyui-ap"] }),
      "applications[0].serviceTokens[0]",
      'there is no service token "comfyui-ap"',
    ],
    ["token name", token({ name: "API Token" }), "serviceTokens[0].name", "cannot be used as a name"],
    [
      "rotation without time",
      token({ version: 2 }),
      "serviceTokens[0].previousExpiresAt",
      "version 2 without the time",
    ],
    [
      "time without rotation",
      token({ previousExpiresAt: "2027-01-31T00:00:00Z" }),
      "serviceTokens[0].previousExpiresAt",
      "version 1 has no previous secret",
    ],
    [
      "time without zone",
      token({ version: 2, previousExpiresAt: "2027-01-31" }),
      "serviceTokens[0].previousExpiresAt",
      "does not fit",
    ],
    ["version zero", token({ version: 0 }), "serviceTokens[0].version", "a number that is too small"],
    [
      "both tunnels",
      { ...valid(), tunnel: { id: "11111111-1111-4111-8111-111111111111", name: "a" } },
      "tunnel",
      "both id and name",
    ],
    ["tunnel id", { ...valid(), tunnel: { id: "mine" } }, "tunnel.id", '"mine" does not fit'],
    [
      "both logins",
      {
        ...valid(),
        google: { ...valid().google, identityProviderId: "11111111-1111-4111-8111-111111111111" },
      },
      "google",
      "both an existing provider and a client of its own",
    ],
    [
      "store",
      { ...valid(), secretStore: { kind: "vault" } },
      "secretStore.kind",
      "not one of the known values",
    ],
    ["store without project", { ...valid(), secretStore: { kind: "gcp" } }, "secretStore.project", "not set"],
    [
      "public reader",
      { ...valid(), secretStore: { kind: "gcp", project: "datacrew-dev", readers: ["allUsers"] } },
      "secretStore.readers[0]",
      "allUsers would publish the credentials",
    ],
    [
      "list for text",
      {
        ...valid(),
        zone: ["datacrew.space"],
        applications: [{ hostname: "a.datacrew.space", allow: { emails: ["a@b.c"] } }],
      },
      "zone",
      "a value of the wrong kind",
    ],
    [
      "text for list",
      application({ allow: { emails: "a@b.c" } }),
      "applications[0].allow.emails",
      "a value of the wrong kind",
    ],
    [
      "no UUID of a project of Infisical",
      { ...valid(), infisical: { projectId: "comfyui", environment: "prod" } },
      "infisical.projectId",
      '"comfyui" does not fit',
    ],
    [
      "Infisical without encryption",
      {
        ...valid(),
        infisical: {
          siteUrl: "http://infisical.example.org",
          projectId: "5f0c1b7e-3a52-4d86-9c41-0d2e7a9b6c13",
          environment: "prod",
        },
      },
      "infisical.siteUrl",
      "does not fit",
    ],
    [
      "a folder that does not start at the root",
      {
        ...valid(),
        infisical: {
          projectId: "5f0c1b7e-3a52-4d86-9c41-0d2e7a9b6c13",
          environment: "prod",
          secretPath: "comfyui",
        },
      },
      "infisical.secretPath",
      '"comfyui" does not fit',
    ],
    ["nobody to alert", { ...valid(), alerts: { emails: [] } }, "alerts.emails", "an empty list"],
    [
      "a list that has a length and is none",
      { ...valid(), alerts: { emails: { length: { toString: null } } } },
      "alerts.emails",
      "a value of the wrong kind",
    ],
    [
      "test without subject",
      { ...valid(), accessTests: [{ deny: ["comfyui"] }] },
      "accessTests[0]",
      "0 subjects",
    ],
    [
      "test of an unknown application",
      { ...valid(), accessTests: [{ anyone: true, deny: ["comfy"] }] },
      "accessTests[0].deny[0]",
      'there is no application "comfy"',
    ],
    [
      "test of an unknown token",
      { ...valid(), accessTests: [{ token: "x", allow: ["comfyui"] }] },
      "accessTests[0].token",
      'there is no service token "x"',
    ],
  ])("%s", (_, raw, path, found) => {
    expect(problemsOf(raw)).toEqual([
      { path, found: expect.stringContaining(found), remedy: expect.stringMatching(/\S/) },
    ]);
  });

  test("duplicate names and host names", () => {
    const twin = {
      name: "a",
      hostname: "a.datacrew.space",
      allow: { emails: ["a@b.c"] },
      serviceTokens: ["comfyui-api"],
    };
    expect(problemsOf({ ...valid(), applications: [twin, twin] })).toMatchObject([
      { path: "applications[1].name", found: '"a" is already used by applications[0].name' },
      {
        path: "applications[1].hostname",
        found: '"a.datacrew.space" is already used by applications[0].hostname',
      },
    ]);
  });

  test("several mistakes, also in one list, come together", () => {
    const raw = {
      ...valid(),
      accountId: "nope",
      applications: [
        { hostname: "a.example.org", allow: { emails: ["artist"] }, nam: "x" },
        {
          name: "b",
          hostname: "a.example.org",
          sessionDuration: "900h",
          allow: { emails: ["a@b.c"] },
          serviceTokens: ["comfyui-api"],
        },
      ],
    };
    expect(
      problemsOf(raw)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      "accountId",
      "applications[0].allow.emails[0]",
      "applications[0].hostname",
      "applications[0].nam",
      // Outside the zone, and the same as the other's.
      "applications[1].hostname",
      "applications[1].hostname",
      "applications[1].sessionDuration",
    ]);
  });
});

test.each([
  "unix:/run/app.sock",
  "unix+tls:/run/app.sock",
  "http_status:503",
  "hello_world",
  "https://[::1]:8443",
  "ssh://host:22",
  "tcp://localhost:5432",
])("cloudflared's service %s is accepted", (service) => {
  expect(problemsOf(application({ service }))).toEqual([]);
});

test("the maximum session can be raised where the account allows it", () => {
  expect(problemsOf({ ...application({ sessionDuration: "1000h" }), maxSessionDuration: "2000h" })).toEqual(
    [],
  );
});

test("an access test may name circumstances, paths, and every application at once", () => {
  const accessTests = [
    {
      who: "artist@datacrew.space",
      with: { country: "NL" },
      allow: ["comfyui"],
      deny: ["comfyui/admin"],
    },
    { anyone: true, allow: [], deny: ["*"] },
  ];
  expect(parseConfig({ ...valid(), accessTests }, context).accessTests).toEqual(accessTests);
});

test("an application for API clients only needs no people", () => {
  expect(problemsOf(application({ allow: {}, serviceTokens: ["comfyui-api"] }))).toEqual([]);
});

test("no message repeats a secret, wherever it was put", () => {
  const places = [
    { ...valid(), google: { clientId: SECRET_VALUE, clientSecret: SECRET_VALUE } },
    {
      ...valid(),
      google: { clientId: "x.apps.googleusercontent.com", clientSecret: { nested: SECRET_VALUE } },
    },
    { ...valid(), google: SECRET_VALUE },
    { ...valid(), google: { ...valid().google, extra: SECRET_VALUE } },
    { ...valid(), clientSecret: SECRET_VALUE },
  ];
  for (const raw of places) {
    expect(problemsOf(raw)).not.toEqual([]);
    expect(JSON.stringify(problemsOf(raw))).not.toContain(SECRET_VALUE);
  }
});

test.each([
  [{ zone: "203.0.113.7" }, "zone"],
  [{ zone: "example.0x1f" }, "zone"],
  [{ zone: "example.-" }, "zone"],
  [{ serviceTokens: [{ name: "comfyui-api", version: 1e308 }] }, "serviceTokens[0].version"],
  [
    { serviceTokens: [{ name: "comfyui-api", version: 2, previousExpiresAt: "2027-02-30T00:00:00Z" }] },
    "serviceTokens[0].previousExpiresAt",
  ],
  [{ ...Object.fromEntries([["__proto__", { maxSessionDuration: "9000h" }]]) }, "__proto__"],
])("refused with a finding and a remedy: %j", (part, path) => {
  const found = problemsOf(Object.fromEntries([...Object.entries(valid()), ...Object.entries(part)]));
  expect(found[0]?.path).toBe(path);
  expect(found[0]?.remedy).not.toBe("");
});

test("a value that is encrypted is not repeated, even where it is no secret", () => {
  const secretKeys = new Set(["google", "zone"]);
  const [problem] = problemsOf({ ...valid(), zone: SECRET_VALUE }, { stack: "dev", secretKeys });
  expect(problem).toMatchObject({ path: "zone", found: "(encrypted, not shown) is not a host name" });
  const google = { identityProviderId: SECRET_VALUE };
  expect(JSON.stringify(problemsOf({ ...valid(), google }))).not.toContain(SECRET_VALUE);
});

test("whatever is put in, the outcome is a config or a ConfigError", () => {
  holds(
    fc.property(fc.dictionary(fc.constantFrom(...CONFIG_KEYS, "other"), fc.anything()), (raw) => {
      try {
        parseConfig(raw, context);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});

test("durations are Go's", () => {
  expect(parseDuration("1h30m")).toBe(5400);
  expect(parseDuration("1.5h")).toBe(5400);
  expect(parseDuration("300ms")).toBeCloseTo(0.3);
  // 2^63 - 1 nanoseconds are the last.
  expect(parseDuration("2562047h47m16s")).toBe(9_223_372_036);
  for (const wrong of ["", "24", "1d", "1h ", "-1h", "h", "2562047h47m17s", `${"9".repeat(400)}h`])
    expect(parseDuration(wrong)).toBeUndefined();
});

test.each([
  ["2027-01-31 00:00:00 +0000 UTC", "2027-01-31T00:00:00Z"],
  ["2027-01-31 09:30:00.25 +0100 CET", "2027-01-31T09:30:00.25+01:00"],
  ["2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z"],
])("a time that YAML took for its own kind is still that time: %s", (written, meant) => {
  const raw = { ...valid(), serviceTokens: [{ name: "api", version: 2, previousExpiresAt: written }] };
  expect(parseConfig(raw, context).serviceTokens[0]?.previousExpiresAt).toBe(meant);
});

describe("keys that are paths, as `pulumi new` writes them", () => {
  const { google, tunnel, applications, ...rest } = valid();
  const asked = () => ({
    ...rest,
    google: {},
    "google.clientId": google.clientId,
    "google.clientSecret": google.clientSecret,
    "tunnel.name": tunnel.name,
    "applications[0].allow.emails[0]": "artist@datacrew.space",
  });
  const secret = { stack: "dev", secretKeys: new Set(["google.clientSecret"]) };

  test("mean the same as the values that they lead into", () => {
    expect(parseConfig(asked(), secret)).toEqual(parseConfig(valid(), context));
  });

  test("go together with others in the same value, and leave what was given as it was", () => {
    const raw = { ...asked(), applications: [{ hostname: "draw.datacrew.space" }] };
    expect(parseConfig(raw, secret).applications[0]?.hostname).toBe("draw.datacrew.space");
    expect(raw.applications).toEqual([{ hostname: "draw.datacrew.space" }]);
  });

  test("are refused where the value itself says something too", () => {
    const raw = { ...asked(), applications };
    expect(problemsOf(raw, secret)).toEqual([
      {
        path: "applications[0].allow.emails[0]",
        found: "set twice: under this key, and inside the value that it leads into",
        remedy: "pulumi config rm --stack dev 'applications[0].allow.emails[0]'",
      },
    ]);
  });

  test("are refused in plain text for the secret, whatever else is encrypted", () => {
    expect(problemsOf(asked(), context).map(({ path, found }) => `${path}: ${found}`)).toEqual([
      "google.clientSecret: a secret in plain text",
    ]);
  });

  test("are named with their first part when it is misspelt", () => {
    const raw = { ...asked(), "tunel.name": "x" };
    expect(problemsOf(raw, secret)).toEqual([
      { path: "tunel", found: "unknown key", remedy: "Did you mean tunnel?" },
    ]);
  });
});

describe("loadConfig", () => {
  const set = (values: Record<string, unknown>, secretKeys: string[]) => {
    const text = Object.entries(values).map(([key, value]) => [
      key.includes(":") ? key : `comfyui-access:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    pulumi.runtime.setAllConfig(Object.fromEntries(text), secretKeys);
  };
  beforeEach(() =>
    pulumi.runtime.setMocks(
      { call: () => ({}), newResource: () => ({ id: "", state: {} }) },
      "comfyui-access",
      "dev",
    ),
  );

  test("decodes what the engine hands over and keeps the secret an encrypted output", async () => {
    set({ ...valid(), protectTokens: false, "cloudflare:apiToken": "t" }, [
      "comfyui-access:google",
      "cloudflare:apiToken",
    ]);
    const config = loadConfig();
    expect(config.protectTokens).toBe(false);
    expect(config.tunnel).toEqual({ name: "comfyui-dev" });
    const { clientSecret } = config.google;
    if (!clientSecret) throw new Error("the client has a secret");
    expect(await pulumi.isSecret(clientSecret)).toBe(true);
    expect(await knownValue(clientSecret)).toBe(SECRET_VALUE);
  });

  test("takes the secret from a key of its own", async () => {
    const { google, ...rest } = valid();
    set({ ...rest, "google.clientId": google.clientId, "google.clientSecret": SECRET_VALUE }, [
      "comfyui-access:google.clientSecret",
    ]);
    const { clientSecret } = loadConfig().google;
    if (!clientSecret) throw new Error("the client has a secret");
    expect(await pulumi.isSecret(clientSecret)).toBe(true);
    expect(await knownValue(clientSecret)).toBe(SECRET_VALUE);
  });

  test("refuses a secret that is not encrypted", () => {
    set(valid(), []);
    expect(() => loadConfig()).toThrow("google.clientSecret: a secret in plain text");
  });
});
