import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../config/stack-config";
import { handOut } from "../../packages/cli/rotate/hand-out";

test("one sink that fails keeps no other from its credentials, and is named without them", async () => {
  const dir = mkdtempSync(join(tmpdir(), "rotate-"));
  try {
    const config = parseConfig({
      accountId: "0".repeat(32),
      zone: "datacrew.space",
      teamName: "t",
      google: { identityProviderId: "8b41a3f6-4e3e-4ab1-9c3c-1c5c5d6d7e8f" },
      tunnel: { name: "t" },
      applications: [{ hostname: "a.datacrew.space", allow: { emails: ["a@b.org"] } }],
    });
    const engine = { command: "none", cwd: dir, env: {} };
    const stack = { stack: "dev", engine, settings: { project: "p", config, cloudflare: {} } };
    const file = join(dir, ".env");
    const outputs = { applications: { comfyui: { url: "https://a.datacrew.space" } }, serviceTokens: {} };
    const token = { name: "comfyui-api", clientId: "id.access", clientSecret: "the-new-secret" };
    const sinks = { kinds: ["gcp", "file"] as const, options: { file } };
    const [gcp, env] = await handOut(sinks, stack, outputs, token);
    expect(gcp).toMatchObject({ kind: "gcp", result: "failed" });
    expect(gcp?.error).toMatch(/Secret Manager/);
    expect(gcp?.error).not.toContain("the-new-secret");
    expect(env).toMatchObject({ kind: "file", result: "written", where: file });
    expect(readFileSync(file, "utf8")).toContain("CF_ACCESS_CLIENT_SECRET=the-new-secret");
    const [, again] = await handOut(sinks, stack, outputs, token);
    expect(again).toMatchObject({ result: "current" });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
