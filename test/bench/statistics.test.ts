import { expect, test } from "vitest";
import { type Figure, figureOf, misses } from "../../bench/figure";
import { stepsIn } from "../../bench/figures/demo";
import { inTurn } from "../../bench/rounds";
import { pairedRatio, spreadOf } from "../../bench/statistics";
import { childTime, timed } from "../../bench/timed";

test("median and quartiles", () => {
  expect(spreadOf([4, 1, 3, 2, 5])).toEqual({ median: 3, low: 2, high: 4 });
  expect(spreadOf([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75 });
  expect(spreadOf([]).median).toBeNaN();
});

test("a load that comes and goes touches both halves of a pair and not the ratio", () => {
  const reference = [1, 10, 2, 8, 1];
  const measured = reference.map((ms) => ms * 1.2);
  expect(pairedRatio(measured, reference).median).toBeCloseTo(1.2);
});

test("contenders take turns, the order turned around, and the first round is not counted", async () => {
  const order: string[] = [];
  const contender = (name: string) => ({
    name,
    run: async () => ({ wallMs: order.push(name), cpuMs: 1 }),
  });
  const series = await inTurn([contender("a"), contender("b")], 2);
  expect(order.join("")).toBe("abbaab");
  expect(series).toEqual({
    a: { wallMs: [4, 5], cpuMs: [1, 1] },
    b: { wallMs: [3, 6], cpuMs: [1, 1] },
  });
});

const series = {
  ours: { wallMs: [1300, 1200, 1100], cpuMs: [900, 900, 900] },
  theirs: { wallMs: [1000, 1000, 1000], cpuMs: [600, 600, 600] },
};
const figure = (limit?: Figure["limit"]) =>
  figureOf(series, { name: "preview", measured: "ours", reference: "theirs", limit });

test("a figure has both ratios, and seconds", () => {
  expect(figure()).toMatchObject({
    ratio: { median: 1.2, low: 1.15, high: 1.25 },
    cpuRatio: { median: 1.5 },
    measured: 1.2,
    compared: 1,
    rounds: 3,
  });
});

test.each([
  ["at most", 1.2, []],
  ["at most", 1.1, ["preview: 1.200 of theirs, at most 1.1 is wanted"]],
  ["at least", 1.2, []],
  ["at least", 1.3, ["preview: 1.200 of theirs, at least 1.3 is wanted"]],
] as const)("%s %s", (side, ratio, expected) => {
  expect(misses([figure({ side, ratio })])).toEqual(expected);
});

test("a tolerance widens a limit, and one without figures is missed", () => {
  expect(misses([figure({ side: "at most", ratio: 1.1 })], 1.1)).toEqual([]);
  const none = figureOf(
    { a: { wallMs: [], cpuMs: [] }, b: { wallMs: [], cpuMs: [] } },
    { name: "nothing", measured: "a", reference: "b", limit: { side: "at most", ratio: 9 } },
  );
  expect(misses([none])).toHaveLength(1);
});

test("the processor time is that of what was started", async () => {
  const busy = "const end = Date.now() + 300; while (Date.now() < end);";
  const env = { PATH: process.env["PATH"] };
  const cwd = process.cwd();
  const spinning = await timed({ words: [process.execPath, "-e", busy], cwd, env });
  const waiting = await timed({ words: ["sleep", "0.4"], cwd, env });
  expect(spinning.cpuMs).toBeGreaterThan(waiting.cpuMs + 50);
  expect(waiting.wallMs).toBeGreaterThan(390);
  expect(waiting.cpuMs).toBeLessThan(200);
});

test("a command that fails is told with what it printed", async () => {
  const words = ["sh", "-c", "echo out; echo err >&2; exit 3"];
  await expect(timed({ words, cwd: "/", env: {} })).rejects.toThrow(/ended with 3:\nout\n\nerr/);
});

test("the shell's times are read in every form that shells give", () => {
  expect(childTime("0m0.01s 0m0.00s\n0m1.25s 0m0.25s\n")).toBe(1500);
  expect(childTime("0m0,010s 0m0,000s\n1m1,500s 0m0,000s\n")).toBe(61_500);
  expect(() => childTime("nothing")).toThrow(/not in the known form/);
});

test("demo's steps are read from what it prints", () => {
  const printed = [
    "  ✓ engine       pulumi 3.259.0, built earlier                     0.3 s",
    "    up           ZeroTrustAccessPolicy comfyui",
    "  ✓ read back    12 of the stack's 17 objects looked up            1.7 s",
    "  3.0 s in all, 12 writes",
  ].join("\n");
  expect(stepsIn(printed, 4)).toEqual([
    { name: "engine", seconds: 0.3, share: 0.075 },
    { name: "read back", seconds: 1.7, share: 0.425 },
    { name: "start and end", seconds: 2, share: 0.5 },
  ]);
  expect(() => stepsIn("nothing", 1)).toThrow(/no steps/);
});
