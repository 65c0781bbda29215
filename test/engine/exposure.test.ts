import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Prober } from "./prober";
import { EngineRig, type Settings } from "./support";

interface Application {
  allow: { emails: string[] };
  sessionDuration?: string;
}

/**
 * What a stranger may see: nothing there, the login, a refusal by Access or by the tunnel, no cloudflared, and a
 * record that went away while the connection was made (Cloudflare's error 1001).
 */
const harmless = ["no such host", "302 login", "401", "403", "530", "409"];

let rig: EngineRig;
let prober: Prober;

beforeAll(async () => {
  rig = await EngineRig.open({ access: true });
  await rig.config();
  const { access } = rig.session;
  if (access === undefined) throw new Error("the session has no edge");
  access.connectAll();
  prober = new Prober("comfyui.datacrew.space", access.network);
});
afterAll(async () => {
  await prober?.stop();
  await rig?.close();
});

/** The answers given while `work` ran, and a little longer. */
async function seenDuring(work: () => Promise<unknown>): Promise<string[]> {
  const before = new Map(prober.answers);
  await work();
  await prober.until(prober.asked + 20);
  return [...prober.answers.keys()].filter((answer) => prober.answers.get(answer) !== before.get(answer));
}

async function up(edit?: (settings: Settings) => void, args: string[] = []): Promise<void> {
  if (edit) await rig.config(edit);
  const result = await rig.run(["up", "--yes", "--skip-preview", ...args]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
}

async function urns(...types: string[]): Promise<string[]> {
  const state = JSON.parse((await rig.run(["stack", "export"])).stdout) as {
    deployment: { resources: { urn: string; type: string }[] };
  };
  const found = state.deployment.resources.filter(({ type }) =>
    types.some((name) => type.endsWith(`:${name}`)),
  );
  expect(found.length, types.join()).toBeGreaterThan(0);
  return found.map(({ urn }) => urn);
}

function application(settings: Settings): Application {
  const [first] = settings.applications as Application[];
  if (first === undefined) throw new Error("the dev stack has no application");
  return first;
}

// One stack lives through these tests, in their order, and is asked without a pause.
describe("a stranger who asks without a pause never sees ComfyUI", () => {
  test("while it is created", async () => {
    const seen = await seenDuring(() => up());
    expect(seen).toContain("no such host");
    expect(seen).toContain("302 login");
    expect(harmless).toEqual(expect.arrayContaining(seen));
  });

  test("while it is updated", async () => {
    const seen = await seenDuring(async () => {
      await up((settings) => application(settings).allow.emails.push("second@datacrew.space"));
      await up((settings) => {
        application(settings).sessionDuration = "8h";
      });
    });
    expect(harmless).toEqual(expect.arrayContaining(seen));
  });

  test("while its application is replaced: the tunnel refuses what no application guards", async () => {
    const replaced = (await urns("ZeroTrustAccessApplication")).flatMap((urn) => ["--replace", urn]);
    const seen = await seenDuring(() => up(undefined, replaced));
    expect(harmless).toEqual(expect.arrayContaining(seen));
    expect(seen).toContain("302 login");
  });

  test("while its policies and the identity provider are replaced", async () => {
    const guards = await urns("ZeroTrustAccessPolicy", "ZeroTrustAccessIdentityProvider");
    const seen = await seenDuring(() =>
      up(
        undefined,
        guards.flatMap((urn) => ["--replace", urn]),
      ),
    );
    expect(harmless).toEqual(expect.arrayContaining(seen));
  });

  test("while the token is rotated", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, "Z");
    const seen = await seenDuring(() =>
      up((settings) => {
        settings.serviceTokens = [{ name: "comfyui-api", version: 2, previousExpiresAt: until }];
      }),
    );
    expect(harmless).toEqual(expect.arrayContaining(seen));
  });

  test("while it is destroyed, even when that stops at the tunnel that is still in use", async () => {
    const seen = await seenDuring(async () => {
      const first = await rig.run(["destroy", "--yes", "--skip-preview"]);
      expect(first.stdout + first.stderr).toContain("1022");
    });
    expect(harmless).toEqual(expect.arrayContaining(seen));
    expect(seen.some((answer) => answer === "no such host" || answer === "409")).toBe(true);
  });

  test("in at least 2,000 answers", async () => {
    await prober.until(2000);
    await prober.stop();
    expect(harmless).toEqual(expect.arrayContaining([...prober.answers.keys()]));
    console.info(`${prober.asked} answers: ${[...prober.answers].map(([a, n]) => `${n} × ${a}`).join(", ")}`);
  });
});
