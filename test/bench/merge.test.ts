import { expect, test } from "vitest";
import type { Figure } from "../../bench/figure";
import { merged } from "../../bench/merge";
import type { Report } from "../../bench/report";

const machine = {
  cores: 2,
  processor: "A",
  memoryGiB: 8,
  system: "S",
  node: "N",
  engine: "E",
  providers: "P",
};
const figure = (group: string, size: number, median: number): Figure => ({
  group,
  size,
  name: `${group}, ${size}`,
  reference: "flat program",
  rounds: 3,
  ratio: { median, low: median, high: median },
  measured: 1,
  compared: 1,
  unit: "s",
  limit: { side: "at most", ratio: 1.1 },
});
const report = (figures: Figure[], more: Partial<Report> = {}): Report => ({
  machine,
  at: "2026-01-02T00:00:00Z",
  figures,
  misses: [],
  ...more,
});
const order = ["preview", "up"];
const names = (merging: Report) => merging.figures.map(({ name }) => name);

test("what was measured again takes the place of the old, the rest stays, in its order", () => {
  const demo = [{ name: "up", seconds: 1, share: 1 }];
  const last = report([figure("preview", 1, 2), figure("up", 1, 1)], { demo });
  const now = report([figure("preview", 50, 1), figure("preview", 1, 1)]);
  const both = merged(last, now, order);
  expect(names(both)).toEqual(["preview, 1", "preview, 50", "up, 1"]);
  expect(both).toMatchObject({ demo, misses: [] });
});

test("a limit that is missed stays told until it is measured again", () => {
  const last = report([figure("preview", 1, 2)]);
  expect(merged(last, report([figure("up", 1, 1)]), order).misses).toHaveLength(1);
});

test("another machine's figures go", () => {
  const last = report([figure("preview", 1, 1)], { machine: { ...machine, cores: 4 } });
  expect(names(merged(last, report([figure("up", 1, 1)]), order))).toEqual(["up, 1"]);
  expect(names(merged(undefined, report([figure("up", 1, 1)]), order))).toEqual(["up, 1"]);
});
