import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(__dirname, "..", "..");
const lock = JSON.parse(readFileSync(join(root, "tools/node/package-lock.json"), "utf8")) as {
  packages: Record<string, { version: string; os: string; cpu: string; integrity: string }>;
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fetched-node-"));
  cpSync(join(root, "tools/node"), join(folder, "tools/node"), { recursive: true });
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  // As in Node.js 20.
  writeFileSync(join(folder, "older.cjs"), `delete require("node:module").registerHooks;`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const link = () => join(folder, "node_modules/.bin/node");

function fetch(older: boolean, env: NodeJS.ProcessEnv = {}) {
  const preload = older ? ["--require", "./older.cjs"] : [];
  return spawnSync(process.execPath, [...preload, "tools/node/fetch.cjs"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

test("an older Node.js gets the locked one, where npm looks first", () => {
  expect(fetch(true)).toMatchObject({ status: 0 });
  const { stdout } = spawnSync(link(), ["--version"], { encoding: "utf8" });
  const locked = Object.values(lock.packages).find(
    ({ os, cpu }) => os === process.platform && cpu === process.arch,
  );
  expect(stdout).toBe(`v${locked?.version}\n`);
});

test("a Node.js that is new enough stays the only one", () => {
  const cache = join(folder, "cache");
  expect(fetch(false, { XDG_CACHE_HOME: cache })).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(link())).toBe(false);
  expect(existsSync(cache)).toBe(false);
});

test("what cannot be fetched fails the installation, says what to do, and leaves nothing", () => {
  const cache = join(folder, "cache");
  const { status, stderr } = fetch(true, {
    XDG_CACHE_HOME: cache,
    npm_config_registry: "http://127.0.0.1:9",
    npm_config_cache: join(folder, ".npm"),
    npm_config_fetch_retries: "0",
  });
  expect(stderr).toMatch(
    /\nerror: a Node\.js for the commands could not be fetched: .*\n {2}→ Install Node\.js 22\.15/,
  );
  expect(status).toBe(1);
  expect(existsSync(link())).toBe(false);
  expect(readdirSync(join(cache, "comfyui-access"))).toEqual([]);
});

test("every platform's package is locked by its hash", () => {
  const { "": _, ...packages } = lock.packages;
  expect(
    Object.values(packages)
      .map(({ os, cpu }) => `${os}-${cpu}`)
      .sort(),
  ).toEqual(["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"]);
  for (const [name, { integrity }] of Object.entries(packages)) expect(integrity, name).toMatch(/^sha512-/);
});
