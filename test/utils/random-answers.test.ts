import { expect, it } from "vitest";
import { startRandomServer } from "../client/random-server";
import { PROPERTY_SEED } from "../support/property-seed";
import { runPython } from "./python";

const total = 2000;

it(`${total} random answers (PROPERTY_SEED=${PROPERTY_SEED}): a result or a ComfyUIError, and in time`, {
  timeout: 120_000,
}, async () => {
  const server = await startRandomServer(PROPERTY_SEED);
  try {
    const { stdout, stderr } = await runPython("ask_at_random.py", {
      arguments: [server.port, total, PROPERTY_SEED].map(String),
    });
    expect(stderr).toBe("");
    const seen = JSON.parse(stdout);
    expect(seen.problems).toEqual([]);
    // The answers are worth something only when they lead to results and to errors of every sort.
    expect(seen.results).toBeGreaterThan(total / 50);
    expect(Object.keys(seen.errors).sort()).toEqual([
      "access",
      "comfyui",
      "network",
      "protocol",
      "timeout",
      "tunnel",
      "usage",
    ]);
  } finally {
    await server.close();
  }
});
