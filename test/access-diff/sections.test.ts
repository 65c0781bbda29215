import { describe, expect, test } from "vitest";
import { comparePreview } from "../../packages/cli/access-diff/preview";
import { other, type Planned, planText, reviewed, UNKNOWN, usual, with_ } from "./plans";

const HOST = "comfyui.datacrew.space";
const GOOGLE = "11111111-1111-4111-8111-111111111111";
const TUNNEL_CONFIG = "ZeroTrustTunnelCloudflaredConfig";

interface Rule {
  hostname?: string;
  path?: string;
  service: string;
  originRequest?: Record<string, unknown>;
}

/** The usual stack with other rules of its tunnel. */
const withRules = (change: (rules: Rule[]) => Rule[]): Planned[] =>
  with_(TUNNEL_CONFIG, (outputs) => {
    const { config } = outputs as { config: { ingresses: Rule[] } };
    return { config: { ...config, ingresses: change(config.ingresses) } };
  });

/** The usual stack with other options of the rule of its application. */
const withOptions = (options: Record<string, unknown>): Planned[] =>
  withRules(([first = { service: "" }, ...rest]) => [
    { ...first, originRequest: { ...first.originRequest, ...options } },
    ...rest,
  ]);

const CLEAN = { verdict: "no change", verdicts: {}, lines: [], needs: { widening: false, notJudged: false } };

test("a plan that changes nothing is the same in each section, and needs no label", () => {
  expect(reviewed(usual(), usual())).toMatchObject(CLEAN);
});

test("a policy whose own session is taken away gets the provider's; one that never named it keeps what it has", () => {
  const policies = (session: object, inputs: object): Planned[] =>
    with_("ZeroTrustAccessApplication", () => ({ sessionDuration: "8h" })).map((each) => {
      if (!each.type.endsWith(":ZeroTrustAccessPolicy")) return each;
      return { ...each, outputs: { ...each.outputs, ...session }, inputs: { ...each.outputs, ...inputs } };
    });
  const own = policies({ sessionDuration: "8h" }, { sessionDuration: "8h" });
  const { verdicts, lines } = reviewed(own, policies({}, {}));
  expect(verdicts).toEqual({ access: "wider" });
  expect(lines.join("\n")).toContain("24h instead of 8h");
  const kept = policies({ sessionDuration: "24h" }, {});
  expect(reviewed(kept, kept)).toMatchObject(CLEAN);
});

describe("traffic", () => {
  const TOKEN_OF = { tunnelId: "another" };
  const moves: [what: string, after: Planned[], named: string][] = [
    [
      "another port",
      withRules((rules) => rules.map((each) => ({ ...each, service: each.service.replace("8188", "9") }))),
      "leads to http://localhost:9 instead of http://localhost:8188",
    ],
    [
      "another host",
      withRules((rules) =>
        rules.map((each) => ({
          ...each,
          service: each.service.replace(/localhost:8188/, "169.254.169.254"),
        })),
      ),
      "http://169.254.169.254",
    ],
    [
      "a path rule ahead",
      withRules((rules) => [{ hostname: HOST, path: "^/api", service: "http://localhost:9" }, ...rules]),
      "(paths like ^/api) leads to http://localhost:9 instead of http://localhost:8188",
    ],
    [
      "the tunnel's end",
      withRules((rules) => [...rules.slice(0, -1), { service: "http://localhost:9" }]),
      "every other host name of the tunnel leads to http://localhost:9",
    ],
    [
      "another server name",
      withOptions({ originServerName: "elsewhere.example" }),
      "originServerName: elsewhere.example",
    ],
    [
      "another Host header",
      withOptions({ httpHostHeader: "elsewhere.example" }),
      "httpHostHeader: elsewhere.example",
    ],
    ["no check of the certificate", withOptions({ noTlsVerify: true }), "noTLSVerify: true"],
    ["another authority", withOptions({ caPool: "/tmp/ca.pem" }), "caPool: /tmp/ca.pem"],
    ["a proxy", withOptions({ proxyType: "socks" }), "proxyType: socks"],
    [
      "a DNS record to another tunnel",
      with_("DnsRecord", () => ({ content: "other.cfargotunnel.com" }), HOST),
      `${HOST} leads to other.cfargotunnel.com instead of the stack's tunnel`,
    ],
    [
      "a DNS record to what only the update tells",
      with_("DnsRecord", () => ({ content: UNKNOWN }), HOST),
      `${HOST} leads to what only the update tells instead of the stack's tunnel`,
    ],
    [
      "a tunnel made anew",
      with_("DnsRecord", () => ({ content: UNKNOWN })).map((each) =>
        each.type.endsWith(`:${TUNNEL_CONFIG}`)
          ? { ...each, outputs: { ...each.outputs, tunnelId: UNKNOWN } }
          : each,
      ),
      "lead through another tunnel, one that the update makes",
    ],
    ["another tunnel", with_(TUNNEL_CONFIG, () => TOKEN_OF), "lead through another tunnel, another"],
  ];

  test.each(moves)("%s moves, and needs the label", (_, after, named) => {
    const { verdicts, lines, needs } = reviewed(usual(), after);
    expect(verdicts).toMatchObject({ traffic: "moves" });
    expect(lines.filter((line) => line.startsWith("traffic: ")).join("\n")).toContain(named);
    expect(needs.widening).toBe(true);
    expect(reviewed(after, after)).toMatchObject(CLEAN);
  });

  test("the service of a host name that nobody had is told, with its options", () => {
    const rule = {
      hostname: "new.datacrew.space",
      service: "https://localhost:1",
      originRequest: { noTlsVerify: true },
    };
    const { verdicts, lines } = reviewed(
      usual(),
      withRules((rules) => [rule, ...rules]),
    );
    expect(verdicts).toMatchObject({ traffic: "told" });
    expect(lines).toContain(
      "traffic: new.datacrew.space leads to https://localhost:1, with noTLSVerify: true",
    );
  });

  test("how the connector connects is no move", () => {
    expect(reviewed(usual(), withOptions({ connectTimeout: 5, http2Origin: true }))).toMatchObject(CLEAN);
  });

  test("another value is another change", () => {
    const hashes = ["a.example", "b.example"].map(
      (name) => reviewed(usual(), withOptions({ originServerName: name })).hash,
    );
    expect(new Set(hashes).size).toBe(2);
  });
});

