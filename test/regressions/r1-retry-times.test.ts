import { afterEach, describe, expect, it, vi } from "vitest";
import { growing } from "../../packages/sandbox/provider/cloudflare/api";
import { cloudflarePackage } from "../../packages/sandbox/provider/cloudflare/package";
import { combinePackages } from "../../packages/sandbox/provider/package-provider";
import { startSandbox } from "../../packages/sandbox/server/server";
import { accountId, Driver } from "../sandbox/provider/support";

afterEach(() => void vi.unstubAllEnvs());

describe("a call that fails for a while", () => {
  it("R1: ten waits between eleven tries take as long as the real provider's: 186 to 194 seconds", () => {
    const waits = Array.from({ length: 10 }, (_, at) => growing(at + 1));
    expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
    const seconds = waits.reduce((sum, wait) => sum + wait, 0) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(186);
    expect(seconds).toBeLessThanOrEqual(194);
  });

  it.each([409, 500])(
    "R1: %i without Retry-After: eleven tries, and the waits grow; the environment scales them",
    async (status) => {
      vi.stubEnv("COMFYUI_ACCESS_PAUSES", "0.002");
      const sandbox = await startSandbox({ rateLimit: false });
      try {
        const access = { baseUrl: sandbox.apiUrl, apiToken: sandbox.tokens.up };
        const provider = combinePackages({ cloudflare: cloudflarePackage(access) }, "0.0.0");
        const type = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
        sandbox.faults.add({
          method: "POST",
          pathRegex: "/service_tokens$",
          action: "status",
          status,
          times: 99,
        });
        const begun = performance.now();
        await expect(new Driver(provider, type).create({ accountId, name: "api" })).rejects.toThrow(
          `: ${status} {`,
        );
        expect(performance.now() - begun).toBeGreaterThan(0.002 * 186_000 * 0.98);
        expect(sandbox.requests.filter(({ method }) => method === "POST")).toHaveLength(11);
      } finally {
        await sandbox.close();
      }
    },
  );
});
