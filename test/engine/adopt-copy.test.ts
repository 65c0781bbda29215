import { spawn } from "node:child_process";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { adopt, readPlan } from "../../packages/cli/adopt/adopt";
import { type OpenAdoption, sandboxedAdoption } from "../../packages/cli/adopt/open";
import { sandboxPassphrase } from "../../packages/cli/sandboxed/workspace";
import { cliCommand } from "./faults/operations";
import { EngineRig } from "./support";

const choices = { take: new Set<string>(), convertInline: false };
let rig: EngineRig;
let open: OpenAdoption;
let file: string;
/** Where copies are made. */
let folder: string;
let secrets: string[];

// A stack that made everything itself, secrets included, and forgot one record.
beforeAll(async () => {
  rig = await EngineRig.open();
  file = await rig.config();
  const up = await rig.up();
  if (up.code !== 0) throw new Error(up.stdout);
  const listed = JSON.parse((await rig.run(["stack", "export"])).stdout) as {
    deployment: { resources: { urn: string }[] };
  };
  const record = listed.deployment.resources.find(({ urn }) => urn.includes("dnsRecord"))?.urn ?? "";
  const forgotten = await rig.run(["state", "delete", record, "--yes"]);
  if (forgotten.code !== 0) throw new Error(forgotten.stderr);
  open = await sandboxedAdoption(rig.session, "dev", file);
  const { google } = (await open.config()).raw as { google: { clientSecret: string } };
  const { serviceTokens, tunnel } = (await rig.outputs()) as {
    serviceTokens: Record<string, { clientSecret: string }>;
    tunnel: { token: string };
  };
  const tokens = Object.values(serviceTokens).map(({ clientSecret }) => clientSecret);
  secrets = [google.clientSecret, ...tokens, tunnel.token];
  folder = mkdtempSync(join(tmpdir(), "comfyui-access-copies-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await rig?.close();
});
beforeEach(() => {
  vi.stubEnv("TMPDIR", folder);
  return () => vi.unstubAllEnvs();
});

const copies = () => readdirSync(folder).filter((name) => name.startsWith("comfyui-access-adopt-"));

/** Every file of a copy as it stands, with the rights of the folder that the copy is in. */
function seen(): [name: string, mode: number, text: string][] {
  return copies().flatMap((copy) => {
    const mode = statSync(join(folder, copy)).mode & 0o777;
    return readdirSync(join(folder, copy), { recursive: true, encoding: "utf8" }).flatMap((name) => {
      try {
        return [[name, mode, readFileSync(join(folder, copy, name), "utf8")] as [string, number, string]];
      } catch {
        // A folder, or gone meanwhile.
        return [];
      }
    });
  });
}

const saltsIn = (text: string): string[] => [
  ...new Set(Array.from(text.matchAll(/encryptionsalt: (\S+)/g), ([, salt = ""]) => salt)),
];

/**
 * Whether a passphrase is the one behind an `encryptionsalt`, as the engine tries it.
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/config/crypt.go
 */
function unlocks(passphrase: string, encryptionsalt: string): boolean {
  const [salt, , nonce, sealed] = encryptionsalt.split(":").slice(1);
  const key = pbkdf2Sync(passphrase, Buffer.from(salt ?? "", "base64"), 1_000_000, 32, "sha256");
  const whole = Buffer.from(sealed ?? "", "base64");
  const opened = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce ?? "", "base64"));
  opened.setAuthTag(whole.subarray(-16));
  try {
    return Buffer.concat([opened.update(whole.subarray(0, -16)), opened.final()]).toString() === "pulumi";
  } catch {
    return false;
  }
}

test("the copy in which an adoption is tried holds no secret that anybody can read, and is gone afterwards", async () => {
  const files = new Map<string, string>();
  const modes = new Set<number>();
  const look = () => {
    for (const [name, mode, text] of seen()) {
      files.set(name, `${files.get(name) ?? ""}${text}`);
      modes.add(mode);
    }
  };
  const watch = setInterval(look, 20);
  const plan = await readPlan(open, choices).finally(() => clearInterval(watch));
  expect(plan.decisions).toEqual([]);
  expect(plan.rows.filter(({ how }) => how !== "in the state").map(({ kind, how }) => [kind, how])).toEqual([
    ["DNS record", "import"],
  ]);
  expect(plan.rows.flatMap(({ changes }) => changes)).toEqual([]);

  expect(copies()).toEqual([]);
  expect([...modes]).toEqual([0o700]);
  const state = [...files].find(([name]) => name.endsWith("/dev.json"))?.[1] ?? "";
  expect(state).toContain("ZeroTrustAccessServiceToken");
  expect(secrets.length).toBeGreaterThan(2);
  expect(secrets.filter((secret) => secret.length < 8)).toEqual([]);
  const all = [...files.values()].join("\n");
  for (const secret of secrets) expect(all.includes(secret)).toBe(false);
  // What unlocks the stack does not unlock what is left of a copy.
  const [ours] = saltsIn(readFileSync(file, "utf8"));
  const theirs = saltsIn(files.get("Pulumi.dev.yaml") ?? "");
  expect(theirs.length).toBeGreaterThan(0);
  expect(unlocks(sandboxPassphrase, ours ?? "")).toBe(true);
  expect(theirs.filter((salt) => unlocks(sandboxPassphrase, salt))).toEqual([]);
});

test("and neither does it stay when the command is interrupted", async () => {
  await rig.announce();
  const { file: node, args, cwd, env } = cliCommand(["adopt", "--config-file", file], rig.dir);
  const child = spawn(node, args, { cwd, env: { ...env, TMPDIR: folder }, stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await vi.waitUntil(() => seen().some(([name]) => name.endsWith("dev.json")), { timeout: 60_000 });
  child.kill("SIGTERM");
  expect(await ended).toBe(143);
  expect(copies()).toEqual([]);
});

test("what the stack has already, secrets and all, is as it was after the adoption", async () => {
  const outputs = await rig.outputs();
  const { proof } = await adopt(open, { choices, confirm: async () => true, log: () => {} });
  expect(proof).toEqual({ mismatches: [], updates: 0, fields: 0, creates: 0 });
  const { serviceTokens, tunnel } = await rig.outputs();
  expect({ serviceTokens, tunnel }).toEqual({
    serviceTokens: outputs["serviceTokens"],
    tunnel: outputs["tunnel"],
  });
  const preview = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
  expect(preview.code, preview.stdout + preview.stderr).toBe(0);
});
