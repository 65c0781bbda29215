import { expect } from "vitest";
import type { Ended } from "../leaks/run";

/** One thing that people do, or that happens to them. */
export interface Scene {
  name: string;
  /** Played only when all are: the others are a slice of every kind of place. */
  full?: boolean;
  play(): Promise<unknown>;
}

/** A command that has to end with one of these codes; by default with 0. */
export async function answers(ending: Promise<Ended>, ...codes: number[]): Promise<Ended> {
  const ended = await ending;
  expect([0, ...codes], `${ended.stdout}\n${ended.stderr}`).toContain(ended.code);
  return ended;
}

/** A command that has to fail. */
export async function fails(ending: Promise<Ended>): Promise<Ended> {
  const ended = await ending;
  expect(ended.code, `${ended.stdout}\n${ended.stderr}`).toBeGreaterThan(0);
  return ended;
}

/** What came of some scenes. */
export interface Played {
  names: string[];
  /** Of those that did not end as they have to. */
  failures: string[];
}

/** Plays the scenes in their order; the ones after a failure too, since what they leave is to be searched as well. */
export async function playAll(scenes: readonly Scene[], full: boolean): Promise<Played> {
  const played: Played = { names: [], failures: [] };
  for (const { name, full: onlyInFull, play } of scenes) {
    if (onlyInFull && !full) continue;
    played.names.push(name);
    await play().catch((error: Error) => played.failures.push(`${name}: ${error.message}`));
  }
  return played;
}
