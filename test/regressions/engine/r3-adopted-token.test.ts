import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldsOf } from "../../../packages/base/json-values";
import { adopt } from "../../../packages/cli/adopt/adopt";
import { type OpenAdoption, sandboxedAdoption } from "../../../packages/cli/adopt/open";
import type { AccountApi } from "../../../packages/cloudflare/account-api";
import { LIVED_IN, LIVED_IN_SEED } from "../../../packages/sandbox/account/lived-in";
import { cliCommand } from "../../engine/faults/operations";
import { start } from "../../engine/faults/process-tree";
import { LIVED_IN_CONFIG } from "../../engine/lived-in-config";
import { EngineRig } from "../../engine/support";

let rig: EngineRig;
let open: OpenAdoption;
let file: string;

beforeAll(async () => {
  rig = await EngineRig.open({ seed: LIVED_IN_SEED, access: true, keepState: true });
  rig.session.access?.connectAll();
  file = join(rig.dir, "Pulumi.dev.yaml");
  await writeFile(file, LIVED_IN_CONFIG);
  const sandboxed = await sandboxedAdoption(rig.session, "dev", file);
  open = { ...sandboxed, account: (as) => asInLife(sandboxed.account(as)) };
});
afterAll(() => rig?.close());

/** The account as the real API shows it: of a token it tells neither version nor the end of the secret before. */
function asInLife(api: AccountApi): AccountApi {
  const untold = (_: string, value: unknown) => {
    const { client_secret_version, previous_client_secret_expires_at, ...told } = fieldsOf(value);
    return client_secret_version === undefined ? value : told;
  };
  return new Proxy(api, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const answer = Reflect.apply(member, target, args) as unknown;
        if (!(answer instanceof Promise)) return answer;
        return answer.then((value) =>
          value === undefined ? value : JSON.parse(JSON.stringify(value, untold)),
        );
      };
    },
  });
}

const run = () =>
  adopt(open, {
    choices: { take: new Set(), convertInline: true },
    confirm: async () => true,
    log: () => {},
  });

/** What was sent to the adopted token, by any command. */
const sent = async () =>
  (await rig.writes()).filter(({ path }) => path.endsWith(`/service_tokens/${LIVED_IN.serviceToken}`));

test("R3: after an adoption nothing is sent to the token by up, whatever its version is", async () => {
  // Rotated by hand, over the years.
  const path = `/accounts/0123456789abcdef0123456789abcdef/access/service_tokens/${LIVED_IN.serviceToken}`;
  for (let count = 0; count < 3; count++) {
    const inDays = new Date(Date.now() + 20 * 86_400_000).toISOString();
    await rig.api("POST", `${path}/rotate`, { previous_client_secret_expires_at: inDays });
  }
  const { proof } = await run();
  expect(proof?.mismatches).toEqual([]);
  for (const args of [["up"], ["up", "--refresh"], ["refresh"], ["up"]]) {
    const result = await rig.run([...args, "--yes", "--skip-preview"]);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect((await sent()).map(({ method }) => method)).toEqual([]);
  }
});

test("R3: a run that was cut off before the version was noted is gone on with", async () => {
  const exported = JSON.parse((await rig.run(["stack", "export"])).stdout) as {
    deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
  };
  const token = exported.deployment.resources.find(({ type }) =>
    type.endsWith(":ZeroTrustAccessServiceToken"),
  );
  delete token?.outputs?.["clientSecretVersion"];
  const put = await rig.run(["stack", "import"], { input: JSON.stringify(exported) });
  expect(put.code, put.stderr).toBe(0);
  expect((await rig.run(["preview", "--expect-no-changes"], { as: "preview" })).code).not.toBe(0);
  await run();
  const preview = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
  expect(preview.code, preview.stdout + preview.stderr).toBe(0);
});

test("R3, R6: the first rotation, as advised, makes a new secret although the version was not known", async () => {
  await rig.announce();
  const args = ["rotate", "--config-file", file, "--file", join(rig.dir, ".env"), "--yes"];
  const ended = await start(cliCommand(args, rig.dir)).ended;
  expect(ended.code, ended.output).toBe(0);
  const [put, ...more] = await sent();
  expect(more).toEqual([]);
  const body = put?.body as Record<string, unknown>;
  expect(Object.keys(body)).toEqual(
    expect.arrayContaining(["client_secret_version", "previous_client_secret_expires_at"]),
  );
  expect(body["client_secret_version"]).toBe(101);
  expect(ended.output).not.toContain("stand-in");
  expect(await readFile(join(rig.dir, ".env"), "utf8")).toMatch(/CF_ACCESS_CLIENT_SECRET=\S{40,}/);
});
