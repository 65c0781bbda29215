import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server";

const run = promisify(execFile);
const requirements = join(__dirname, "requirements.txt");
const cache = join(__dirname, "../../.sandbox/python");

let sandbox: Sandbox;
let python: string;

beforeAll(async () => {
  [sandbox, python] = await Promise.all([startSandbox(), pythonWithPackage()]);
}, 240_000);
afterAll(() => sandbox.close());

/**
 * The Python of a virtual environment that has the pinned package; made once per version of the
 * requirements. Without python3, venv or the package this throws: the test fails, it is not skipped.
 */
async function pythonWithPackage(): Promise<string> {
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(cache, version);
  const executable = join(folder, "bin", "python");
  const ready = join(folder, "ready");
  if (existsSync(ready)) return executable;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(executable, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "-r",
    requirements,
  ]);
  // Only a folder that was finished counts: an interrupted installation is made again.
  writeFileSync(ready, "");
  return executable;
}

it("the official Python package takes each kind of object through its life", {
  timeout: 60_000,
}, async () => {
  const { stdout } = await run(python, [join(__dirname, "conformance.py")], {
    env: {
      ...process.env,
      CLOUDFLARE_BASE_URL: sandbox.apiUrl,
      CLOUDFLARE_API_TOKEN: sandbox.tokens.admin,
      ACCOUNT_ID: DEV_ACCOUNT_ID,
      ZONE_ID: DEV_ZONE_ID,
      // A loopback address is never to be asked of a proxy.
      NO_PROXY: "127.0.0.1",
    },
  });
  expect(stdout.trim().split("\n")).toEqual([
    "accounts_and_zones",
    "organization",
    "identity_provider",
    "policy",
    "service_token",
    "application",
    "tunnel",
    "dns_record",
    "notification_policy",
  ]);
});
