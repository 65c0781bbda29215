import { describe, expect, test } from "vitest";
import type { Change } from "../../packages/cli/drift/types";
import { checkUnseen } from "../../packages/cli/drift/unseen";
import type { Probes, UnseenContext } from "../../packages/cli/drift/unseen/context";
import type { GoogleAnswer } from "../../packages/cli/google/judge-client";
import type { StackResource } from "../../packages/cli/stack/read-stack";
import { ApiFailure } from "../../packages/cloudflare/api-failure";
import { TYPES } from "../../packages/cloudflare/kinds";

const SINCE = "2030-01-01T00:00:00Z";

function resource(type: string, name: string, inputs: object = {}): StackResource {
  return { urn: `urn::${name}`, type, name, id: `id-${name}`, inputs: { name, ...inputs }, outputs: {} };
}

const resources = [
  resource(TYPES.token, "api"),
  resource(TYPES.identityProvider, "google"),
  resource(TYPES.policy, "tokens", {
    decision: "non_identity",
    includes: [{ serviceToken: { tokenId: "id-api" } }],
  }),
  resource(TYPES.application, "comfyui", { policies: [{ id: "id-tokens", precedence: 1 }] }),
];

/** A stack of one application, whose objects were all written when the state was. */
function context(change: { changes?: Change[]; written?: string; expires?: string } = {}): UnseenContext {
  const { changes = [], written = SINCE, expires = "2031-01-01T00:00:00Z" } = change;
  return {
    account: {
      objects: new Map([
        ["urn::api", { updated_at: SINCE, expires_at: expires }],
        ["urn::google", { updated_at: written }],
      ]),
      successors: new Map(),
      failures: [],
    },
    resources,
    settings: { config: { google: { clientId: "client", clientSecret: "secret" } } } as never,
    outputs: {
      applications: { comfyui: { url: "https://comfyui.example.org" } },
      serviceTokens: { api: { clientId: "id.access", clientSecret: "secret", expiresAt: null } },
    },
    changes,
    since: SINCE,
    authDomain: "team.cloudflareaccess.com",
    now: new Date("2030-06-01"),
  };
}

const unknown: GoogleAnswer = { verdict: "unknown", detail: "not asked" };

function probes(change: Partial<Probes> = {}): Probes {
  return {
    token: async () => ({ verdict: "passes", detail: "HTTP 200" }),
    google: async () => ({ client: unknown, secret: unknown, redirectUri: unknown }),
    connectorToken: async () => {
      throw new ApiFailure({ action: "read", object: "it", status: 403, kind: "permission" });
    },
    ...change,
  };
}

const about = (subject: Change["subject"], field: string, id = ""): Change => ({
  subject,
  name: "",
  id,
  what: "changed",
  field,
});

describe("the secret of a service token", () => {
  const refusing = probes({ token: async () => ({ verdict: "refused", detail: "HTTP 403 by Access" }) });
  const silent = probes({ token: async () => ({ verdict: "unreachable", detail: "ENOTFOUND" }) });
  const row = (rows: { what: string }[]) => rows.find(({ what }) => what === "secret of service token api");

  test("that passes is as expected", async () => {
    const { unseen, changes, failures } = await checkUnseen(context(), probes());
    expect(row(unseen)).toMatchObject({ result: "as expected", detail: "passes, HTTP 200" });
    expect([changes, failures]).toEqual([[], []]);
  });

  test("that is refused for no reason that is known was rotated by somebody, who gains", async () => {
    const { unseen, changes } = await checkUnseen(context(), refusing);
    expect(row(unseen)).toMatchObject({ result: "not as expected" });
    expect(changes).toEqual([
      expect.objectContaining({
        field: "client_secret",
        opens: expect.stringContaining("whoever rotated it"),
      }),
    ]);
  });

  test.each<[string, Parameters<typeof context>[0]]>([
    ["a policy that was changed", { changes: [about("policy", "include")] }],
    ["a token that was switched off", { changes: [about("service token", "enabled", "id-api")] }],
    ["a token that has ended", { expires: "2030-03-01T00:00:00Z" }],
  ])("that is refused because of %s is no finding of its own", async (_, change) => {
    const { unseen, changes } = await checkUnseen(context(change), refusing);
    expect(row(unseen)).toMatchObject({ result: "not as expected" });
    expect(changes).toEqual([]);
  });

  test.each([
    ["the name of the application", about("application", "name")],
    ["another token", about("service token", "enabled", "id-other")],
  ])("is not refused because of %s", async (_, change) => {
    const { changes } = await checkUnseen(context({ changes: [change] }), refusing);
    expect(changes).toHaveLength(1);
  });

  test("at a host name that does not answer could not be checked, unless a change explains it", async () => {
    expect((await checkUnseen(context(), silent)).failures).toEqual([
      { what: "secret of service token api", why: "https://comfyui.example.org does not answer: ENOTFOUND" },
    ]);
    const gone: Change = { subject: "DNS record", name: "", id: "", what: "deleted" };
    expect((await checkUnseen(context({ changes: [gone] }), silent)).failures).toEqual([]);
  });
});

describe("the secret of the login", () => {
  const answering = (secret: GoogleAnswer) =>
    probes({ google: async () => ({ client: unknown, secret, redirectUri: unknown }) });
  const right: GoogleAnswer = { verdict: "right", detail: "accepted" };

  test.each<[string, Parameters<typeof context>[0], Probes, string]>([
    ["as expected when nobody wrote the login since", {}, answering(right), "as expected"],
    [
      "open when somebody did, whatever Google says of the config's",
      { written: "2030-02-01T00:00:00Z" },
      answering(right),
      "open",
    ],
  ])("is %s", async (_, change, probe, expected) => {
    const { unseen, changes } = await checkUnseen(context(change), probe);
    expect(unseen.find(({ what }) => what.startsWith("client secret"))).toMatchObject({ result: expected });
    expect(changes).toEqual([]);
  });

  test("is a finding when Google refuses the config's", async () => {
    const wrong = answering({ verdict: "wrong", detail: "invalid_client" });
    const { unseen, changes } = await checkUnseen(context(), wrong);
    expect(unseen.find(({ what }) => what.startsWith("client secret"))).toMatchObject({
      result: "not as expected",
    });
    expect(changes).toEqual([
      expect.objectContaining({ subject: "identity provider", field: "config.client_secret" }),
    ]);
  });
});
