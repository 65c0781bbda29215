import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PulumiResult } from "../../packages/cli/engine/pulumi";
import { guardrails, mustPulumi } from "../../packages/cli/sandboxed/pulumi";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import { judgeState } from "../../policies/state";
import { FlatRig } from "./flat/rig";
import { EngineRig } from "./support";

/** The rules that the engine names as violated, and whatever else it says of policies that is no pass. */
function violated({ stdout }: PulumiResult): string[] {
  const section = stdout.split(/^(?=\S)/m).find((part) => part.startsWith("Policies:")) ?? "";
  return [...section.matchAll(/- \[(\w+)\]\s+(\S+)/g)].map(([, level, rule]) => `${level} ${rule}`).sort();
}

// One stack lives through these tests, in their order.
describe("the dev stack", () => {
  let rig: EngineRig;
  beforeAll(async () => {
    rig = await EngineRig.open();
    await rig.config();
  });
  afterAll(() => rig?.close());

  test("passes its first preview, where hardly any id is known, and the up", async () => {
    for (const args of [
      ["preview", ...guardrails],
      ["up", "--yes", ...guardrails],
    ]) {
      const result = await rig.run(args);
      expect(result.code, result.stdout + result.stderr).toBe(0);
      expect(result.stdout).toContain("✅ comfyui-access-guardrails@");
      expect(violated(result)).toEqual([]);
    }
  });

  test("passes as exported state", async () => {
    const state = await rig.run(["stack", "export"]);
    expect(judgeState(state.stdout, "the export")).toEqual([]);
    const file = join(rig.dir, "export.json");
    await writeFile(file, state.stdout);
    const engine = await mustPulumi(rig.session.target("preview"), [
      "policy",
      "analyze",
      "--file",
      file,
      ...guardrails,
    ]);
    expect(engine.stdout).toContain("✅ comfyui-access-guardrails@");
  });

  test("a session longer than the limit stops the up before anything changes", async () => {
    await rig.config((settings) => {
      settings.maxSessionDuration = "48h";
      (settings.applications as { sessionDuration: string }[])[0] = {
        ...(settings.applications as [{ sessionDuration: string }])[0],
        sessionDuration: "48h",
      };
    });
    const before = await rig.writes();
    // The stack's own limit holds for both; whoever answers for the guardrails can set a shorter one.
    const strict = join(rig.dir, "strict.json");
    await writeFile(strict, JSON.stringify({ "session-duration": { max: "24h" } }));
    const preview = await rig.run(["preview", ...guardrails]);
    expect(preview.code, preview.stdout + preview.stderr).toBe(0);
    const result = await rig.run(["up", "--yes", ...guardrails, "--policy-pack-config", strict]);
    expect(result.code).not.toBe(0);
    expect(new Set(violated(result))).toEqual(new Set(["mandatory session-duration"]));
    expect(await rig.writes()).toEqual(before);
  });
});

test("the production example passes with what only its owner knows, on a tunnel that others use", async () => {
  const rig = await EngineRig.open();
  const account = "0123456789abcdef0123456789abcdef";
  const tunnels = `/accounts/${account}/cfd_tunnel`;
  const tunnel = await rig.api<{ id: string }>("POST", tunnels, { name: "house", config_src: "cloudflare" });
  const theirs = [
    { hostname: "grafana.datacrew.space", service: "http://localhost:3000" },
    { service: "http_status:404" },
  ];
  await rig.api("PUT", `${tunnels}/${tunnel.id}/configurations`, { config: { ingress: theirs } });
  // The stack's own salt goes into its file, wherever the project is: not into the committed one.
  for (const name of ["Pulumi.yaml", "Pulumi.prod.yaml"]) {
    await copyFile(join(projectDir, name), join(rig.dir, name));
  }
  const file = join(rig.dir, "Pulumi.prod.yaml");
  const target = rig.session.target("up");
  const run = (...args: string[]) => mustPulumi(target, [...args, "--stack", "prod", "--config-file", file]);
  await mustPulumi({ ...target, cwd: rig.dir }, ["stack", "init", "prod"]);
  await run("config", "set", "accountId", account);
  await run("config", "set", "--path", "tunnel.id", tunnel.id);
  await run("config", "set", "--path", "google.clientId", "sandbox.apps.googleusercontent.com");
  await run("config", "set", "--secret", "--path", "google.clientSecret", "sandbox-google-client-secret");
  const results = [await run("preview", ...guardrails), await run("up", "--yes", ...guardrails)];
  for (const result of results) expect(violated(result)).toEqual([]);
  const state = await mustPulumi(target, ["stack", "export", "--stack", "prod"]);
  expect(judgeState(state.stdout, "the export")).toEqual([]);
  await rig.close();
});

