import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { takeLock, waitForLock } from "../../packages/base/process/lock-file";
import { startOf } from "../../packages/base/process/process-alive";
import { openSandboxSession, type SandboxSession } from "../../packages/cli/sandboxed/session";
import { ACCOUNT, callerOf } from "../load/api-objects";

let dir: string;
const open: SandboxSession[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "one-folder-"));
});
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
  rmSync(dir, { recursive: true });
});

const engine = { command: "none", binDir: "/none", version: "3.259.0", origin: "installed" } as const;

/** What a command does that finds no sandbox running. */
async function session(log: (line: string) => void = () => {}): Promise<SandboxSession> {
  const opened = await openSandboxSession({ dir, engine, log });
  open.push(opened);
  return opened;
}

const make = ({ apiUrl, tokens }: SandboxSession, name: string) =>
  callerOf(apiUrl, tokens.up)("POST", `${ACCOUNT}/cfd_tunnel`, { name });

const lockFile = () => join(dir, "sandbox.lock");

describe("two commands at once, each with a sandbox of its own on the same folder", () => {
  test("the second waits, says for whom, and undoes nothing of the first", async () => {
    const first = await session();
    const said: string[] = [];
    const second = session((line) => said.push(line));
    await expect
      .poll(() => said, { timeout: 10_000 })
      .toEqual([expect.stringContaining(`process ${process.pid}`)]);
    await make(first, "of-the-first");
    open.splice(0);
    await first.close();
    await make(await second, "of-the-second");
    const { tunnels } = JSON.parse(readFileSync(join(dir, "cloudflare.json"), "utf8"));
    expect(tunnels.map(({ name }: { name: string }) => name)).toEqual(["of-the-first", "of-the-second"]);
    expect(said).toHaveLength(1);
  });

  test("a hold ends with its command, also with one that was killed", async () => {
    await (await session()).close();
    open.splice(0);
    expect(existsSync(lockFile())).toBe(false);
    for (const holder of [
      { pid: 2 ** 22 + 1, command: "up", since: "2026-01-01T00:00:00Z" },
      // A number that has been given to another process since.
      { pid: process.pid, start: "1", command: "up", since: "2026-01-01T00:00:00Z" },
    ]) {
      writeFileSync(lockFile(), JSON.stringify(holder));
      await (await session()).close();
      open.splice(0);
      expect(readdirSync(dir).filter((name) => name.startsWith("sandbox.lock"))).toEqual([]);
    }
  });

  test("one that does not end is named, with how to go on", async () => {
    const held = takeLock(lockFile());
    if (!("release" in held)) throw new Error("somebody has it");
    const wait = { patienceMs: 60, does: "uses it", remedy: "Wait." };
    const mine = new RegExp(`process ${process.pid}\\)? uses it since 20.*\\n.*→ Wait\\.$`);
    await expect(waitForLock(lockFile(), wait)).rejects.toThrow(mine);
    held.release();
    // Whether it still runs cannot be seen from here.
    writeFileSync(
      lockFile(),
      JSON.stringify({ pid: 1, host: "another.example.org", command: "up", since: "then" }),
    );
    await expect(waitForLock(lockFile(), wait)).rejects.toThrow(
      `"up" (process 1 on another.example.org) uses it since then\n  → Wait. If it is certain that it is no more, delete ${lockFile()}.`,
    );
    const other = await waitForLock(lockFile(), { ...wait, instead: async () => "no need" as const });
    expect(other).toBe("no need");
  });

  test("of many that find the lock of a dead process, one gets it", () => {
    writeFileSync(lockFile(), JSON.stringify({ pid: 2 ** 22 + 1, command: "up", since: "" }));
    const taken = Array.from({ length: 5 }, () => takeLock(lockFile()));
    expect(taken.map((one) => "holder" in one)).toEqual([false, true, true, true, true]);
    expect(taken[1]).toMatchObject({
      holder: { pid: process.pid, start: startOf(process.pid) },
    });
  });
});
