import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runEnv } from "../../packages/cli/commands/env";
import { failureOf } from "../../packages/cli/commands/failure";
import { ensureEngine } from "../../packages/cli/engine/engine";
import { StackConfigSink } from "../../packages/cli/secrets/stack-config";

const SECRET = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee";
const KEY = "comfyui-access-tokens:comfyui-api";
const FIRST_CONFIG = "config:\n  # kept\n  comfyui-access:zone: example.org\n";

let folder: string;
let engine: { command: string; env: NodeJS.ProcessEnv; cwd: string };
const lines: string[] = [];
const io = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line) };

beforeAll(async () => {
  const { command, binDir } = await ensureEngine();
  folder = mkdtempSync(join(tmpdir(), "env-config-"));
  for (const name of ["home", "state", "project"]) mkdirSync(join(folder, name));
  engine = {
    command,
    cwd: join(folder, "project"),
    env: {
      ...process.env,
      PATH: [binDir, process.env.PATH].filter((entry) => entry !== undefined).join(delimiter),
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "for this test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
  };
  writeFileSync(join(engine.cwd, "Pulumi.yaml"), "name: comfyui-access\nruntime: nodejs\n");
  writeFileSync(configPath(), FIRST_CONFIG);
  pulumi("stack", "init", "dev");
  bringUp({ clientId: "c1.access", clientSecret: SECRET });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  lines.length = 0;
});

describe("env --to config with the real engine", () => {
  test("sets id and secret encrypted, keeps what is there, and is current afterwards", async () => {
    expect(await env({ check: true })).toBe(1);
    expect(lines).toContain(`  ${KEY}  missing`);

    expect(await env()).toBe(0);
    const file = readFileSync(configPath(), "utf8");
    expect(file).toContain("  # kept\n  comfyui-access:zone: example.org\n");
    expect(file).toMatch(/comfyui-access-tokens:comfyui-api:\n\s+secure: /);
    expect(file).not.toContain("c1.access");
    expect(JSON.parse(pulumi("config", "get", KEY, "--stack", "dev"))).toEqual({
      clientId: "c1.access",
      clientSecret: SECRET,
    });

    expect(await env({ check: true })).toBe(0);
    expect(await env()).toBe(0);
    expect(readFileSync(configPath(), "utf8")).toBe(file);
    expect(`${lines.join("\n")}${file}`).not.toContain(SECRET);
  });

  test("notices another value and one that stands in clear, and mends both", async () => {
    const sink = new StackConfigSink({ engine, stack: "dev" });
    await sink.write({ [KEY]: "old" });
    expect(await sink.check({ [KEY]: "new" })).toEqual({
      status: "stale",
      keys: { [KEY]: "stale" },
      notices: [],
    });

    pulumi("config", "set", "--plaintext", KEY, "new", "--stack", "dev");
    const { notices } = await sink.write({ [KEY]: "new" });
    expect(notices).toEqual([expect.stringContaining("stands unencrypted")]);
    expect(readFileSync(configPath(), "utf8")).not.toContain("new");
  });

  test("writes another config file when told so", async () => {
    const configFile = join(folder, "other.yaml");
    const sink = new StackConfigSink({ engine: { ...engine, configFile }, stack: "dev" });
    expect(sink.describe()).toBe(configFile);
    expect((await sink.write({ [KEY]: SECRET })).written).toBe(true);
    expect(readFileSync(configFile, "utf8")).toContain(`${KEY}:\n`);
    expect((await sink.check({ [KEY]: SECRET })).status).toBe("current");
  });

  test("with a wrong passphrase changes nothing and says which variable to set", async () => {
    const before = readFileSync(configPath(), "utf8");
    const locked = { ...engine, env: { ...engine.env, PULUMI_CONFIG_PASSPHRASE: "wrong" } };
    await expect(
      new StackConfigSink({ engine: locked, stack: "dev" }).write({ [KEY]: SECRET }),
    ).rejects.toThrow(/incorrect passphrase[\s\S]*PULUMI_CONFIG_PASSPHRASE/);
    expect(readFileSync(configPath(), "utf8")).toBe(before);
  });
});

describe("env --to file with the real engine", () => {
  test("writes the decrypted outputs", async () => {
    expect(await env({ to: "file" })).toBe(0);
    const values = parseEnv(readFileSync(join(engine.cwd, ".env"), "utf8"));
    expect(values.COMFYUI_ACCESS_TOKEN).toBe(`c1.access:${SECRET}`);
    expect(lines.join("\n")).not.toContain(SECRET);
  });

  test("names a stack that does not exist", async () => {
    expect(await env({ to: "file", stack: "nope" })).toBe(1);
    expect(lines.join("\n")).toMatch(/read the outputs of stack nope: no stack named 'nope' found/);
  });
});

function env(options: { to?: "file" | "config"; stack?: string; check?: boolean } = {}): Promise<number> {
  return runEnv(
    { stack: "dev", to: "config", check: false, json: false, pulumi: engine, ...options },
    io,
  ).catch((error: unknown) => {
    const { text, exitCode } = failureOf(error);
    lines.push(text);
    return exitCode;
  });
}

function configPath(): string {
  return join(engine.cwd, "Pulumi.dev.yaml");
}

function pulumi(...args: string[]): string {
  const { command, cwd, env: variables } = engine;
  return execFileSync(command, [...args, "--non-interactive"], {
    cwd,
    env: variables,
    encoding: "utf8",
    stdio: "pipe",
  });
}

/** A program whose outputs have the shape of the stack's, run by the real engine. */
function bringUp(token: { clientId: string; clientSecret: string }): void {
  const program = `
    const pulumi = require("@pulumi/pulumi");
    exports.applications = { comfyui: { url: "https://comfyui.example.org", aud: "a", id: "i" } };
    exports.serviceTokens = pulumi.secret({ "comfyui-api": ${JSON.stringify(token)} });
    exports.tunnel = { id: "t" };
  `;
  writeFileSync(join(engine.cwd, "index.js"), program);
  writeFileSync(join(engine.cwd, "package.json"), '{"name":"program","main":"index.js"}');
  symlinkSync(join(__dirname, "../../node_modules"), join(engine.cwd, "node_modules"));
  pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
}
