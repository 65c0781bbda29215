import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";

/** Does what the SDK does with an uncaught error, and keeps the program from ending by itself. */
const PROGRAM = `
  process.on("uncaughtException", (error) => console.error(error.message));
  setInterval(() => {}, 1000);
  process.stdin.once("data", () => console.error("to nobody"));
`;

/** Runs a program whose engine dies; undefined when it still runs after a while. */
async function endOf(program: string): Promise<number | null | undefined> {
  const child = spawn(process.execPath, [...withTypeScript, "--eval", program], { cwd: projectDir });
  try {
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.write("go on\n");
    return await Promise.race([
      ended,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 5000)),
    ]);
  } finally {
    child.kill("SIGKILL");
  }
}

test("a program ends when its engine was killed", async () => {
  const guard = JSON.stringify(join(projectDir, "packages/base/process/end-with-engine.ts"));
  expect(await endOf(`require(${guard});${PROGRAM}`)).toBe(1);
});

test("which it would not by itself", async () => {
  expect(await endOf(PROGRAM)).toBeUndefined();
});
