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

/** Plays the scenes in their order. */
export async function playAll(scenes: readonly Scene[], full: boolean): Promise<string[]> {
  const played: string[] = [];
  for (const scene of scenes) {
    if (scene.full && !full) continue;
    await scene.play();
    played.push(scene.name);
  }
  return played;
}
