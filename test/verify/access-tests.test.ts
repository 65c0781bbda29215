import { afterAll, beforeAll, expect, test } from "vitest";
import { accessTestsIn, ConfigError } from "../../config/stack-config";
import type { AccessTest } from "../../packages/access/tests/judge";
import { verify } from "../../packages/cli/verify/verify";
import { type Deployed, deploy, NEIGHBOUR } from "./deployed";

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deploy();
});
afterAll(() => deployed?.close());

const expectation = (test: Partial<AccessTest>): AccessTest => ({ allow: [], deny: [], ...test });

async function rowsOf(tests: AccessTest[], { browser = false, state = deployed.state } = {}) {
  const target = { ...deployed.target, accessTests: { tests, state } };
  const { rows } = await verify(target, { network: deployed.network, browser });
  return rows.filter(({ group }) => group === "tests");
}

async function results(tests: AccessTest[], browser = false): Promise<string[]> {
  return (await rowsOf(tests, { browser })).map(({ result }) => result);
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

test("what a test names is every address that it means on a plan", async () => {
  const [application] = deployed.state.applications;
  if (application === undefined) throw new Error("no application");
  const destinations = [...application.destinations, { type: "public", uri: `${NEIGHBOUR}/files` }];
  const state = { ...deployed.state, applications: [{ ...application, destinations }] };
  const tests = [expectation({ anyone: true, deny: ["comfyui/output", "*"] })];
  // The neighbour has no application in front: its tunnel's rule answers 204.
  expect((await rowsOf(tests, { state })).map(({ id, result }) => [id, result])).toEqual([
    ["comfyui/tests/anyone/deny/output", "passed"],
    [`comfyui/tests/anyone/deny//${NEIGHBOUR}/files/output`, "failed"],
    ["comfyui/tests/anyone/deny/", "passed"],
    [`comfyui/tests/anyone/deny//${NEIGHBOUR}/files`, "failed"],
    [`${NEIGHBOUR}/tests/anyone/deny//${NEIGHBOUR}/`, "failed"],
  ]);
});

test("what is not there is not decided", async () => {
  const rows = await rowsOf([expectation({ anyone: true, deny: ["krita"] })]);
  expect(rows).toMatchObject([{ result: "undecided", finding: { code: "test-of-nothing" } }]);
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
