import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { examine, exitCode, type Report } from "../../packages/cli/doctor/doctor";
import { CHECKS } from "../../packages/cli/doctor/list";
import { toJson, toText } from "../../packages/cli/doctor/render";
import { FINDING_CODES } from "../../packages/cli/doctor/words";
import { PLANTS } from "./plants";
import { openRig, type Rig } from "./rig";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.close());

const idsOf = ({ checks }: Report) => checks.flatMap(({ findings }) => findings.map(({ id }) => id)).sort();

test("on a sound account nothing is found, and nothing is changed", async () => {
  const before = JSON.stringify(rig.sandbox.store.snapshot());
  for (const purpose of ["up", "preview"] as const) {
    const token = rig.sandbox.tokens[purpose];
    const report = await examine({ ...rig.input, purpose, token });
    expect(idsOf(report)).toEqual([]);
    expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(exitCode(report)).toBe(0);
    // Also where the permissions have to be tried.
    const tried = await examine({ ...rig.input, purpose, token, tokenReader: undefined });
    expect(idsOf(tried)).toEqual(["permissions-unseen"]);
  }
  expect(JSON.stringify(rig.sandbox.store.snapshot())).toBe(before);
});

test("an account's own API token is judged at the account's address", async () => {
  const token = rig.sandbox.tokens.accountOwned;
  expect(idsOf(await examine({ ...rig.input, token }))).toEqual([]);
});

test("every finding that doctor can report is planted", () => {
  expect([...new Set(PLANTS.map(({ id }) => id))].sort()).toEqual([...FINDING_CODES].sort());
});

test.each([
  ["a proxy's login page", 200, "text/html", "<html>Log in</html>", "not the API", /what stands between/],
  ["too many requests", 429, "application/json", "{}", "too many requests", /five minutes/],
  ["a fault of the API", 500, "application/json", "{}", "fault of the API", /cloudflarestatus/],
])("what to do about %s follows from the kind of the failure", async (_, status, type, body, kind, mend) => {
  const server = createServer((__, answer) => {
    answer.writeHead(status, { "content-type": type }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`;
  const { checks } = await examine({ ...rig.input, baseUrl }).finally(() => server.close());
  const [found] = checks.flatMap(({ findings }) => findings);
  expect(found).toMatchObject({ code: "unchecked", data: { by: { what: "API", kind } } });
  expect(found?.what).toMatch(/^could not be checked: could not read the API token/);
  expect(found?.mend).toMatch(mend);
});

describe("a defect is found, and nothing besides", () => {
  test.each(PLANTS.map((plant) => [plant.id, plant.by, plant] as const))("%s: %s", async (id, _, plant) => {
    await plant.plant(rig);
    const before = JSON.stringify(rig.sandbox.store.snapshot());
    const report = await examine(rig.input);
    expect(idsOf(report)).toEqual([id, ...(plant.implies ?? [])].sort());
    expect(JSON.stringify(rig.sandbox.store.snapshot())).toBe(before);
    const found = report.checks.flatMap((check) => check.findings);
    expect(exitCode(report)).toBe(found.some(({ severity }) => severity === "error") ? 3 : 4);
    // Each weighs what its check says that it weighs, and says where it is.
    for (const { code, severity, where } of found) {
      expect(where).not.toMatch(/^$|undefined|null|\[object|\[-1\]/);
      if (code === "unchecked") continue;
      const weights = CHECKS.flatMap(({ finds }) => finds[code]?.severity ?? []);
      expect([code, ...new Set(weights)]).toEqual([code, severity]);
    }
    // Each says what, why and what to do, and none of it tells a secret.
    const shown = toText(report) + toJson(report);
    for (const { what, why, mend } of found) {
      for (const text of [what, why, mend]) expect(text.length).toBeGreaterThan(10);
      expect(shown).toContain(`→ ${mend}`);
      expect(`${what}${mend}`).not.toMatch(/undefined|null|\[object/);
    }
    const { token, tokenReader, config } = rig.input;
    for (const secret of [token, tokenReader, config.google?.clientSecret]) {
      if (secret !== undefined) expect(shown).not.toContain(secret);
    }
  });
});
