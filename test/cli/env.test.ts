import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EnvOptions, runEnv } from "../../src/cli/env";

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

function env(options: Partial<EnvOptions> = {}): Promise<number> {
  const pulumi = { command: join(folder, "pulumi"), env: {}, cwd: folder };
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
    [{ stack: " " }, /needs a stack/],
    [{ to: "config", file: ".env" }, /--file belongs to --to file, not to --to config/],
    [{ file: "" }, /--file is empty/],
    [{ to: JSON.parse('"vault"') }, /--to is "vault": give file, config, gcp, infisical/],
  ])("%j", async (options, message) => {
    rmSync(join(folder, "pulumi"));
    expect(await env(options)).toBe(2);
    expect(err.join("\n")).toMatch(message);
  });
});