describe("secrets", () => {
  const reader = (member: unknown, more: object = {}) =>
    other("gcp:secretmanager/secretIamMember:SecretIamMember", `reader-${String(member)}`, {
      member,
      role: "roles/secretmanager.secretAccessor",
      secretId: "comfyui-access-prod-comfyui-api",
      project: "datacrew-prod",
      ...more,
    });
  const secret = (project: string) =>
    other("gcp:secretmanager/secret:Secret", "api", { project, secretId: "api", replication: { auto: {} } });
  const provider = (inputs: object) => other("pulumi:providers:cloudflare", "second", inputs);
  const tunnel = (tunnelSecret: string) =>
    other("cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared", "own", {
      name: "comfyui",
      configSrc: "cloudflare",
      tunnelSecret,
    });

  const wider: [what: string, before: Planned[], after: Planned[], named: string][] = [
    [
      "a reader",
      [],
      [reader("user:eve@example.org")],
      "user:eve@example.org gets roles/secretmanager.secretAccessor",
    ],
    [
      "a reader's further secret",
      [reader("user:a@example.org")],
      [
        reader("user:a@example.org"),
        { ...reader("user:a@example.org", { secretId: "google" }), urn: "urn:2", id: "2" },
      ],
      "on google in project",
    ],
    [
      "a reader's further role",
      [reader("user:a@example.org")],
      [reader("user:a@example.org", { role: "roles/owner" })],
      "roles/owner",
    ],
    [
      "a project that keeps them",
      [secret("datacrew-prod")],
      [secret("elsewhere")],
      "Google Secret Manager in project elsewhere",
    ],
    [
      "a secret of somebody else's project that gets a value",
      [secret("datacrew-prod")],
      [
        secret("datacrew-prod"),
        other("gcp:secretmanager/secretVersion:SecretVersion", "v", {
          secret: "projects/elsewhere/secrets/x",
          secretData: "[secret]",
        }),
      ],
      "Google Secret Manager in project elsewhere",
    ],
    [
      "a second provider with another address",
      [],
      [provider({ baseUrl: "https://elsewhere.example" })],
      "https://elsewhere.example (cloudflare:baseUrl)",
    ],
    ["a tunnel's secret", [tunnel("[secret]")], [tunnel("known")], "tunnel comfyui gets another secret"],
  ];
  test.each(wider)("%s widens, and needs the label", (_, before, after, named) => {
    const { verdicts, lines, needs } = reviewed([...usual(), ...before], [...usual(), ...after]);
    expect(verdicts).toEqual({ secrets: "wider" });
    expect(lines.join("\n")).toContain(named);
    expect(needs).toEqual({ widening: true, notJudged: false });
  });

  test("a reader less narrows; one whose name cannot be read yet is not decided", () => {
    const one = [...usual(), reader("user:eve@example.org")];
    expect(reviewed(one, usual()).verdicts).toEqual({ secrets: "narrower" });
    const unread = reviewed(usual(), [...usual(), reader(UNKNOWN)]);
    expect(unread.verdicts).toEqual({ secrets: "undecided", notJudged: "undecided" });
    expect(unread.needs).toEqual({ widening: false, notJudged: true });
  });
});

