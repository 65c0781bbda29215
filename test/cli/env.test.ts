import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EnvOptions, runEnv } from "../../packages/cli/commands/env";
import { failureOf } from "../../packages/cli/commands/failure";
import { openSink } from "../../packages/cli/secrets/open-sink";
import { DEV_INFISICAL_IDENTITY, DEV_INFISICAL_PROJECT_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

/** Answers `stack output` and `config --show-secrets` with a file's content, and every other command with an error. */
const PROGRAM = `#!${process.execPath}
const [group, verb] = process.argv.slice(2);
if (group === "config" && process.argv.includes("--show-secrets")) {
  process.stdout.write(require("node:fs").readFileSync("config.json"));
  process.exit(0);
}
if (group !== "stack" || verb !== "output") {
  console.error("error: unexpected command");
  process.exit(1);
}
process.stdout.write(require("node:fs").readFileSync("outputs.json"));
`;

const SECRETS = ["5ec2e7a1b2c3", "0ther5ec2e7", "eyJhIjoiMSJ9=="];

const OUTPUTS = {
  applications: { comfyui: { url: "https://comfyui.example.org", aud: "aud", id: "id" } },
  serviceTokens: {
    "comfyui-api": { clientId: "c1.access", clientSecret: SECRETS[0], expiresAt: "2027-01-01T00:00:00Z" },
    ci: { clientId: "c2.access", clientSecret: SECRETS[1], expiresAt: "2026-06-11T00:00:00Z" },
  },
  tunnel: { id: "t", token: SECRETS[2] },
};

const GOOGLE_SECRET = "GOCSPX-5ec2e7-of-google";

/** As `pulumi config --json --show-secrets` shows it: structured values as JSON text. */
const CONFIG = {
  accountId: "0123456789abcdef0123456789abcdef",
  zone: "example.org",
  teamName: "example",
  tunnel: { name: "comfyui" },
  applications: [{ name: "comfyui", hostname: "comfyui.example.org", allow: { emails: ["a@example.org"] } }],
  serviceTokens: [{ name: "comfyui-api" }, { name: "ci" }],
  google: { clientId: "1.apps.googleusercontent.com", clientSecret: GOOGLE_SECRET },
};

let folder: string;
let out: string[];
let err: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-command-"));
  writeFileSync(join(folder, "pulumi"), PROGRAM);
  chmodSync(join(folder, "pulumi"), 0o755);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: comfyui-access\n");
  setConfig(CONFIG);
  setOutputs(OUTPUTS);
  out = [];
  err = [];
});

afterEach(() => {
  const printed = [...out, ...err].join("\n");
  for (const secret of [...SECRETS, GOOGLE_SECRET]) expect(printed).not.toContain(secret);
  rmSync(folder, { recursive: true });
});

function setOutputs(outputs: unknown): void {
  writeFileSync(join(folder, "outputs.json"), JSON.stringify(outputs));
}

function setConfig(settings: Record<string, unknown>): void {
  const entries = Object.entries(settings).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [`comfyui-access:${key}`, { value: text, secret: key === "google" }];
  });
  writeFileSync(join(folder, "config.json"), JSON.stringify(Object.fromEntries(entries)));
}

async function env(options: Partial<EnvOptions> = {}): Promise<number> {
  const pulumi = { command: join(folder, "pulumi"), env: {}, cwd: folder };
  return run(pulumi, options).catch((error: unknown) => {
    const { text, exitCode } = failureOf(error);
    err.push(text);
    return exitCode;
  });
}

function run(pulumi: EnvOptions["pulumi"], options: Partial<EnvOptions>): Promise<number> {
  return runEnv(
    { stack: "dev", to: "file", check: false, json: false, pulumi, ...options },
    {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      now: () => new Date("2026-06-01T00:00:00Z"),
    },
  );
}

const values = (file = ".env") => ({ ...parseEnv(readFileSync(join(folder, file), "utf8")) });

