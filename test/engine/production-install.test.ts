import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PulumiTarget } from "../../packages/cli/engine/pulumi";
import { ensureStack, mustPulumi } from "../../packages/cli/sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../../packages/cli/sandboxed/session";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";

// The project as `npm ci --omit=dev` leaves it: the packages of development are not there to be found.

/** What starts or needs the sandbox, which is for development. */
const OF_THE_SANDBOX = ["demo", "sandbox", "up", "preview", "destroy"];
const PARTS = [
  "index.ts",
  "package.json",
  "tsconfig.json",
  "Pulumi.yaml",
  "Pulumi.dev.yaml",
  "config",
  "components",
];

let dir: string;
let clone: string;
let session: SandboxSession;
let target: PulumiTarget;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "production-install-"));
  clone = join(dir, "clone");
  for (const part of [...PARTS, "policies", "packages", "tools"])
    await cp(join(projectDir, part), join(clone, part), { recursive: true });
  const { packages } = JSON.parse(await readFile(join(projectDir, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const isOnTop = path.lastIndexOf("node_modules/") === 0;
    if (!isOnTop || dev || devOptional) continue;
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await symlink(join(projectDir, path), join(clone, path));
  }
  session = await openSandboxSession({ dir: join(dir, "workspace"), keepState: false });
  target = { ...session.target("up"), cwd: clone };
  await ensureStack(target, "dev");
});

afterAll(async () => {
  await session?.close();
  await rm(dir, { recursive: true, force: true });
});

test("the packages of development are not there", async () => {
  const there = new Set(await readdir(join(clone, "node_modules")));
  expect(["undici", "typescript"].filter((name) => !there.has(name))).toEqual([]);
  expect(["hono", "vitest", "knip", "oidc-provider", "node"].filter((name) => there.has(name))).toEqual([]);
});

test("the program is previewed, and judged by the guardrails", async () => {
  const { stdout } = await mustPulumi(target, ["preview", "--policy-pack", "policies/run", "--stack", "dev"]);
  expect(stdout).toContain("AccessApplication");
  expect(stdout).toMatch(/Policies:[\s\S]*✅/);
});

test("every other command loads", async () => {
  const program = `
    const { commands } = require(${JSON.stringify(join(clone, "packages/cli/commands/commands.ts"))});
    const names = Object.keys(commands).filter((name) => !${JSON.stringify(OF_THE_SANDBOX)}.includes(name));
    Promise.all(names.map((name) => commands[name]())).then(() => console.log(names.join(" ")));`;
  const args = [...withTypeScript, "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: clone });
  expect(stdout.trim().split(" ")).toEqual(expect.arrayContaining(["doctor", "env", "rotate", "verify"]));
});
