import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keptPackages } from "../../packages/base/process/kept";
import { DEV_ACCOUNT_ID, DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";

const run = promisify(execFile);

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  // Without npm or the package this throws: the test fails, it is not skipped.
  const pins = join(__dirname, "typescript");
  [sandbox, folder] = await Promise.all([startSandbox(), keptPackages("node-cloudflare", pins)]);
}, 240_000);
afterAll(() => sandbox.close());

it("the official TypeScript package takes each kind of object through its life", {
  timeout: 60_000,
}, async () => {
  const { stdout } = await run(process.execPath, [join(__dirname, "conformance.mjs"), folder], {
    env: {
      ...process.env,
      CLOUDFLARE_BASE_URL: sandbox.apiUrl,
      CLOUDFLARE_API_TOKEN: sandbox.tokens.admin,
      READ_ONLY_TOKEN: sandbox.tokens.preview,
      ACCOUNT_ID: DEV_ACCOUNT_ID,
      ZONE_ID: DEV_ZONE_ID,
      // A loopback address is never to be asked of a proxy.
      NO_PROXY: "127.0.0.1",
    },
  });
  expect(stdout.trim().split("\n")).toEqual([
    "accountsAndZones",
    "organization",
    "identityProvider",
    "policy",
    "serviceToken",
    "application",
    "tunnel",
    "dnsRecord",
    "notificationPolicy",
    "refusal",
  ]);
});
