import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeReport } from "../packages/base/process/report-file";
import { EnvFileSink } from "../packages/cli/secrets/env-file";
import { DEFAULT_SEED, stateFromSeed } from "../packages/sandbox/account/seed";
import { Store } from "../packages/sandbox/account/store";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reports-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a report takes the place of the one before it, also behind a link", async () => {
  writeFileSync(join(folder, "r.md"), "old");
  symlinkSync("r.md", join(folder, "latest.md"));
  await writeReport(join(folder, "latest.md"), "new", "--output");
  expect(readFileSync(join(folder, "r.md"), "utf8")).toBe("new");
  expect(readdirSync(folder).sort()).toEqual(["latest.md", "r.md"]);
});

test("one that cannot be written is named with its option", async () => {
  await expect(writeReport(join(folder, "no", "r.md"), "new", "--html")).rejects.toThrow(
    /could not write .*r\.md \(ENOENT\)\n {2}→ Name another file with --html\./,
  );
  await expect(writeReport(folder, "new")).rejects.toThrow(/\(EISDIR\)\n {2}→ Let this user write it\./);
});

/**
 * A disk of 256 KB with no room, where this user may mount one; /dev/full elsewhere would refuse only what is written
 * straight to it.
 */
function onFullDisk(use: (disk: string) => Promise<void>): Promise<void> | undefined {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", disk]).status === 0;
  if (!mounted) return undefined;
  return use(disk).finally(() => spawnSync("umount", [disk]));
}

function fill(disk: string): void {
  try {
    for (;;) appendFileSync(join(disk, "filler"), Buffer.alloc(4096));
  } catch {
    // Full.
  }
}

test("on a full disk everything stays as it was, and the error says so", async () => {
  const ran = onFullDisk(async (disk) => {
    const env = join(disk, ".env");
    const report = join(disk, "r.md");
    const state = join(disk, "cloudflare.json");
    writeFileSync(env, "KEEP=1\n", { mode: 0o600 });
    writeFileSync(report, "old");
    const store = new Store(() => stateFromSeed(DEFAULT_SEED, new Date()), state);
    store.save();
    const before = readFileSync(state, "utf8");
    fill(disk);
    const big = "x".repeat(8192);
    await expect(new EnvFileSink({ path: env }).write({ A: big })).rejects.toThrow(
      /ENOSPC[\s\S]*→ Free some space/,
    );
    await expect(writeReport(report, big, "--html")).rejects.toThrow(
      /r\.md \(ENOSPC\)\n {2}→ The disk is full/,
    );
    expect(() => store.save()).toThrow(/ENOSPC/);
    expect(readFileSync(env, "utf8")).toBe("KEEP=1\n");
    expect(readFileSync(report, "utf8")).toBe("old");
    expect(readFileSync(state, "utf8")).toBe(before);
    expect(readdirSync(disk).sort()).toEqual([".env", "cloudflare.json", "filler", "r.md"]);
  });
  console.log(ran === undefined ? "full disk: not tried, this user may not mount one" : "full disk: tried");
  await ran;
});
