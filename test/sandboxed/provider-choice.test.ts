import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "@pulumi/cloudflare/package.json";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { missingPlugin } from "../../packages/cli/sandboxed/provider-choice";
import { openWorkspace } from "../../packages/cli/sandboxed/workspace";

let dir: string;
let home: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "provider-choice-"));
  home = join(dir, "user");
  mkdirSync(join(home, "plugins"), { recursive: true });
  vi.stubEnv("PULUMI_HOME", home);
  vi.stubEnv("PATH", "/none");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const engine = { command: "none", binDir: "/none", version: "3.259.0", origin: "installed" } as const;
const open = (provider?: "sandbox" | "real") =>
  openWorkspace({ engine, dir: join(dir, "sandbox"), provider });

test("a provider that cannot be had is not the choice of later commands", async () => {
  const asked = await open("real");
  expect(asked.provider).toBe("real");
  expect(missingPlugin(asked)?.remedy).toBe(
    `pulumi plugin install resource cloudflare ${version}, or back to the sandbox's own with --provider sandbox`,
  );
  expect((await open()).provider).toBe("sandbox");
});

test("an installed one is, until another choice; when it is gone since, the way back is said", async () => {
  const plugin = join(home, "plugins", `resource-cloudflare-v${version}`);
  mkdirSync(plugin);
  expect(missingPlugin(await open("real"))).toBeUndefined();
  expect((await open()).provider).toBe("real");
  rmSync(plugin, { recursive: true });
  expect(missingPlugin(await open())?.remedy).toMatch(/--provider sandbox$/);
  await open("sandbox");
  expect((await open()).provider).toBe("sandbox");
  writeFileSync(join(home, "pulumi-resource-cloudflare"), "");
  vi.stubEnv("PATH", home);
  await open("real");
  expect((await open()).provider).toBe("real");
});

test("README names the version of the plugin that the program wants", () => {
  const readme = readFileSync(join(__dirname, "..", "..", "README.md"), "utf8");
  expect(readme).toContain(`pulumi plugin install resource cloudflare ${version}`);
});
