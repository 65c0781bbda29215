import { describe, expect, test } from "vitest";
import { sameInstant } from "../../packages/base/instant";
import { isDue } from "../../packages/cli/rotate/due";
import { ConfigEdit, nextVersion, tokenEntry } from "../../packages/cli/rotate/edit-config";
import { type Facts, fingerprint, type Wish } from "../../packages/cli/rotate/facts";
import { isUnderWay, nextStep } from "../../packages/cli/rotate/next-step";
import { setInText } from "../../packages/cli/stack/set-in-text";

const own = fingerprint("own");
const now = new Date("2026-12-01T00:00:00Z");
const wish: Wish = { overlapMs: 86_400_000, end: "now", finish: false, due: true, again: true };

/** A stack file as the engine writes it anew, after any `pulumi config set`. */
const REWRITTEN = `config:
  p:serviceTokens:
    - name: comfyui-api
      previousExpiresAt: 2026-12-01 13:27:26 +0000 UTC
      rotation:
        at: 2026-11-30 13:27:26 +0000 UTC
        proven: ${own}
        version: 2
      version: 2
`;

function factsOf(change: Partial<Facts> = {}): Facts {
  return {
    config: tokenEntry(REWRITTEN, "p", "comfyui-api"),
    state: { version: 2, previousExpiresAt: "2026-12-01T13:27:26Z", fingerprint: own },
    standIn: {},
    converged: false,
    probed: { [own]: "passes" },
    extended: false,
    worked: false,
    rotated: false,
    ...change,
  };
}

describe("7: after the engine has written the config anew", () => {
  test("a time is the one that it was, and nothing is under way", () => {
    expect(isUnderWay(factsOf())).toBe(false);
    expect(factsOf().config.previousExpiresAt).toBe("2026-12-01T13:27:26Z");
    expect(factsOf().config.rotation).toMatchObject({ proven: own, at: "2026-11-30T13:27:26Z" });
  });

  test("another rotation begins, which ends both secrets before", () => {
    expect(nextStep(factsOf(), wish, now)).toMatchObject({ do: "raise", version: 3 });
  });

  test("it begins as well after an update that brought the stack up to its config", () => {
    const behind = factsOf({
      state: { version: 2, previousExpiresAt: "2026-12-02T00:00:00Z", fingerprint: own },
    });
    expect(nextStep(behind, wish, now)).toEqual({ do: "up" });
    expect(nextStep(factsOf({ converged: true }), wish, now)).toMatchObject({ do: "raise", version: 3 });
    // And after whatever else was done in this run, but not after a rotation.
    expect(nextStep(factsOf({ converged: true, worked: true }), wish, now)).toMatchObject({ do: "raise" });
    expect(nextStep(factsOf({ worked: true, rotated: true }), wish, now)).toMatchObject({ do: "nothing" });
  });

  test("the end of the old secret that was asked for and does not come is no success", () => {
    const step = nextStep(factsOf(), { ...wish, again: false }, now);
    expect(step).toEqual({ do: "stop", because: "rotated already" });
    // Left to its overlap it comes by itself.
    expect(nextStep(factsOf(), { ...wish, again: false, end: "overlap" }, now)).toMatchObject({
      do: "nothing",
    });
  });

  test("how old a secret is, is read from the same time", () => {
    const entry = tokenEntry(REWRITTEN, "p", "comfyui-api");
    expect(isDue(entry, { now, olderThanMs: 10 * 3_600_000 })).toBe(true);
    expect(isDue(entry, { now, olderThanMs: 20 * 3_600_000 })).toBe(false);
  });

  test("a version that stands there as text is the same version", () => {
    const text = REWRITTEN.replace(/version: 2$/gm, 'version: "2"');
    expect(tokenEntry(text, "p", "comfyui-api")).toMatchObject({ version: 2, rotation: { proven: own } });
  });
});

test.each([
  ["2026-12-01 13:27:26 +0000 UTC", "2026-12-01T13:27:26Z", true],
  ["2026-12-01 14:27:26 +0100 CET", "2026-12-01T13:27:26Z", true],
  ["2026-12-01T13:27:26.000Z", "2026-12-01T13:27:26+00:00", true],
  ["2026-12-01T13:27:26Z", "2026-12-01T13:27:27Z", false],
  [undefined, "2026-12-01T13:27:26Z", false],
  [undefined, undefined, true],
])("7: %s and %s are the same moment: %s", (one, other, same) => {
  expect(sameInstant(one, other)).toBe(same);
});

test("7: times are written in quotes, so that the engine leaves them as they are", () => {
  const at = new Date("2027-01-31T00:00:00Z");
  const raised = nextVersion(REWRITTEN, "p", "comfyui-api", at);
  expect(raised).toContain('previousExpiresAt: "2027-01-31T00:00:00Z"');
  const noted = new ConfigEdit(REWRITTEN, "p")
    .setNote("comfyui-api", { version: 2, proven: own, at: "2027-01-31T00:00:00Z" })
    .setStandIn("comfyui-api-stand-in", "96h", { for: "comfyui-api", until: "2027-01-31T00:00:00Z" })
    .toString();
  expect(noted).toContain('at: "2027-01-31T00:00:00Z"');
  expect(noted).toContain('until: "2027-01-31T00:00:00Z"');
  expect(setInText("a: 1\n", ["b"], { until: "2027-01-31T00:00:00Z" })).toContain('"2027-01-31T00:00:00Z"');
});
