import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_SEED } from "../../packages/sandbox/account/seed";
import { EngineRig, type Settings } from "./support";

const zone = "/zones/fedcba9876543210fedcba9876543210";
const clientSecret = "sandbox-google-client-secret";

interface Application {
  name: string;
  hostname: string;
  allow: { emails?: string[] };
  sessionDuration?: string;
  serviceTokens?: string[];
}

/** The token of `up` without what it needs for one kind of object. */
const limited = {
  name: "no-service-tokens",
  value: "sandbox-limited-000000000000000000000000",
  permissions: (DEFAULT_SEED.tokens.find(({ name }) => name === "up")?.permissions ?? []).filter(
    (permission) => !permission.startsWith("Access: Service Tokens"),
  ),
};

let rig: EngineRig;

beforeAll(async () => {
  rig = await EngineRig.open({ seed: { ...DEFAULT_SEED, tokens: [...DEFAULT_SEED.tokens, limited] } });
});

afterAll(() => rig?.close());

function first(settings: Settings): Application {
  const [application] = settings.applications as Application[];
  if (!application) throw new Error("the dev stack has no application");
  return application;
}

/** Runs `up` and gives what it said; fails when anything was written. */
async function refused(edit: (settings: Settings) => void, env?: NodeJS.ProcessEnv): Promise<string> {
  await rig.config(edit);
  const written = (await rig.writes()).length;
  const result = await rig.up({ env });
  const text = result.stdout + result.stderr;
  expect(result.code, text).not.toBe(0);
  expect(text).not.toContain(clientSecret);
  // The program's own stack trace would hide what to do.
  expect(text).not.toMatch(/^\s+at .*\.ts:\d+/m);
  expect((await rig.writes()).slice(written)).toEqual([]);
  return text;
}

describe("one clear error, before anything is created", () => {
  const cases: [string, (settings: Settings) => void, RegExp[]][] = [
    [
      "a malformed account id",
      (settings) => {
        settings.accountId = "abc";
      },
      [/accountId/, /32/],
    ],
    [
      "the id of another account",
      (settings) => {
        settings.accountId = "f".repeat(32);
      },
      [/account/i, /f{32}|accountId/],
    ],
    [
      "a hostname outside the zone",
      (settings) => {
        first(settings).hostname = "comfyui.example.net";
      },
      [/comfyui\.example\.net/, /datacrew\.space/],
    ],
    [
      "a zone that the account does not have",
      (settings) => {
        settings.zone = "nowhere.example";
        first(settings).hostname = "comfyui.nowhere.example";
      },
      [/nowhere\.example/, /zone/],
    ],
    [
      "an e-mail without @",
      (settings) => {
        first(settings).allow.emails = ["artist.datacrew.space"];
      },
      [/artist\.datacrew\.space/, /emails\[0\]/],
    ],
    [
      "an unknown key, with the nearest valid name",
      (settings) => {
        settings.acountId = settings.accountId;
      },
      [/acountId/, /accountId/],
    ],
    [
      "a duplicate application and hostname",
      (settings) => {
        (settings.applications as Application[]).push({ ...first(settings) });
      },
      [/applications\[1\]/, /comfyui/],
    ],
    [
      "a session longer than the stack's maximum",
      (settings) => {
        first(settings).sessionDuration = "999h";
      },
      [/999h/, /24h/],
    ],
    [
      "a missing secret, with the command that sets it",
      (settings) => {
        settings.google = { clientId: "sandbox.apps.googleusercontent.com" };
      },
      [/pulumi config set --stack dev --secret --path google\.clientSecret/],
    ],
    [
      "an application that nobody may use",
      (settings) => {
        first(settings).allow = { emails: [] };
        first(settings).serviceTokens = [];
        settings.serviceTokens = [];
      },
      [/applications\[0\]/, /allow/],
    ],
    [
      "a tunnel that does not exist",
      (settings) => {
        settings.tunnel = { id: "00000000-0000-4000-8000-000000000000" };
      },
      [/00000000-0000-4000-8000-000000000000/],
    ],
    [
      "a team name that is not the account's",
      (settings) => {
        settings.teamName = "datacrw";
      },
      [/datacrw/, /datacrew/],
    ],
  ];
  test.each(cases)("%s", async (_, edit, expected) => {
    const text = await refused(edit);
    for (const pattern of expected) expect(text).toMatch(pattern);
  });

  test("an API token that is not valid", async () => {
    const token = "not-a-token-000000000000000000000000000";
    const text = await refused(() => {}, { CLOUDFLARE_API_TOKEN: token });
    expect(text).toMatch(/API token/i);
    expect(text).not.toContain(token);
  });

  test("no API token at all", async () => {
    expect(await refused(() => {}, { CLOUDFLARE_API_TOKEN: "" })).toMatch(/CLOUDFLARE_API_TOKEN/);
  });

  test("an API token without a scope, named", async () => {
    const text = await refused(() => {}, { CLOUDFLARE_API_TOKEN: limited.value });
    expect(text).toMatch(/Access: Service Tokens/);
    expect(text).not.toContain(limited.value);
  });

  test("a DNS name that somebody else has", async () => {
    const record = await rig.api<{ id: string }>("POST", `${zone}/dns_records`, {
      name: "comfyui.datacrew.space",
      type: "A",
      content: "192.0.2.1",
      proxied: true,
      ttl: 1,
    });
    const text = await refused(() => {});
    expect(text).toMatch(/comfyui\.datacrew\.space/);
    expect(text).toMatch(/192\.0\.2\.1|DNS/);
    await rig.api("DELETE", `${zone}/dns_records/${record.id}`);
  });
});

test("after all of these the stack still comes up", async () => {
  await rig.config();
  const result = await rig.up();
  expect(result.code, result.stdout + result.stderr).toBe(0);
});
