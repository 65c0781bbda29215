import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keptPython } from "../../packages/base/process/kept";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

const run = promisify(execFile);

let sandbox: Sandbox;
let python: string;

beforeAll(async () => {
  // Without python3, venv or the package this throws: the test fails, it is not skipped.
  const requirements = join(__dirname, "requirements.txt");
  [sandbox, python] = await Promise.all([
    startSandbox(),
    keptPython("python-cloudflare", requirements, "python3"),
  ]);
}, 240_000);
afterAll(() => sandbox.close());

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
