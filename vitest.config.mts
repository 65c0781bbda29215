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

// Two projects: `unit` touches no engine; `engine` runs the real one, three files at a time: a quarter of each run is
// waiting for the engine to start and for the edge to answer.
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
          // By itself vitest leaves one core free, and on two would run one file at a time.
          maxWorkers: Math.max(2, availableParallelism() - 1),
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
          maxWorkers: 3,
        },
      },
    ],
  },
});
