import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Worker } from "./worker";

const isFull = process.env["FULL_TABLES"] === "1";
const WRITERS = 3;
const TIMES = isFull ? 300 : 25;

let folder: string;
const workers: Worker[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-writers-"));
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.end("SIGKILL")));
  rmSync(folder, { recursive: true });
});

test(`${WRITERS} processes write one .env at once: it is whole at each moment, and holds what each wrote`, {
  timeout: 300_000,
}, async () => {
  const path = join(folder, ".env");
  const others = "# mine\nOTHER='kept as it is'  # and this\n";
  writeFileSync(path, others, { mode: 0o600 });
  workers.push(...Array.from({ length: WRITERS }, () => Worker.start(join(__dirname, "env-process.ts"))));
  let done = false;
  let looks = 0;
  const looking = (async () => {
    while (!done) {
      const text = readFileSync(path, "utf8");
      expect(text.startsWith(others)).toBe(true);
      expect(text.endsWith("\n")).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      looks += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const written = await Promise.all(
    workers.map((worker, index) => worker.call("write", { path, key: `KEY_${index}`, times: TIMES })),
  );
  done = true;
  await looking;
  console.log(`${WRITERS} processes, ${TIMES} writes each, ${looks} looks at the file`);
  expect(written).toEqual(new Array(WRITERS).fill(TIMES));
  const values = parseEnv(readFileSync(path, "utf8"));
  expect(values).toEqual({
    OTHER: "kept as it is",
    ...Object.fromEntries(workers.map((_, index) => [`KEY_${index}`, `${TIMES}`])),
  });
  expect(readdirSync(folder)).toEqual([".env"]);
});