describe("credentials", () => {
  const SERVICE_TOKEN = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
  const token = (outputs: object, inputs?: object) => ({
    ...other(SERVICE_TOKEN, "ci", { name: "ci", duration: "24h", ...outputs }),
    ...(inputs === undefined ? {} : { inputs: { name: "ci", duration: "24h", ...inputs } }),
  });
  const alarm = (emails: string[], more: object = {}) =>
    other("cloudflare:index/notificationPolicy:NotificationPolicy", "expiry", {
      name: "token-expiry",
      alertType: "expiring_service_token_alert",
      enabled: true,
      mechanisms: { emails: emails.map((id) => ({ id })) },
      ...more,
    });
  const until = "2031-01-01T00:00:00Z";

  const wider: [what: string, before: Planned[], after: Planned[], named: string][] = [
    [
      "a token that is valid for longer",
      [token({})],
      [token({ duration: "48h" })],
      "valid for 48h instead of 24h",
    ],
    ["a token without an end", [token({})], [token({ duration: "forever" })], "valid for forever"],
    ["a new one without an end", [], [token({ duration: "forever" })], "is created, and never ends"],
    [
      "the secret before, for longer",
      [token({ clientSecretVersion: 2, previousClientSecretExpiresAt: "2030-01-01T00:00:00Z" })],
      [token({ clientSecretVersion: 2, previousClientSecretExpiresAt: until })],
      `accepted until ${until} instead of 2030`,
    ],
    [
      "an alarm gone",
      [alarm(["ops@example.org"])],
      [],
      "ops@example.org is no longer told before a service token ends",
    ],
    [
      "an alarm off",
      [alarm(["ops@example.org"])],
      [alarm(["ops@example.org"], { enabled: false })],
      "no longer told",
    ],
    [
      "one receiver less",
      [alarm(["a@example.org", "b@example.org"])],
      [alarm(["a@example.org"])],
      "b@example.org is no longer told",
    ],
    [
      "an alarm for some tokens alone",
      [alarm(["a@example.org"])],
      [alarm(["a@example.org"], { filters: { tokenIds: ["x"] } })],
      "a@example.org is no longer told",
    ],
  ];
  test.each(wider)("%s widens, and needs the label", (_, before, after, named) => {
    const { verdicts, lines, needs } = reviewed([...usual(), ...before], [...usual(), ...after]);
    expect(verdicts).toEqual({ credentials: "wider" });
    expect(lines.join("\n")).toContain(named);
    expect(needs).toEqual({ widening: true, notJudged: false });
  });

  test("a new token, and an alarm more, are told", () => {
    expect(reviewed(usual(), [...usual(), token({})]).verdicts).toEqual({ credentials: "told" });
    expect(reviewed(usual(), [...usual(), alarm(["a@example.org"])]).verdicts).toEqual({
      credentials: "told",
    });
  });

  test("when the secret before ends that only the update tells is not decided, unless the API says it by itself", () => {
    const field = "previousClientSecretExpiresAt";
    const before = [...usual(), token({})];
    const hidden = reviewed(before, [...usual(), token({ [field]: UNKNOWN })]);
    expect(hidden.verdicts).toMatchObject({ credentials: "undecided", notJudged: "undecided" });
    expect(hidden.lines.join("\n")).toContain(
      `${field} of ZeroTrustAccessServiceToken ci cannot be read yet`,
    );
    const own = reviewed([...usual(), token({}, {})], [...usual(), token({ [field]: UNKNOWN }, {})]);
    expect(own).toMatchObject(CLEAN);
  });
});

