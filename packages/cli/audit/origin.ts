import type { Origin } from "./types";

/** An origin in words, as the reports and the advice tell it: `env COMFYUI_URL`, `literal`. */
export function wordsOf(origin: Origin): string {
  if (!("name" in origin)) return origin.kind;
  return origin.kind === "name" ? origin.name : `${origin.kind} ${origin.name}`;
}

/** Whether it is something that a user sets. */
export function isSetting(origin: Origin): origin is Extract<Origin, { name: string }> {
  return origin.kind === "env" || origin.kind === "config" || origin.kind === "argument";
}
