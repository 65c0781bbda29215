import { describe, expect, test } from "vitest";
import type { RotationNote } from "../../config/stack-config";
import { type Facts, fingerprint, UNKNOWN_SECRET, type Wish } from "../../packages/cli/rotate/facts";
import { nextStep, type Step, trustIn } from "../../packages/cli/rotate/next-step";
import { intention, stopWords } from "../../packages/cli/rotate/words";

const HOUR = 3_600_000;
const now = new Date("2030-01-01T00:00:00Z");
const at = (hours: number) => new Date(now.getTime() + hours * HOUR).toISOString();
const wish: Wish = { overlapMs: 24 * HOUR, end: "overlap", finish: false, due: true, again: false };
const own = fingerprint("own");
const before = fingerprint("before");
const other = fingerprint("stand-in");

/** A token that was rotated once, long ago, by `rotate`; changed by what a test says. */
function facts(change: Partial<Facts> = {}): Facts {
  return {
    config: { version: 2, previousExpiresAt: at(-100), rotation: { version: 2, proven: own, at: at(-124) } },
    state: { version: 2, previousExpiresAt: at(-100), fingerprint: own, expiresAt: at(5000) },
    standIn: {},
    converged: false,
    probed: {},
    extended: false,
    worked: false,
    rotated: false,
    ...change,
  };
}

const underWay = (rotation: RotationNote | undefined, change: Partial<Facts> = {}): Facts =>
  facts({
    config: { version: 2, previousExpiresAt: at(20), rotation },
    state: { version: 2, previousExpiresAt: at(20), fingerprint: own },
    converged: true,
    ...change,
  });

