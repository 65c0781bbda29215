import { randomFrom } from "../support/random";

/** Random numbers that a seed repeats. */
export class Random {
  /** From 0 up to, not including, 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** Any JSON value. */
  json(depth = 3): unknown {
    const leaf = [null, true, 0, -1.5, 1e308, "", "a", "\u0000", "__proto__", "x".repeat(300)] as const;
    if (depth === 0 || this.chance(0.5)) return this.pick(leaf as unknown as [unknown]);
    const items = Array.from({ length: this.below(4) }, () => this.json(depth - 1));
    return this.chance(0.5) ? items : Object.fromEntries(items.map((item, index) => [`k${index}`, item]));
  }

  /** The value with one of its parts replaced by any JSON value, or left out. */
  spoilt(value: unknown): unknown {
    if (typeof value !== "object" || value === null || this.chance(0.25)) return this.json();
    const keys = Object.keys(value);
    const [first, ...others] = keys;
    if (first === undefined) return this.json();
    const key = this.pick([first, ...others]);
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    if (this.chance(0.2)) delete copy[key];
    else copy[key] = this.spoilt(copy[key]);
    return copy;
  }
}
