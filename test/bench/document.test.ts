import { expect, test } from "vitest";
import { withResults } from "../../bench/document";
import type { Figure } from "../../bench/figure";
import { plot } from "../../bench/plot";
import type { Report } from "../../bench/report";
import { textOf } from "../docs/markdown";

const figure: Figure = {
  name: "preview, 1 application",
  reference: "flat <program>",
  rounds: 11,
  ratio: { median: 0.98, low: 0.95, high: 1.02 },
  cpuRatio: { median: 0.99, low: 0.9, high: 1 },
  measured: 1.5,
  compared: 1.53,
  unit: "s",
  limit: { side: "at most", ratio: 1.1 },
};
const report: Report = {
  machine: {
    cores: 2,
    processor: "Some CPU",
    memoryGiB: 8,
    system: "Linux 6 x64",
    node: "v24.0.0",
    engine: "pulumi 3.259.0",
    providers: "the sandbox's own",
  },
  at: "2026-01-02T03:04:05.678Z",
  figures: [figure],
  demo: [{ name: "up", seconds: 3, share: 1 }],
  misses: [],
};

test("the results take the last ones' place, and what is written by hand stays", () => {
  const page = textOf("docs/performance.md");
  const once = withResults(page, report);
  expect(once).toContain(
    "| preview, 1 application | flat <program> | 0.98 | 0.95–1.02 | 0.99 | at most 1.1 |",
  );
  expect(once).toContain(
    "Measured on 2026-01-02: 2 × Some CPU, 8 GiB, Linux 6 x64; Node v24.0.0, pulumi 3.259.0",
  );
  expect(once).toContain("| up | 3.0 s | 100 % |");
  expect(once).toContain("All 1 limits hold.");
  expect(withResults(once, report)).toBe(once);
  const byHand = (text: string) => text.replace(/<!-- written by[\s\S]*to here -->/, "");
  expect(byHand(once)).toBe(byHand(page));
  expect(withResults(page, { ...report, misses: ["too slow"] })).toContain("- too slow");
});

test("a page without its markers is refused, not overwritten", () => {
  expect(() => withResults("# Performance\n", report)).toThrow(/each of these lines once/);
});

test("the picture says what it shows in words, and colours a figure by its limit", () => {
  const missed = { ...figure, ratio: { median: 1.2, low: 1.1, high: 1.3 } };
  const free = { ...figure, limit: undefined };
  const svg = plot([figure, missed, free], "2026-01-02, a machine");
  expect(svg).toContain("preview, 1 application: 1.20 of flat &lt;program&gt;, at most 1.1.");
  expect(svg.match(/<circle class="(\w+)"/g)).toEqual(
    ["held", "missed", "free"].map((state) => `<circle class="${state}"`),
  );
  expect(svg).toContain("prefers-color-scheme: dark");
  expect(svg).not.toContain("NaN");
});