describe("env", () => {
  test("writes .env in the project's folder and prints the keys", async () => {
    expect(await env()).toBe(0);
    expect(values()).toEqual({
      COMFYUI_URL: "https://comfyui.example.org",
      COMFYUI_ACCESS_TOKEN: `c1.access:${SECRETS[0]}`,
      CF_ACCESS_CLIENT_ID: "c1.access",
      CF_ACCESS_CLIENT_SECRET: SECRETS[0],
      TUNNEL_TOKEN: SECRETS[2],
    });
    expect(out).toEqual([
      `${join(folder, ".env")}: written`,
      "  COMFYUI_URL              changed",
      "  COMFYUI_ACCESS_TOKEN     changed",
      "  CF_ACCESS_CLIENT_ID      changed",
      "  CF_ACCESS_CLIENT_SECRET  changed",
      "  TUNNEL_TOKEN             changed",
    ]);
    expect(err).toEqual([]);
  });

  test("run again says current and writes nothing", async () => {
    await env();
    out = [];
    expect(await env()).toBe(0);
    expect(out[0]).toBe(`${join(folder, ".env")}: current`);
  });

  test("writes another file, for another token", async () => {
    expect(await env({ file: join(folder, ".env.ci"), token: "ci" })).toBe(0);
    expect(values(".env.ci").CF_ACCESS_CLIENT_SECRET).toBe(SECRETS[1]);
    expect(existsSync(join(folder, ".env"))).toBe(false);
  });

  test("with --json prints one object with names and states only", async () => {
    await env({ json: true, token: "ci" });
    expect(JSON.parse(out.join("\n"))).toEqual({
      stack: "dev",
      sink: "file",
      target: join(folder, ".env"),
      application: "comfyui",
      token: "ci",
      expiresAt: "2026-06-11T00:00:00Z",
      status: "written",
      keys: {
        COMFYUI_URL: "changed",
        COMFYUI_ACCESS_TOKEN: "changed",
        CF_ACCESS_CLIENT_ID: "changed",
        CF_ACCESS_CLIENT_SECRET: "changed",
        TUNNEL_TOKEN: "changed",
      },
      warnings: [expect.stringContaining("ci expires on 2026-06-11, in 10 days")],
    });
  });
});

describe("env --check", () => {
  test("ends with 1 until the file is current, and never writes", async () => {
    expect(await env({ check: true })).toBe(1);
    expect(out[0]).toBe(`${join(folder, ".env")}: missing`);
    expect(existsSync(join(folder, ".env"))).toBe(false);

    await env();
    expect(await env({ check: true })).toBe(0);

    setOutputs({ ...OUTPUTS, tunnel: { id: "t", token: "another" } });
    out = [];
    expect(await env({ check: true })).toBe(1);
    expect(out).toContain("  TUNNEL_TOKEN             stale");
    expect(out).toContain("  COMFYUI_URL              current");
    expect(values().TUNNEL_TOKEN).toBe(SECRETS[2]);
  });

  test("warns of a token that expires within 30 days, and still ends with 0", async () => {
    await env({ token: "ci" });
    err = [];
    expect(await env({ check: true, token: "ci" })).toBe(0);
    expect(err).toEqual([
      expect.stringContaining("warning: service token ci expires on 2026-06-11, in 10 days"),
    ]);
  });
});

describe("env --check judges the expiry of the token", () => {
  const at = async (expiresAt: string | null) => {
    const serviceTokens = { ci: { clientId: "c2.access", clientSecret: SECRETS[1], expiresAt } };
    setOutputs({ ...OUTPUTS, serviceTokens });
    await env();
    err = [];
    const code = await env({ check: true });
    return { code, err };
  };

  test.each([
    ["expired", "2026-05-31T00:00:00Z", /^warning: service token ci expired on 2026-05-31: npm run rotate/],
    [
      "29 days",
      "2026-06-30T12:00:00Z",
      /^warning: service token ci expires on 2026-06-30, in 29 days: npm run/,
    ],
    ["no date", "soon", /^warning: the expiry of service token ci is not a date/],
  ])("%s: a warning, which changes no exit code", async (_, expiresAt, warning) => {
    expect(await at(expiresAt)).toEqual({ code: 0, err: [expect.stringMatching(warning)] });
  });

  test.each([
    ["forever", null],
    ["forever", ""],
    ["30 days", "2026-07-01T00:00:00Z"],
  ])("%s: no warning", async (_, expiresAt) => {
    expect(await at(expiresAt)).toEqual({ code: 0, err: [] });
  });
});