describe("not judged", () => {
  const changed = (resource: Planned): Planned => ({
    ...resource,
    outputs: Object.fromEntries(Object.keys(resource.outputs).map((name) => [name, "another"])),
  });
  const kinds: [what: string, resource: Planned, named: string][] = [
    ...(
      [
        [
          "a tunnel route",
          "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute",
          { network: "10.0.0.0/8" },
        ],
        [
          "a ruleset",
          "cloudflare:index/ruleset:Ruleset",
          { phase: "http_request_firewall_custom", rules: [{ action: "skip" }] },
        ],
        [
          "a worker's route",
          "cloudflare:index/workersRoute:WorkersRoute",
          { pattern: `${HOST}/*`, script: "x" },
        ],
        [
          "organization settings",
          "cloudflare:index/zeroTrustOrganization:ZeroTrustOrganization",
          { sessionDuration: "720h" },
        ],
        ["an API token", "cloudflare:index/apiToken:ApiToken", { policies: [{ effect: "allow" }] }],
        [
          "an Access group",
          "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup",
          { includes: [{ everyone: {} }] },
        ],
        ["another package's resource", "aws:s3/bucket:Bucket", { bucket: "x" }],
        ["a command", "command:local:Command", { create: "curl" }],
        ["a dynamic resource", "pulumi-nodejs:dynamic:Resource", { __provider: "code" }],
        ["a reference to another stack", "pulumi:pulumi:StackReference", { name: "x" }],
        [
          "a binding of a secret",
          "gcp:secretmanager/secretIamBinding:SecretIamBinding",
          { members: ["allUsers"] },
        ],
        ["a provider of another package", "pulumi:providers:aws", { region: "x" }],
      ] as const
    ).map(([what, type, outputs]): [string, Planned, string] => [
      what,
      other(type, "x", outputs),
      type.replace("pulumi:providers:", ""),
    ]),
    [
      "a provider from elsewhere",
      other("pulumi:providers:cloudflare", "x", { pluginDownloadURL: "https://elsewhere.example" }),
      "pluginDownloadURL",
    ],
    [
      "a provider's other path",
      other("pulumi:providers:cloudflare", "x", { apiBasePath: "/x" }),
      "apiBasePath",
    ],
    [
      "a provider's other identity",
      other("pulumi:providers:gcp", "x", { impersonateServiceAccount: "x" }),
      "impersonateServiceAccount",
    ],
  ];
  test.each(kinds)("%s is named, and needs the label of its own", (_, resource, named) => {
    const after = [...usual(), resource];
    for (const [then, now] of [
      [usual(), after],
      [after, usual()],
      [after, [...usual(), changed(resource)]],
    ] as const) {
      const { verdict, verdicts, lines, needs } = reviewed(then, now);
      expect(verdict).toBe("not decided");
      // It may do anything, so that no section is green.
      const open = "undecided";
      expect(verdicts).toEqual({
        access: open,
        traffic: open,
        secrets: open,
        credentials: open,
        notJudged: open,
      });
      expect(lines.join("\n")).toContain(named);
      expect(needs).toEqual({ widening: false, notJudged: true });
    }
    expect(reviewed(after, after)).toMatchObject(CLEAN);
  });

  test.each<[what: string, after: Planned[], named: string, bears: string[]]>([
    [
      "a field that nobody classified",
      with_("ZeroTrustAccessApplication", () => ({ brandNew: "on" })),
      "brandNew",
      ["access", "traffic", "secrets", "credentials"],
    ],
    [
      "WARP",
      with_("ZeroTrustAccessApplication", () => ({ allowAuthenticateViaWarp: true })),
      "allowAuthenticateViaWarp",
      ["access"],
    ],
    [
      "header tokens",
      with_("ZeroTrustAccessApplication", () => ({ readServiceTokensFromHeader: "Authorization" })),
      "readServiceTokensFromHeader",
      ["access", "credentials"],
    ],
    [
      "a cookie",
      with_("ZeroTrustAccessApplication", () => ({ sameSiteCookieAttribute: "none" })),
      "sameSiteCookieAttribute",
      ["access", "credentials"],
    ],
    [
      "CORS",
      with_("ZeroTrustAccessApplication", () => ({ corsHeaders: { allowAllHeaders: true } })),
      "allowAllHeaders",
      ["access", "credentials"],
    ],
    [
      "a destination by its address",
      with_("ZeroTrustAccessApplication", () => ({
        destinations: [
          { type: "public", uri: HOST },
          { type: "private", cidr: "10.0.0.0/8" },
        ],
      })),
      "cidr",
      ["access"],
    ],
    [
      "a type of rule",
      with_("ZeroTrustAccessPolicy", () => ({ includes: [{ brandNewRule: { id: "x" } }] }), "people"),
      "brand_new_rule",
      ["access"],
    ],
    [
      "the options of a whole tunnel",
      with_(TUNNEL_CONFIG, (outputs) => ({
        config: { ...(outputs as { config: object }).config, originRequest: { noTlsVerify: true } },
      })),
      "config.originRequest",
      ["access", "traffic"],
    ],
  ])("%s is named, and so are the sections on which it bears", (_, after, named, bears) => {
    const { verdict, verdicts, lines, needs } = reviewed(usual(), after);
    expect(verdict).toBe("not decided");
    for (const section of bears)
      expect(verdicts[section]).not.toBeOneOf(["same", "told", "narrower", undefined]);
    expect(lines.filter((line) => line.startsWith("notJudged: ")).join("\n")).toContain(named);
    expect(needs.notJudged).toBe(true);
  });

  test("a provider that the engine names by another release is no change, nor is what the engine keeps of it", () => {
    const provider = (name: string, more: object = {}) =>
      other("pulumi:providers:gcp", name, { project: "datacrew-prod", ...more });
    const internal = { version: "9.1.0", __internal: { pluginChecksums: { "linux-amd64": "x" } } };
    const after = [...usual(), provider("default_9_1_0", internal)];
    expect(reviewed([...usual(), provider("default_9_0_0", { version: "9.0.0" })], after)).toMatchObject(
      CLEAN,
    );
    const elsewhere = { __internal: { pluginDownloadURL: "https://elsewhere.example" } };
    const { lines } = reviewed(after, [...usual(), provider("default_9_1_0", elsewhere)]);
    expect(lines).toContain(
      "notJudged: not judged: pluginDownloadURL of a provider of package gcp; bears on everything",
    );
  });

  test("who agrees to one ruleset does not agree to another", () => {
    const ruleset = (action: string) =>
      other("cloudflare:index/ruleset:Ruleset", "x", { rules: [{ action }] });
    const hashes = ["skip", "block"].map((action) => reviewed(usual(), [...usual(), ruleset(action)]).hash);
    expect(new Set(hashes).size).toBe(2);
    // What the update makes of it by itself is no other change.
    const made = { ...ruleset("skip"), inputs: ruleset("skip").outputs };
    const live = { ...made, outputs: { ...made.outputs, lastUpdated: UNKNOWN } };
    expect(reviewed(usual(), [...usual(), live]).hash).toBe(hashes[0]);
  });

  test("what is not judged and stays is no change, though something else changes", () => {
    const ruleset = other("cloudflare:index/ruleset:Ruleset", "x", { rules: [] });
    const text = planText(
      [...usual(), ruleset],
      [...withOptions({ originServerName: "x.example" }), ruleset],
    );
    expect(comparePreview(text, "the preview").undecided).toEqual([]);
  });

  test("a resource by another provider is not judged; one by another release of its package is", () => {
    const by = (name: string, all = usual()) =>
      all.map((each) =>
        each.type.endsWith(":DnsRecord") || each.urn.endsWith("::new")
          ? { ...each, provider: `urn:pulumi:t::t::pulumi:providers:cloudflare::${name}::1` }
          : each,
      );
    const { lines, needs } = reviewed(by("default_6_21_0"), by("mirror"));
    expect(lines.join("\n")).toContain("by provider mirror of package cloudflare");
    expect(needs.notJudged).toBe(true);
    expect(reviewed(by("default_6_21_0"), by("default_6_22_1"))).toMatchObject(CLEAN);
    const record = { name: "new", type: "TXT", content: "x" };
    const more = [...usual(), other("cloudflare:index/dnsRecord:DnsRecord", "new", record)];
    expect(reviewed(by("mirror"), by("mirror", more))).toMatchObject(CLEAN);
    const first = more.map((each) => ({
      ...each,
      ...by("mirror", more).find(({ urn }) => urn === each.urn),
    }));
    expect(reviewed(by("default"), [...by("default"), ...first.slice(-1)]).needs.notJudged).toBe(true);
  });

  test("settings of a login that are one secret are not decided where they change, and are nothing where they stay", () => {
    const login = (config: unknown) => with_("ZeroTrustAccessIdentityProvider", () => ({ config }), GOOGLE);
    const shown = login({ clientId: "x", clientSecret: "[secret]" });
    const { verdicts, lines } = reviewed(shown, login("[secret]"));
    expect(verdicts).toMatchObject({ access: "undecided", credentials: "undecided", notJudged: "undecided" });
    expect(lines.join("\n")).toContain("emailClaimName");
    expect(reviewed(login("[secret]"), login("[secret]"))).toMatchObject(CLEAN);
    expect(
      reviewed(shown, login({ clientId: "x", clientSecret: "[secret]", redirectUrl: "y" })),
    ).toMatchObject(CLEAN);
  });
});
