import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isPackedChromiumUsable, unpackChromium } from "../../packages/cli/browser/packed-chromium";

let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "packed-chromium-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cacheDir, { recursive: true, force: true });
});

// There is nothing to unpack for another machine.
describe.runIf(isPackedChromiumUsable())("unpacking", () => {
  test("two at the same time end with one whole copy, and one more unpacks nothing", async () => {
    const [first, second] = await Promise.all([unpackChromium(cacheDir), unpackChromium(cacheDir)]);
    expect(second).toEqual(first);
    expect(existsSync(first.executable)).toBe(true);
    expect(await readFile(first.env["FONTCONFIG_FILE"] ?? "", "utf8")).toContain("/etc/fonts/fonts.conf");
    expect(await readdir(first.env["LD_LIBRARY_PATH"] ?? "")).toContain("libnss3.so");
    expect(await readdir(cacheDir)).toHaveLength(1);

    const unpacked = await stat(first.executable);
    await unpackChromium(cacheDir);
    const { ino, ctimeMs } = await stat(first.executable);
    expect([ino, ctimeMs]).toEqual([unpacked.ino, unpacked.ctimeMs]);
  });

  test("what an interrupted one left is removed, but not what another is about to finish", async () => {
    const [old, young] = ["old", "young"].map((age) => join(cacheDir, `biome-0123.making-${age}`)) as [
      string,
      string,
    ];
    await Promise.all([mkdir(old), mkdir(young)]);
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(old, twoHoursAgo, twoHoursAgo);
    await unpackChromium(cacheDir);
    expect(existsSync(old)).toBe(false);
    expect(existsSync(young)).toBe(true);
  });

  test("a registry that cannot be reached is told, and nothing is left", async () => {
    vi.stubEnv("npm_config_registry", "http://127.0.0.1:9");
    vi.stubEnv("npm_config_cache", join(cacheDir, ".npm"));
    vi.stubEnv("npm_config_fetch_retries", "0");
    await expect(unpackChromium(cacheDir)).rejects.toThrow(/^npm cannot fetch Chromium[\s\S]*registry/);
    expect(await readdir(cacheDir)).toEqual([".npm"]);
  });

  test("a folder that cannot be written is told", async () => {
    await expect(unpackChromium("/dev/null/cache")).rejects.toThrow(
      /chromium could not be made in \/dev\/null\/cache[\s\S]*XDG_CACHE_HOME/,
    );
  });
});