describe("env --check looks for the secrets in what git tracks", () => {
  const track = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    execFileSync("git", ["-C", folder, "add", "--force", name], { stdio: "pipe" });
  };

  beforeEach(async () => {
    execFileSync("git", ["-C", folder, "init", "--quiet"]);
    writeFileSync(join(folder, ".gitignore"), ".env\noutputs.json\nconfig.json\n");
    await env();
    err = [];
  });

  test("and ends with 1 when one stands there, current or not", async () => {
    expect(await env({ check: true })).toBe(0);
    track("notes.md", `first line\nTUNNEL_TOKEN=${SECRETS[2]}\n`);
    track("secret.json", JSON.stringify({ google: GOOGLE_SECRET, ci: SECRETS[1] }));
    err = [];
    out = [];
    expect(await env({ check: true, json: true })).toBe(1);
    const report = JSON.parse(out.join("\n"));
    expect(report).toMatchObject({ status: "current" });
    expect(report.leaks).toEqual([
      { label: "connector token of the tunnel", file: "notes.md", line: 2 },
      { label: "secret of service token ci", file: "secret.json", line: 1 },
      { label: "Google client secret", file: "secret.json", line: 1 },
    ]);
    expect(report.warnings).toContainEqual(
      expect.stringMatching(
        /^secret of service token ci .*secret.json:1: npm run rotate -- --token ci; then/,
      ),
    );
    expect(err).toEqual([]);
  });

  test("and a .env that is tracked is one of them", async () => {
    execFileSync("git", ["-C", folder, "add", "--force", ".env"]);
    expect(await env({ check: true })).toBe(1);
    expect(err.join("\n")).toMatch(/secret of service token comfyui-api stands in .* \.env:\d/);
  });

  test("the sandbox's own Google client secret is public", async () => {
    track("seed.ts", GOOGLE_SECRET);
    expect(await env({ check: true, sandboxed: true })).toBe(0);
    expect(await env({ check: true })).toBe(1);
  });

  test("and says so when the stack config cannot be read, whose secret it then does not know", async () => {
    writeFileSync(join(folder, "config.json"), "{}");
    expect(await env({ check: true })).toBe(0);
    expect(err).toEqual([expect.stringMatching(/^warning: the Google client secret was not looked for/)]);
  });
});

describe("env --to gcp and --to infisical", () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ settings: { gcpServicesMustBeEnabled: false } });
  });

  afterAll(() => sandbox.close());

  beforeEach(() => sandbox.reset());

  const there = (options: Partial<EnvOptions>) =>
    env({
      ...options,
      pulumi: {
        command: join(folder, "pulumi"),
        cwd: folder,
        env: {
          SANDBOX_GCP_URL: sandbox.gcpUrl,
          SANDBOX_INFISICAL_URL: sandbox.infisicalUrl,
          INFISICAL_CLIENT_ID: DEV_INFISICAL_IDENTITY.clientId,
          INFISICAL_CLIENT_SECRET: DEV_INFISICAL_IDENTITY.clientSecret,
        },
      },
    });
  const place = { projectId: DEV_INFISICAL_PROJECT_ID, environment: "dev" };

  test.each<[string, Partial<EnvOptions>, string[]]>([
    ["gcp", { to: "gcp", project: "datacrew-dev" }, ["comfyui-access-dev-comfyui-api"]],
    [
      "infisical",
      { to: "infisical", infisical: place },
      [
        "COMFYUI_URL",
        "COMFYUI_ACCESS_TOKEN",
        "CF_ACCESS_CLIENT_ID",
        "CF_ACCESS_CLIENT_SECRET",
        "TUNNEL_TOKEN",
      ],
    ],
  ])("%s: missing, written, current, and never printed", async (_, options, keys) => {
    const all = (state: string) => Object.fromEntries(keys.map((key) => [key, state]));
    const report = async (more: Partial<EnvOptions>) => {
      out = [];
      const code = await there({ ...options, ...more, json: true });
      const { status, keys: found } = JSON.parse(out.join("\n"));
      return { code, status, keys: found };
    };
    expect(await report({ check: true })).toEqual({ code: 1, status: "missing", keys: all("missing") });
    expect(await report({})).toEqual({ code: 0, status: "written", keys: all("changed") });
    sandbox.requests.length = 0;
    expect(await report({})).toEqual({ code: 0, status: "current", keys: all("current") });
    expect(await report({ check: true })).toEqual({ code: 0, status: "current", keys: all("current") });
    const writes = sandbox.requests.filter(
      ({ method, path }) => method !== "GET" && !path.endsWith("/login"),
    );
    expect(writes).toEqual([]);
    setOutputs({ ...OUTPUTS, serviceTokens: { x: { clientId: "x.access", clientSecret: SECRETS[1] } } });
    expect((await report({ check: true })).code).toBe(1);
  });

  test("the place comes from the stack config, and an option changes a part of it", async () => {
    setConfig({
      ...CONFIG,
      secretStore: { kind: "gcp", project: "datacrew-dev" },
      infisical: { ...place, secretPath: "/comfyui" },
    });
    expect(await there({ to: "infisical", infisical: { environment: "prod" } })).toBe(0);
    expect(out[0]).toMatch(/project 5f0c1b7e-.*, prod:\/comfyui: written$/);
    out = [];
    expect(await there({ to: "gcp", check: true })).toBe(1);
    expect(out[0]).toBe("Google Secret Manager, project datacrew-dev: missing");
    // The stack makes the secret there.
    expect(await there({ to: "gcp" })).toBe(1);
    expect(err.join("\n")).toMatch(/comfyui-access-dev-comfyui-api does not exist, although[\s\S]*pulumi up/);
    expect(await there({ to: "gcp", project: "datacrew-other" })).toBe(0);
  });

  test("options for project and environment leave the configured site and folder as they are", async () => {
    const pulumi = { command: join(folder, "pulumi"), cwd: folder, env: {} };
    const siteUrl = "https://infisical.example.org";
    setConfig({ ...CONFIG, infisical: { ...place, siteUrl, secretPath: "/comfyui" } });
    expect(await env({ to: "infisical", infisical: { ...place, environment: "prod" }, pulumi })).toBe(1);
    expect(err.join("\n")).toMatch(/no machine identity/);
    const sink = await openSink("infisical", { stack: "dev", engine: pulumi }, { infisical: place });
    expect(sink.describe()).toBe(
      `Infisical at infisical.example.org, project ${place.projectId}, dev:/comfyui`,
    );
  });

  test("a place that nobody gave is asked for", async () => {
    expect(await there({ to: "gcp" })).toBe(1);
    expect(await there({ to: "infisical", infisical: { environment: "dev" } })).toBe(1);
    expect(err.join("\n")).toMatch(/secretStore\.kind is none[\s\S]*--project[\s\S]*--infisical-project/);
    expect(sandbox.requests).toEqual([]);
  });

  test("a write that breaks off is reported by key", async () => {
    sandbox.faults.add({ method: "POST", pathRegex: "CLIENT_ID$", action: "status", status: 500 });
    expect(await there({ to: "infisical", infisical: place, json: true })).toBe(1);
    const report = JSON.parse(out.join("\n"));
    expect(report.status).toBe("incomplete");
    expect(report.keys).toEqual({
      COMFYUI_URL: "changed",
      COMFYUI_ACCESS_TOKEN: "changed",
      CF_ACCESS_CLIENT_ID: "not written",
      CF_ACCESS_CLIENT_SECRET: "not written",
      TUNNEL_TOKEN: "not written",
    });
    expect(report.error).toMatch(/half written: could not create CF_ACCESS_CLIENT_ID/);
    expect(await there({ to: "infisical", infisical: place })).toBe(0);
  });

  test("an address without encryption gets nothing", async () => {
    const pulumi = { command: join(folder, "pulumi"), cwd: folder, env: {} };
    const infisical = { ...place, siteUrl: "http://infisical.example.org" };
    expect(await env({ to: "infisical", infisical, pulumi })).toBe(1);
    expect(err.join("\n")).toMatch(/"http:\/\/infisical.example.org" is no https address/);
  });
});

