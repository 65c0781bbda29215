import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { isAlive } from "../../packages/base/process/process-alive";
import { projectDir } from "../../packages/cli/sandboxed/workspace";

// As the engine starts them, with an address that nobody answers at.
test.each([
  ["the guardrails", join(projectDir, "policies", "run")],
  [
    "the tunnel's plugin",
    join(projectDir, "packages/provider/tunnel-ingress/pulumi-resource-comfyui-access"),
  ],
])("%s end when the engine that started them is killed", async (_, file) => {
  const engine = spawn("sh", ["-c", `"${file}" 127.0.0.1:1 & echo $!; wait`], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface(engine.stdout)[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  try {
    // Its port: it serves.
    expect(Number((await lines.next()).value)).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(true);
    engine.kill("SIGKILL");
    await once(engine, "exit");
    await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 200 }).toBe(false);
  } finally {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
});
