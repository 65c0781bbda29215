import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ownerComment } from "../../components/dns-route";
import type { StackConfig } from "../../config/stack-config";
import { ProblemsError } from "../../packages/base/problems";
import { examine } from "../../packages/cli/doctor/doctor";
import { CHECKS } from "../../packages/cli/doctor/list";
import { FINDING_CODES } from "../../packages/cli/doctor/words";
import { PREVIEW_CHECKS, preflight } from "../../packages/cloudflare/preflight";
import { PROBLEMS } from "../../packages/cloudflare/preflight-words";
import { PLANTS } from "./plants";
import { openRig, type Rig } from "./rig";

/** Checks of the list whose part a preview makes in another way. */
const OTHERWISE: Readonly<Record<string, string>> = {
  config: "the program reads its config before it asks anybody",
  "api-token":
    "a token that cannot be sent is refused at once, and the first call tells of one that is not known",
  permissions: "what may not be read is refused by the call itself: see readable-… and every other check",
};

/** Checks of a preview that doctor makes as a part of another one. */
const WITHIN: Readonly<Record<string, string>> = {
  "readable-policies": "permissions",
  "readable-service-tokens": "permissions",
  "readable-notifications": "permissions",
  "own-rules": "tunnel-rules",
};

describe("the list of checks", () => {
  const codes = CHECKS.map(({ code }) => code);

  test("names each check and each line once", () => {
    expect(new Set(codes).size).toBe(CHECKS.length);
    expect(new Set(CHECKS.map(({ title }) => title)).size).toBe(CHECKS.length);
  });

  test("finds what there are words for, and nothing else", () => {
    const finds = CHECKS.flatMap(({ finds }) => Object.keys(finds));
    expect([...new Set(finds)].sort()).toEqual([...FINDING_CODES].sort());
  });

  test("holds every check that a preview makes", () => {
    for (const { code } of PREVIEW_CHECKS) expect(codes).toContain(WITHIN[code] ?? code);
  });

  test("has a preview make each that stops one", () => {
    const stopping = CHECKS.filter(({ finds }) =>
      Object.values(finds).some(({ stops }) => stops === "preview"),
    );
    const made = PREVIEW_CHECKS.map(({ code }) => code);
    expect(stopping.map(({ code }) => code).filter((code) => !(code in OTHERWISE))).toEqual(
      made.filter((code) => !(code in WITHIN)).sort((a, b) => codes.indexOf(a) - codes.indexOf(b)),
    );
    for (const code of Object.keys(OTHERWISE)) expect(stopping.map((each) => each.code)).toContain(code);
  });

  test("has a preview read the account alone, and words for all that stops one", () => {
    for (const { code, reads, finds } of PREVIEW_CHECKS) {
      expect([code, reads]).toEqual([code, ["account"]]);
      const stopping = Object.entries(finds).filter(([, { stops }]) => stops === "preview");
      for (const [found] of stopping) expect(Object.keys(PROBLEMS)).toContain(found);
    }
  });
});

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.close());

/** Where the program's error says that something is wrong; none when it goes on. */
async function refusedAt({ project, stack, token, baseUrl, config }: Rig["input"]): Promise<string[]> {
  const args = { ...(config as StackConfig), ownerComment: ownerComment(project, stack) };
  const outcome = await preflight(args, { token, baseUrl, sleep: async () => {} }).catch(
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) return [];
  if (!(outcome instanceof ProblemsError)) throw outcome;
  return outcome.problems.map(({ path }) => path).sort();
}

/** What only the state tells, which a preview reads after these checks. */
const BY_THE_STATE: ReadonlySet<string> = new Set(["tunnel-name-taken"]);

/** Of these the program hears by other questions than doctor, and may name another place. */
const BY_OTHER_QUESTIONS: ReadonlySet<string> = new Set([
  "unchecked",
  "account-unreachable",
  "permission-missing",
]);

describe("doctor and the program agree on what stops a preview", () => {
  const planted = PLANTS.filter(({ id, by }) => {
    // The program's own reading of its config, and a fault that meets one call alone.
    return id !== "config-invalid" && by !== "an API that does not answer one of the questions";
  });
  test.each(planted.map((plant) => [plant.id, plant.by, plant] as const))("%s: %s", async (id, __, plant) => {
    await plant.plant(rig);
    const { checks } = await examine(rig.input);
    const found = checks.flatMap(({ findings }) => findings);
    const stopping = found.filter(({ stops, code }) => stops === "preview" && !BY_THE_STATE.has(code));
    const refused = await refusedAt(rig.input);
    expect(refused.length > 0).toBe(stopping.length > 0);
    if (BY_OTHER_QUESTIONS.has(id)) return;
    expect(refused).toEqual([...new Set(stopping.map(({ where }) => where))].sort());
  });
});