describe("one step after the other", () => {
  test.each<[string, Facts, Partial<Wish>, Partial<Step>]>([
    ["looks first", facts(), {}, { do: "probe", fingerprint: own }],
    ["begins", facts({ probed: { [own]: "passes" } }), {}, { do: "raise", version: 3, replaces: own }],
    ["begins with one that is refused", facts({ probed: { [own]: "refused" } }), {}, { do: "raise" }],
    [
      "does not begin what it could not prove",
      facts({ probed: { [own]: "unreachable" } }),
      {},
      { do: "stop", because: "unreachable" },
    ],
    ["is not due", facts(), { due: false }, { do: "nothing", because: "not due" }],
    ["finishes nothing", facts(), { finish: true, end: "now" }, { do: "nothing", because: "done" }],
    ["was never made", facts({ state: undefined }), {}, { do: "stop", because: "not in the state" }],
    [
      "is older than the state",
      facts({ config: { version: 1 } }),
      {},
      { do: "stop", because: "config behind state" },
    ],
    [
      "was rotated already",
      facts({
        config: { version: 2, previousExpiresAt: at(3), rotation: { version: 2, proven: own, at: at(-1) } },
        state: { version: 2, previousExpiresAt: at(3), fingerprint: own },
      }),
      {},
      { do: "nothing", because: "rotated already" },
    ],
    [
      "was raised by hand: notes what it replaces",
      facts({ config: { version: 3, previousExpiresAt: at(20) } }),
      {},
      { do: "note", replaces: own },
    ],
    [
      "was raised long ago: gives the old secret time anew",
      facts({ config: { version: 3, previousExpiresAt: at(-1), rotation: { version: 2, replaces: own } } }),
      {},
      { do: "note", previousExpiresAt: new Date(at(24)) },
    ],
    [
      "was raised: brings it up",
      facts({ config: { version: 3, previousExpiresAt: at(20), rotation: { version: 2, replaces: own } } }),
      {},
      { do: "up" },
    ],
    [
      "goes on: brings it up again first",
      underWay({ version: 2, replaces: before }, { converged: false }),
      {},
      { do: "up" },
    ],
    [
      "tries the new secret before anybody gets it",
      underWay({ version: 2, replaces: before }),
      {},
      { do: "probe" },
    ],
    [
      "leaves the sinks alone when it is refused",
      underWay({ version: 2, replaces: before }, { probed: { [own]: "refused" } }),
      {},
      { do: "stop", because: "refused" },
    ],
    [
      "hands out",
      underWay({ version: 2, replaces: before }, { probed: { [own]: "passes" } }),
      {},
      { do: "hand-out", whose: "token" },
    ],
    [
      "leaves the old one to its end",
      underWay({ version: 2, replaces: before }, { probed: { [own]: "passes" }, inSinks: own }),
      {},
      { do: "prove" },
    ],
    [
      "ends the old one",
      underWay({ version: 2, replaces: before }, { probed: { [own]: "passes" }, inSinks: own }),
      { end: "now" },
      { do: "end" },
    ],
    ["has lost the answer", underWay({ version: 2, replaces: own }), {}, { do: "stand-in", why: "lost" }],
    ["does not know whether it has", underWay(undefined), {}, { do: "stand-in", why: "in doubt" }],
    [
      "does not end what may be the newest",
      underWay(undefined),
      { finish: true, end: "now" },
      { do: "stop", because: "in doubt" },
    ],
    [
      "lost the answer of a secret that nobody here knew",
      underWay(
        { version: 2, replaces: UNKNOWN_SECRET },
        { state: { version: 2, previousExpiresAt: at(20), fingerprint: UNKNOWN_SECRET } },
      ),
      {},
      { do: "stand-in", why: "lost" },
    ],
    [
      "makes one that the stack does not know",
      facts({ config: { version: 1 }, state: { version: 1, fingerprint: UNKNOWN_SECRET } }),
      {},
      { do: "raise", version: 101, replaces: UNKNOWN_SECRET },
    ],
    [
      "makes the token live longer",
      underWay(
        { version: 2, replaces: before },
        {
          probed: { [own]: "passes" },
          inSinks: own,
          state: { version: 2, previousExpiresAt: at(20), fingerprint: own, expiresAt: at(100) },
        },
      ),
      { extendWithinMs: 200 * HOUR },
      { do: "extend" },
    ],
  ])("%s", (_, given, wanted, step) => {
    expect(nextStep(given, { ...wish, ...wanted }, now)).toMatchObject(step);
  });

  const standIn = { config: {}, state: { fingerprint: other } };
  const passes = { [own]: "passes", [other]: "passes" } as const;
  test.each<[string, Facts, Partial<Wish>, Partial<Step>]>([
    [
      "tries it",
      underWay({ version: 2, replaces: own }, { standIn }),
      {},
      { do: "probe", whose: "stand-in" },
    ],
    [
      "hands it out",
      underWay({ version: 2, replaces: own }, { standIn, probed: passes }),
      {},
      { do: "hand-out", whose: "stand-in" },
    ],
    [
      "waits for those who still use the old secret",
      underWay({ version: 2, replaces: own }, { standIn, probed: passes, inSinks: other }),
      {},
      { do: "wait", until: at(20) },
    ],
    [
      "does not wait when told so",
      underWay({ version: 2, replaces: own }, { standIn, probed: passes, inSinks: other }),
      { end: "now" },
      { do: "raise", version: 3 },
    ],
    [
      "goes back to the token",
      underWay({ version: 2, replaces: before }, { standIn, probed: passes, inSinks: other }),
      {},
      { do: "retire", until: new Date(at(24)) },
    ],
    [
      "hands the token out again",
      underWay(
        { version: 2, replaces: before },
        { standIn: { ...standIn, config: { until: at(24) } }, probed: passes },
      ),
      {},
      { do: "hand-out", whose: "token" },
    ],
    [
      "stays for a while",
      underWay(
        { version: 2, proven: own, at: at(0) },
        { standIn: { ...standIn, config: { until: at(24) } }, probed: passes, inSinks: own },
      ),
      {},
      { do: "nothing", because: "stand-in retires" },
    ],
    [
      "goes in the end",
      underWay(
        { version: 2, proven: own, at: at(0) },
        { standIn: { ...standIn, config: { until: at(-1) } }, probed: passes, inSinks: own },
      ),
      {},
      { do: "remove-stand-in" },
    ],
    [
      "is taken out of the stack",
      underWay(
        { version: 2, proven: own, at: at(0) },
        { standIn: { state: { fingerprint: other } }, converged: false },
      ),
      {},
      { do: "up" },
    ],
    [
      "comes back when an answer is lost meanwhile",
      underWay({ version: 2, replaces: own }, { standIn: { ...standIn, config: { until: at(24) } } }),
      {},
      { do: "stand-in", why: "lost" },
    ],
    [
      "whose secret is unknown is of no use",
      underWay({ version: 2, replaces: own }, { standIn: { config: {} } }),
      {},
      { do: "stop", because: "stand-in unknown" },
    ],
  ])("a stand-in: %s", (_, given, wanted, step) => {
    expect(nextStep(given, { ...wish, ...wanted }, now)).toMatchObject(step);
  });
});

