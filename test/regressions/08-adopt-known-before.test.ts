import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { urnOf } from "../../components/declaration";
import type { Account } from "../../packages/cli/adopt/account";
import { runEngine } from "../../packages/cli/secrets/engine-cli";
import { LIVED_IN } from "../../packages/sandbox/account/lived-in";
import { choices, MINIMAL, planOf, readSeed } from "../adopt/account";

describe("8: what can be known before an adoption is decided before it:", () => {
  let account: Account;
  beforeAll(async () => {
    account = await readSeed();
  });

  test.each(["of a type that is not Google's", "that is not there"])("a login %s", (what) => {
    const pin = account.identityProviders.find(({ type }) => type === "onetimepin")?.["id"];
    const id = what.includes("type") ? String(pin) : "00000000-0000-4000-8000-000000000001";
    for (const plan of [
      planOf(account, { raw: { ...MINIMAL, google: { identityProviderId: id } } }),
      planOf(account, { choices: choices([], { identityProvider: id }) }),
    ]) {
      expect(plan.decisions.map((each) => each.what)).toContain(`Google login ${id}`);
    }
  });

  test("a state that has other objects than the account", () => {
    const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
    const urn = urnOf({ type, name: "comfyui-api" }, "comfyui-access", "dev");
    const state = (id: string) => new Map([[urn, { id, inputs: {} }]]);
    expect(planOf(account, { state: state("gone") }).decisions).toMatchObject([{ found: ["gone"] }]);
    expect(planOf(account, { state: state(LIVED_IN.serviceToken) }).decisions).toEqual([]);
  });
});

describe("8: Pulumi's own words are shown where it prints them:", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "engine-words-"));
    writeFileSync(join(folder, "engine"), `#!${process.execPath}\neval(process.env.RUN);\n`);
    chmodSync(join(folder, "engine"), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    [
      "in the diagnostics of an import",
      "console.log('Importing (dev):\\n\\nDiagnostics:\\n  x (y):\\n    error: resource y does not exist\\n\\nDuration: 1s')",
      "resource y does not exist",
    ],
    [
      "in the document of a preview",
      "console.log(JSON.stringify({ diagnostics: [{ severity: 'error', message: 'no such zone' }] }))",
      "no such zone",
    ],
    [
      "behind the error, such as who holds the lock",
      "console.error('error: the stack is currently locked by 1 lock(s)\\n  created by ada@home (pid 7)')",
      "ada@home",
    ],
  ])("%s", async (_, script, words) => {
    const engine = {
      command: join(folder, "engine"),
      env: { RUN: `${script}; process.exitCode = 255` },
      cwd: folder,
    };
    await expect(runEngine(engine, { purpose: "import", args: ["import"] })).rejects.toThrow(words);
  });
});
