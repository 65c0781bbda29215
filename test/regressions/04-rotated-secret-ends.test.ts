import { runCommand } from "citty";
import { describe, expect, test } from "vitest";
import type { Problem } from "../../packages/base/problems";
import { renderText } from "../../packages/cli/access-diff/report";
import { rotateCommand } from "../../packages/cli/commands/rotate";
import { judgeStack } from "../../policies/judge";
import { diffBetween, exported } from "../access-diff/states";
import { compliant, set, the } from "../policies/compliant";
import { problemsOf, REQUIRED } from "../support/config-problems";

const NOW = new Date("2026-11-30T12:00:00Z");
const TIMES: [ends: string, isAccepted: boolean][] = [
  ["2020-01-01T00:00:00Z", true],
  ["2026-11-30T12:00:00Z", true],
  ["2026-12-30T12:00:00Z", true],
  ["2026-12-30T13:00:00+01:00", true],
  // As the engine writes a time that had no quotes.
  ["2026-12-30 12:00:00 +0000 UTC", true],
  ["2026-12-30T12:00:01Z", false],
  ["2027-01-31T00:00:00Z", false],
  ["2999-01-01T00:00:00Z", false],
  ["2999-01-01 00:00:00 +0000 UTC", false],
];

const problems = (serviceTokens: object[]): readonly Problem[] =>
  problemsOf(
    { ...REQUIRED, applications: [{ allow: { emails: ["artist@datacrew.space"] } }], serviceTokens },
    { now: NOW },
  );

describe("4: a rotated secret ends within Cloudflare's own limit of 30 days", () => {
  test.each(TIMES)("in the config: %s accepted: %s", (previousExpiresAt, isAccepted) => {
    const found = problems([{ name: "comfyui-api", version: 2, previousExpiresAt }]);
    expect(found.map(({ path }) => path)).toEqual(isAccepted ? [] : ["serviceTokens[0].previousExpiresAt"]);
    // What was found, and the limit.
    if (!isAccepted) expect(found[0]?.found).toMatch(/^(2026|2027|2999)-.* 30 days$/);
  });

  test.each(TIMES)("on a stand-in: %s accepted: %s", (until, isAccepted) => {
    const standIn = { name: "comfyui-api-stand-in", standIn: { for: "comfyui-api", until } };
    const paths = problems([{ name: "comfyui-api" }, standIn]).map(({ path }) => path);
    expect(paths).toEqual(isAccepted ? [] : ["serviceTokens[1].standIn.until"]);
  });

  test.each(TIMES.filter(([ends]) => ends.includes("T")))(
    "in a plan or a state: %s accepted: %s",
    (ends, isAccepted) => {
      const resources = compliant();
      set(the(resources, "token"), "previousClientSecretExpiresAt", ends);
      const rules = judgeStack({ resources }, { today: NOW }).map(({ rule }) => rule.name);
      expect(rules).toEqual(isAccepted ? [] : ["token-overlap"]);
    },
  );

  test("rotate itself asks for no longer overlap", async () => {
    const call = runCommand(rotateCommand, { rawArgs: ["--stack", "nope", "--overlap", "721h"] });
    await expect(call).rejects.toThrow(/--overlap is "721h"[\s\S]*720h/);
  });
});

describe("4: the access diff says that a rotated secret", () => {
  const named = '"name":"comfyui-api"';
  const token = (version: number, until?: string) => {
    const end = until === undefined ? "" : `,"previousClientSecretExpiresAt":"${until}"`;
    return exported().replace(named, `${named},"clientSecretVersion":${version}${end}`);
  };
  const [SOON, LATER] = ["2026-12-01T12:00:00Z", "2026-12-20T12:00:00Z"];

  test("lives longer: from when to when, and that this widens", () => {
    const diff = diffBetween(token(2, SOON), token(2, LATER));
    expect(diff.verdict).toBe("widened");
    expect(diff.facts).toMatchObject([{ kind: "previous secret", effect: "widens", about: "comfyui-api" }]);
    expect(renderText(diff)).toContain(LATER);
    expect(renderText(diff)).toContain(SOON);
  });

  test("ends earlier, which narrows", () => {
    expect(diffBetween(token(2, LATER), token(2, SOON)).verdict).toBe("narrowed");
  });

  test("is the same, however its end is written", () => {
    const diff = diffBetween(token(2, SOON), token(2, "2026-12-01T13:00:00+01:00"));
    expect(diff.verdict).toBe("no change");
    expect(diff.facts).toEqual([]);
  });

  test("is replaced, which is no widening and is said all the same", () => {
    const diff = diffBetween(token(1), token(2, SOON));
    expect(diff.verdict).toBe("no change");
    expect(diff.facts).toMatchObject([{ kind: "previous secret", effect: "informs" }]);
  });

  test("is replaced, and outlives the token that it was of", () => {
    const old = token(1).replace(named, `${named},"expiresAt":"2027-06-01T00:00:00Z"`);
    expect(diffBetween(old, token(2, "2999-01-01T00:00:00Z")).verdict).toBe("widened");
  });
});
