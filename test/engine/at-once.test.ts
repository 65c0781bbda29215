import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { RotateRig } from "./rotate-rig";

let rig: RotateRig;
beforeAll(async () => {
  rig = await RotateRig.open();
  await rig.rig.announce();
});
afterAll(() => rig?.close());

/** A command of the project, in a process of its own. */
function command(args: string[]): {
  pid: number | undefined;
  ended: Promise<{ code: number | null; output: string }>;
} {
  const bin = join(projectDir, "node_modules", ".bin");
  const child = spawn(
    process.execPath,
    [...withTypeScript, join(projectDir, "packages/cli/main.ts"), ...args],
    {
      cwd: projectDir,
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, COMFYUI_ACCESS_WORKSPACE: rig.rig.dir },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return { pid: child.pid, ended };
}

const configFile = () => join(rig.rig.dir, "Pulumi.dev.yaml");
const up = () => command(["up", "--", "--config-file", configFile(), "--skip-preview"]);
const rotate = () => command(["rotate", "--config-file", configFile(), "--file", rig.envFile, "--yes"]);

/** The engine's lock of the stack is there. */
async function locked(): Promise<void> {
  const folder = join(rig.rig.dir, "state/.pulumi/locks");
  const isThere = () =>
    existsSync(folder) &&
    readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith(".json"));
  await expect.poll(isThere, { timeout: 30_000, interval: 20 }).toBe(true);
}

const byWhom = () => new RegExp(`stack dev is locked by ${userInfo().username}@${hostname()} \\(pid \\d+\\)`);

describe("commands at once on one stack", () => {
  test("of two updates, the second is told who has the stack, and nothing is lost", async () => {
    await rig.rig.config((settings) => {
      settings.protectTokens = "true";
      settings.alerts = { emails: ["others@datacrew.space"] };
    });
    const pathRegex = "/alerting/v3/policies/";
    await rig.rig.addFaults({ method: "PUT", pathRegex, action: "hold" });
    const first = up();
    await locked();
    const second = await up().ended;
    expect(second.output).toMatch(byWhom());
    expect(second.code).not.toBe(0);
    await rig.rig.faultsMet();
    await rig.rig.releaseFaults();
    const done = await first.ended;
    expect(done.output).toMatch(/updated/);
    expect(done.code).toBe(0);
    expect(await rig.rig.plan()).toEqual([]);
  });

  test("of two rotations, one rotates: the token gets one new secret, which is in the sink and passes", async () => {
    const [before] = rig.inState();
    const all = await Promise.all([rotate().ended, rotate().ended]);
    const said = all.map(({ output }) => output).join("\n---\n");
    expect(
      all.some(({ code }) => code === 0),
      said,
    ).toBe(true);
    for (const { code, output } of all) {
      if (code !== 0) expect(output).toMatch(/stack dev is locked by|changed by another program/);
    }
    expect(readFileSync(configFile(), "utf8")).toMatch(/version: 2\n/);
    const [now] = rig.inState();
    expect(now?.clientId).toBe(before?.clientId);
    expect(now?.clientSecret).not.toBe(before?.clientSecret);
    expect(rig.inSink()).toEqual([now]);
    expect(await rig.onePasses(rig.inSink())).toBe(true);
  });

  test("two that write one .env leave it whole, with the lines of others", async () => {
    const path = join(rig.rig.dir, ".env.shared");
    const others = "# mine\nOTHER=kept\n";
    writeFileSync(path, others, { mode: 0o600 });
    const all = await Promise.all(
      Array.from({ length: 2 }, () => command(["env", "--stack", "dev", "--sandbox", "--file", path]).ended),
    );
    expect(
      all.map(({ code }) => code),
      all.map(({ output }) => output).join("\n---\n"),
    ).toEqual([0, 0]);
    const text = readFileSync(path, "utf8");
    expect(text.startsWith(others)).toBe(true);
    const [token] = rig.inState();
    expect(parseEnv(text)).toMatchObject({
      OTHER: "kept",
      CF_ACCESS_CLIENT_ID: token?.clientId,
      CF_ACCESS_CLIENT_SECRET: token?.clientSecret,
    });
    expect(text.match(/^COMFYUI_URL=/gm)).toHaveLength(1);
    expect(readdirSync(rig.rig.dir).filter((name) => /\.(lock|tmp)$/.test(name))).toEqual([]);
  });
});

test("a stack is taken down while the sandbox runs cloudflared for its tunnel", async () => {
  // Else the tunnel is kept, as the tokens are.
  const text = readFileSync(configFile(), "utf8");
  writeFileSync(configFile(), text.replace(/protectTokens: "?true"?/, 'protectTokens: "false"'));
  const { code: ready, output: said } = await up().ended;
  expect(ready, said).toBe(0);
  const { code, output } = await command(["destroy", "--", "--skip-preview"]).ended;
  expect(code, output).toBe(0);
  expect(output).toContain("cloudflared is stopped: Cloudflare keeps a tunnel that has live connections");
  const tunnels = await rig.rig.api(
    "GET",
    "/accounts/0123456789abcdef0123456789abcdef/cfd_tunnel?is_deleted=false",
  );
  expect(tunnels).toEqual([]);
});
