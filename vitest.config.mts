import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Taken from the clock once, for all files: their workers inherit it.
if (process.env["FULL_TABLES"] === "1") process.env["PROPERTY_SEED"] ||= String(Date.now() % 2_147_483_647);

/** How long a test may wait for what it waits for. Only what never comes takes so long, also on a busy machine. */
const PATIENCE_MS = 120_000;

const withTheEngine = [
  "test/engine/**/*.test.ts",
  "test/regressions/engine/**/*.test.ts",
  "test/regressions/provider/**/*.test.ts",
];

/** One more than there are cores: a quarter of each run is waiting, for the engine to start and for the edge to answer. */
const FILES_AT_ONCE = Math.min(6, availableParallelism() + 1);

// Two projects, whose files run side by side: `unit` touches no engine, `engine` runs the real one.
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/property-count.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...withTheEngine, "node_modules/**"],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
          expect: { poll: { timeout: PATIENCE_MS / 4 } },
          maxWorkers: FILES_AT_ONCE,
        },
      },
      {
        test: {
          name: "engine",
          include: withTheEngine,
          globalSetup: ["test/engine/global-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 900_000,
          expect: { poll: { timeout: PATIENCE_MS / 4 } },
          maxWorkers: FILES_AT_ONCE,
        },
      },
    ],
  },
});