/** All combinations. */
function* product<T extends Record<string, readonly unknown[]>>(
  axes: T,
): Generator<{ [K in keyof T]: T[K][number] }> {
  const [first, ...rest] = Object.entries(axes);
  if (first === undefined) {
    yield {} as { [K in keyof T]: T[K][number] };
    return;
  }
  for (const value of first[1]) {
    for (const tail of product(Object.fromEntries(rest))) {
      yield { [first[0]]: value, ...tail } as { [K in keyof T]: T[K][number] };
    }
  }
}

test("no combination of facts leads to a step that could end the last known secret", () => {
  const verdicts = [undefined, "passes", "refused", "unreachable"] as const;
  const seen: Record<string, number> = {};
  const axes = {
    ahead: [0, 1],
    held: [own, UNKNOWN_SECRET],
    note: [
      undefined,
      { version: 2 },
      { version: 2, replaces: before },
      { version: 2, replaces: own },
      { version: 2, replaces: UNKNOWN_SECRET },
      { version: 2, proven: own, at: at(-5) },
      { version: 2, proven: before, at: at(-5) },
    ],
    previous: [undefined, at(-1), at(20)],
    standIn: [
      {},
      { state: { fingerprint: other } },
      ...[{}, { until: at(-1) }, { until: at(2) }].flatMap((config) => [
        { config },
        { config, state: { fingerprint: other } },
      ]),
    ],
    converged: [false, true],
    ownProbe: verdicts,
    otherProbe: [undefined, "passes", "refused"] as const,
    inSinks: [undefined, own, other],
    mode: [
      { end: "now", finish: true, due: true },
      { end: "now", finish: false, due: true },
      { end: "overlap", finish: false, due: true },
      { end: "overlap", finish: false, due: false },
      { end: "now", finish: false, due: true, again: true },
    ] as const,
  };
  let count = 0;
  for (const c of product(axes)) {
    const version = c.previous === undefined ? 1 : 2;
    const given: Facts = {
      config: { version: version + c.ahead, previousExpiresAt: c.previous, rotation: c.note },
      state: { version, previousExpiresAt: c.previous, fingerprint: c.held },
      standIn: c.standIn,
      converged: c.converged,
      probed: { ...(c.ownProbe && { [c.held]: c.ownProbe }), ...(c.otherProbe && { [other]: c.otherProbe }) },
      inSinks: c.inSinks,
      extended: false,
      worked: false,
      rotated: false,
    };
    const step = nextStep(given, { ...wish, ...c.mode }, now);
    seen[step.do] = (seen[step.do] ?? 0) + 1;
    count++;
    const why = () => JSON.stringify({ given, step });
    const isAccepted = c.previous !== undefined && Date.parse(c.previous) > now.getTime();
    const newest = given.state !== undefined && trustIn(given, given.state, now) === "newest";
    const inUse = c.inSinks === c.held && c.ownProbe === "passes";
    const standInServes = c.otherProbe === "passes" && c.inSinks === other;
    if (step.do === "raise") {
      if (!(newest || !isAccepted || standInServes)) throw new Error(`raised: ${why()}`);
      if (step.previousExpiresAt.getTime() < now.getTime() + wish.overlapMs)
        throw new Error(`no overlap: ${why()}`);
    }
    if ((step.do === "end" || step.do === "prove" || step.do === "remove-stand-in") && !(newest && inUse)) {
      throw new Error(`too early: ${why()}`);
    }
    if (step.do === "retire" && !(newest && standInServes)) throw new Error(`too early: ${why()}`);
    if (step.do === "hand-out" && step.whose === "token" && c.ownProbe !== "passes") {
      throw new Error(`untried: ${why()}`);
    }
    // What an update sends to end a secret has been decided before; a raised version has its note and its time.
    if (step.do === "up" && given.config.version > version) {
      if (c.note?.replaces === undefined || c.previous !== at(20)) throw new Error(`not noted: ${why()}`);
    }
    if (intention(step, "t") === "") throw new Error(why());
    if (step.do === "stop" && stopWords(step.because, "t").includes("")) throw new Error(why());
  }
  console.log(`${count} combinations: ${JSON.stringify(seen)}`);
  expect(count).toBeGreaterThan(100_000);
});
