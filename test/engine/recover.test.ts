import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pulumi } from "../../packages/cli/engine/pulumi";
import { isCutOff, recover, renderRecovery } from "../../packages/cli/recover/recover";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { EngineRig } from "./support";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";

let rig: EngineRig;

beforeEach(async () => {
  rig = await EngineRig.open({ rateLimit: false });
  await rig.config();
});

afterEach(() => rig?.close());

const cutOff = () => isCutOff(rig.session.target("up"), "comfyui-access", "dev");

/** `up`, killed with all that it started while the account makes the application. */
async function killedUp(): Promise<void> {
  await rig.addFaults({ method: "POST", pathRegex: "/access/apps$", action: "hold" });
  const { command, cwd, env } = rig.session.target("up");
  const file = join(rig.dir, "Pulumi.dev.yaml");
  const args = [
    "up",
    "--yes",
    "--skip-preview",
    "--stack",
    "dev",
    "--config-file",
    file,
    "--non-interactive",
  ];
  const engine = spawn(command, args, { cwd, env, stdio: "ignore", detached: true });
  const ended = new Promise((resolve) => engine.once("exit", resolve));
  await rig.faultsMet();
  process.kill(-(engine.pid ?? 0), "SIGKILL");
  await ended;
}

test("a stack that was cut off is usable again, and says what was being made", async () => {
  expect(await cutOff()).toBe(false);
  await killedUp();
  expect(await cutOff()).toBe(true);
  const locked = await rig.up();
  expect(locked.stderr).toContain("the stack is currently locked by 1 lock");

  const recovery = await recover(rig.session.target("up"), "dev");
  expect(recovery.unlocked).toMatch(/^removed the lock that a killed run left \(pid \d+\)$/);
  expect(recovery.cleared.map((urn) => urn.split("::").at(-1))).toContain("comfyui");
  expect(renderRecovery("dev", recovery, "next")).toMatch(
    /was being made when the run ended: cloudflare:index\/zeroTrustAccessApplication:ZeroTrustAccessApplication comfyui\n/,
  );
  expect(await cutOff()).toBe(false);

  const next = await rig.up();
  expect(next.code, next.stdout + next.stderr).toBe(0);
  expect(next.stdout + next.stderr).not.toContain("pending operations");
  expect(await rig.plan()).toEqual([]);
  expect(renderRecovery("dev", await recover(rig.session.target("up"), "dev"), "next")).toBe(
    "stack dev: nothing was cut off\n",
  );
});

test("nothing is done to a stack on which a run goes on, and nothing to an account", async () => {
  await rig.addFaults({ method: "POST", pathRegex: "/access/apps$", action: "hold" });
  const up = rig.up();
  await rig.faultsMet();
  const before = (await rig.writes()).length;
  await expect(recover(rig.session.target("up"), "dev")).rejects.toThrow(
    /stack dev is locked by \S+@\S+ \(pid \d+\)/,
  );
  expect(
    (await rig.writes()).slice(before).filter(({ path }) => path.startsWith(`${ACCOUNT}/access/apps`)),
  ).toEqual([]);
  await rig.releaseFaults();
  expect((await up).code).toBe(0);
});

test("a state that a killed run has left unreadable is read again", async () => {
  const target = rig.session.target("up");
  const { PULUMI_BACKEND_URL: url = "" } = target.env;
  expect(url).toContain("?metadata=skip");
  // As a backend that somebody logged in to without more ado.
  const plain = { ...target, env: { ...target.env, PULUMI_BACKEND_URL: url.replace(/\?.*/, "") } };
  const state = join(rig.dir, "state/.pulumi/stacks/comfyui-access/dev.json");
  await writeFile(`${state}.attrs`, "");
  const broken = await pulumi(plain, ["stack", "export", "--stack", "dev"]);
  expect(broken.stderr).toContain("EOF");
  const recovery = await recover(plain, "dev");
  expect(recovery.removed).toEqual([`${state}.attrs`]);
  expect((await pulumi(plain, ["stack", "export", "--stack", "dev"])).code).toBe(0);
});

test("the sandbox's own up does so by itself", async () => {
  await killedUp();
  await rig.announce();
  const bin = join(projectDir, "node_modules", ".bin");
  const child = spawn(
    process.execPath,
    [...withTypeScript, "packages/cli/main.ts", "up", "--no-guardrails"],
    {
      cwd: projectDir,
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, COMFYUI_ACCESS_WORKSPACE: rig.dir },
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code, said).toBe(0);
  expect(said).toMatch(/removed the lock that a killed run left/);
  expect(said).toContain("Now up goes on.");
});
