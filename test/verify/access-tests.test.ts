import { afterAll, beforeAll, expect, test } from "vitest";
import { accessTestsIn, ConfigError } from "../../config/stack-config";
import type { AccessTest } from "../../packages/access/tests/judge";
import { verify } from "../../packages/cli/verify/verify";
import { type Deployed, deploy } from "./deployed";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy();
});
afterAll(() => deployed?.close());

const expectation = (test: Partial<AccessTest>): AccessTest => ({ allow: [], deny: [], ...test });

async function results(accessTests: AccessTest[], browser = false): Promise<string[]> {
  const target = { ...deployed.target, accessTests };
  const { rows } = await verify(target, { network: deployed.network, browser });
  return rows.filter(({ group }) => group === "tests").map(({ result }) => result);
}

test("a stack's access tests are tried with requests, and in both directions", async () => {
  const tests = [
    expectation({ token: "comfyui-api", allow: ["comfyui", "comfyui/system_stats"] }),
    expectation({ token: "comfyui-api", deny: ["comfyui"] }),
    expectation({ anyone: true, deny: ["*"] }),
    expectation({ anyone: true, allow: ["comfyui"] }),
  ];
  expect(await results(tests)).toEqual(["passed", "passed", "failed", "passed", "failed"]);
});

test("people are judged by what the browser saw; who cannot be played is for a person", async () => {
  const tests = [
    expectation({ who: "Artist@datacrew.space", allow: ["comfyui"] }),
    expectation({ who: "stranger@example.org", deny: ["comfyui"] }),
    expectation({ who: "stranger@example.org", allow: ["comfyui"] }),
    expectation({ who: "somebody@else.example", deny: ["comfyui"] }),
    expectation({ who: "artist@datacrew.space", with: { country: "RU" }, deny: ["comfyui"] }),
    expectation({ token: "other", deny: ["comfyui"] }),
  ];
  expect(await results(tests, true)).toEqual(["passed", "passed", "failed", "person", "person", "person"]);
}, 60_000);

test("they are read out of the stack's config, by whole keys and by paths", () => {
  const anyone = { anyone: true, allow: [], deny: ["*"] };
  expect(accessTestsIn({ accessTests: [{ anyone: true, deny: ["*"] }] }, "dev")).toEqual([anyone]);
  expect(accessTestsIn({ "accessTests[0].anyone": true, "accessTests[0].deny": ["*"] }, "dev")).toEqual([
    anyone,
  ]);
  expect(accessTestsIn({ accessTests: "" }, "dev")).toEqual([]);
  expect(accessTestsIn({}, "dev")).toEqual([]);
});

test("one that the program would not take is a user's mistake, and no test without what it says", () => {
  const accessTests = [
    { anyone: true, deny: ["*"] },
    { who: "ann@example.org", wiht: {}, deny: ["*"] },
  ];
  expect(() => accessTestsIn({ accessTests }, "dev")).toThrow(ConfigError);
  expect(() => accessTestsIn({ accessTests }, "dev")).toThrow("accessTests[1].wiht: unknown key");
  expect(() => accessTestsIn({ accessTests: "{" }, "dev")).toThrow(ConfigError);
  expect(() => accessTestsIn({ accessTests, "accessTests[0].anyone": true }, "dev")).toThrow("set twice");
});
