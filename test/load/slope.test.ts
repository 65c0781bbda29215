import { describe, expect, test } from "vitest";
import { randomFrom } from "../support/random";
import { type MemorySample, percentile, slopesOf } from "./slope";

const MiB = 1024 ** 2;
/** One noise, always the same: among many, some look like a slope. */
const random = randomFrom(7);

/** Rounds of 240 requests of which each leaves so many bytes behind, with noise of so many bytes. */
const samples = (leak: number, noise: number, rounds = 8): MemorySample[] =>
  Array.from({ length: rounds }, (_, index) => ({
    requests: 1000 + index * 240,
    heapUsed: 40 * MiB + index * 240 * leak + random() * noise,
    external: 8 * MiB,
    rss: 300 * MiB + random() * 20 * noise,
  }));

describe("the slope of memory", () => {
  test("is what each request leaves behind", () => {
    expect(slopesOf(samples(1024, 0)).held).toBeCloseTo(1024);
    expect(slopesOf(samples(0, 0)).held).toBeCloseTo(0);
  });

  test("is seen through noise of 100 KiB, and noise alone is none", () => {
    expect(slopesOf(samples(1024, 100 * 1024)).held).toBeGreaterThan(900);
    expect(Math.abs(slopesOf(samples(0, 100 * 1024)).held)).toBeLessThan(100);
  });

  test("is that of most samples when one stands out", () => {
    const all = samples(0, 0);
    const odd = all[3] as MemorySample;
    odd.heapUsed += 20 * MiB;
    expect(slopesOf(all).held).toBeCloseTo(0);
  });

  test("is not told from fewer than four samples", () => {
    expect(() => slopesOf(samples(0, 0, 3))).toThrow("3 samples");
  });
});

test("percentiles are values that were measured", () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);
  expect([percentile(values, 0.5), percentile(values, 0.99)]).toEqual([101, 199]);
});