describe("a program of somebody's own", () => {
  let rig: FlatRig;
  let dir: string;
  beforeAll(async () => {
    rig = await FlatRig.open();
    dir = await mkdtemp(join(tmpdir(), "guardrails-"));
  });
  afterAll(async () => {
    await rig?.close();
    if (dir !== undefined) await rm(dir, { recursive: true });
  });
  const writes = () => rig.sandbox.requests.filter(({ method }) => method !== "GET");

  test("is stopped before anything is created, with every fault named at once", async () => {
    await rig.change({
      emailPolicy: { includes: [{ everyone: {} }] },
      idp: { config: { clientId: "x.apps.googleusercontent.com", clientSecret: "in the open" } },
      record: { proxied: false },
      otherRules: true,
      without: ["catch-all"],
    });
    const result = await rig.run(["up", "--yes", ...guardrails]);
    expect(result.code).not.toBe(0);
    expect(violated(result), result.stdout).toEqual([
      "mandatory dns-proxied",
      "mandatory hostname-covered",
      "mandatory ingress-catch-all",
      // Of two host names, one has no application, and neither has its JWT checked.
      "mandatory ingress-requires-access",
      "mandatory ingress-requires-access",
      "mandatory no-everyone",
      "mandatory no-plain-secret",
    ]);
    expect(result.stdout).not.toContain("in the open");
    expect(writes()).toEqual([]);
  });

  test("is stopped by a value that only the update knows", async () => {
    await rig.change({ untold: true });
    const result = await rig.run(["up", "--yes", ...guardrails]);
    expect(result.code).not.toBe(0);
    expect(violated(result), result.stdout).toEqual(["mandatory session-duration"]);
    expect(result.stdout).toContain("sessionDuration could not be decided");
    expect(writes()).toEqual([]);
  });

  test("an exception holds until it expires", async () => {
    await rig.change({ record: { proxied: false } });
    const preview = async (expires: string) => {
      const file = join(dir, "config.json");
      const exceptions = [{ resource: "comfyui", reason: "Moves to the tunnel next week", expires }];
      await writeFile(file, JSON.stringify({ "dns-proxied": { exceptions } }));
      return rig.run(["preview", ...guardrails, "--policy-pack-config", file]);
    };
    const good = await preview(new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10));
    expect(good.code, good.stdout + good.stderr).toBe(0);
    const late = await preview("2020-01-01");
    expect(late.code).not.toBe(0);
    expect(late.stdout).toContain("An exception for comfyui expired on 2020-01-01.");
    expect(violated(late)).toEqual(["mandatory dns-proxied", "mandatory dns-proxied"]);
  });

  test("a level below mandatory is refused", async () => {
    await rig.change({});
    const file = join(dir, "level.json");
    await writeFile(file, JSON.stringify({ "dns-proxied": "advisory" }));
    const result = await rig.run(["preview", ...guardrails, "--policy-pack-config", file]);
    expect(result.code).not.toBe(0);
    expect(result.stdout + result.stderr).toContain(
      "dns-proxied is set to advisory, but every rule is mandatory",
    );
  });

  test("is found out by its state, where it was deployed without guardrails", async () => {
    await rig.change({ record: { proxied: false } });
    await rig.must(["up", "--yes", "--skip-preview"]);
    const state = await rig.must(["stack", "export", "--stack", "flat"]);
    expect(judgeState(state.stdout, "the export").map(({ message }) => message)).toEqual([
      "comfyui (DnsRecord): proxied is off, so that Access does not stand in front. Set it to true.",
    ]);
  });
});