describe("env fails with 1 and says why", () => {
  test.each<[string, Partial<EnvOptions>, unknown, RegExp]>([
    ["a stack that is not up", {}, {}, /stack dev has no outputs/],
    ["an unknown application", { application: "x" }, OUTPUTS, /no application called "x"; it has: comfyui/],
    ["an unknown token", { token: "x" }, OUTPUTS, /no token called "x"; it has: comfyui-api, ci/],
    [
      "a folder that is not there",
      { file: "/no/such/folder/.env" },
      OUTPUTS,
      /folder \/no\/such\/folder does not exist/,
    ],
    [
      "nothing for the config",
      { to: "config" },
      { ...OUTPUTS, serviceTokens: {} },
      /no service token to put into its config/,
    ],
    [
      "an engine that refuses",
      { to: "config" },
      OUTPUTS,
      /could not list the config of stack dev: unexpected command/,
    ],
  ])("%s", async (_name, options, outputs, message) => {
    setOutputs(outputs);
    expect(await env(options)).toBe(1);
    expect(out).toEqual([]);
    expect(err.join("\n")).toMatch(message);
    expect(existsSync(join(folder, ".env"))).toBe(false);
  });

  test("and without a service token writes the address, with a warning", async () => {
    setOutputs({ applications: OUTPUTS.applications });
    expect(await env()).toBe(0);
    expect(values()).toEqual({ COMFYUI_URL: "https://comfyui.example.org" });
    expect(err).toEqual([expect.stringContaining("the stack has no service token")]);
  });
});

describe("env used wrongly ends with 2 before anything is read", () => {
  test.each<[Partial<EnvOptions>, RegExp]>([
    [{ to: "config", file: ".env" }, /--file belongs to --to file, not to --to config/],
    [{ to: "infisical", project: "p" }, /--project belongs to --to gcp, not to --to infisical/],
    [{ infisical: { siteUrl: "https://x" } }, /--infisical-url belongs to --to infisical, not to --to file/],
  ])("%j", async (options, message) => {
    rmSync(join(folder, "pulumi"));
    expect(await env(options)).toBe(2);
    expect(err.join("\n")).toMatch(message);
  });
});
