import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EnvOptions, runEnv } from "../../packages/cli/commands/env";
import { failureOf } from "../../packages/cli/commands/failure";
import { EngineRig } from "./support";

const PROJECT = "datacrew-dev";
const SECRET_ID = "comfyui-access-dev-comfyui-api";

interface Rotated {
  serviceTokens: { name: string; version?: number; previousExpiresAt?: string }[];
}

let rig: EngineRig;
let configFile: string;
const lines: string[] = [];

beforeAll(async () => {
  rig = await EngineRig.open();
  configFile = await rig.config();
  const { code, stdout } = await rig.up();
  expect(code, stdout).toBe(0);
});

afterAll(() => rig?.close());

beforeEach(async () => {
  lines.length = 0;
  await fetch(`${rig.session.url}/__sandbox__/requests`, { method: "DELETE" });
});

async function env(options: Partial<EnvOptions>): Promise<number> {
  const pulumi = { ...rig.session.target("preview"), configFile };
  return runEnv(
    { stack: "dev", to: "gcp", check: false, json: false, sandboxed: true, pulumi, ...options },
    { out: (line) => lines.push(line), err: (line) => lines.push(line) },
  ).catch((error: unknown) => {
    const { text, exitCode } = failureOf(error);
    lines.push(text);
    return exitCode;
  });
}

/** What was written to Google and Infisical, logins apart. */
async function writes(): Promise<string[]> {
  const answer = await fetch(`${rig.session.url}/__sandbox__/requests`);
  return ((await answer.json()) as { method: string; path: string }[])
    .filter(({ method, path }) => method !== "GET" && !path.endsWith("/login"))
    .map(({ method, path }) => `${method} ${path.split("/").at(-1)}`);
}

/** One read of Google's APIs. */
async function google<T>(path: string): Promise<T> {
  const url = `${rig.session.url}/gcp/v1/projects/${PROJECT}/${path}`;
  const answer = await fetch(url, { headers: { authorization: "Bearer any" } });
  return (await answer.json()) as T;
}

async function versions(): Promise<{ state: string; value: string }[]> {
  const path = `secrets/${SECRET_ID}/versions`;
  const { versions: found } = await google<{ versions: { name: string; state: string }[] }>(path);
  const shown = found.reverse().map(async ({ name, state }) => {
    const { payload } = await google<{ payload?: { data: string } }>(
      `${path}/${name.split("/").at(-1)}:access`,
    );
    return { state, value: Buffer.from(payload?.data ?? "", "base64").toString() };
  });
  return Promise.all(shown);
}

describe("after an update of the stack", () => {
  test("the API is enabled, and the readers may read the token and nothing else", async () => {
    expect(await google("services/secretmanager.googleapis.com")).toMatchObject({ state: "ENABLED" });
    const members = ["serviceAccount:comfyui-client@datacrew-dev.iam.gserviceaccount.com"];
    expect(await google(`secrets/${SECRET_ID}:getIamPolicy`)).toMatchObject({
      bindings: [{ role: "roles/secretmanager.secretAccessor", members }],
    });
    expect(await google("secrets/comfyui-access-dev-google-client-secret:getIamPolicy")).toMatchObject({
      bindings: [],
    });
  });

  test("env --to gcp finds what the stack put there, under the same name, and writes nothing", async () => {
    expect(await env({ check: true })).toBe(0);
    expect(await env({})).toBe(0);
    expect(lines).toContain(`  ${SECRET_ID}  current`);
    expect(await writes()).toEqual([]);
  });

  test("env --to infisical writes once", async () => {
    expect(await env({ to: "infisical", check: true })).toBe(1);
    expect(await env({ to: "infisical" })).toBe(0);
    expect(await writes()).toHaveLength(5);
    expect(await env({ to: "infisical" })).toBe(0);
    expect(await env({ to: "infisical", check: true })).toBe(0);
    expect(await writes()).toHaveLength(5);
  });
});

describe("after a rotation", () => {
  test("the stack adds a version, the earlier one stays, and only what differs is written elsewhere", async () => {
    const [before] = await versions();
    const previousExpiresAt = new Date(Date.now() + 60 * 60 * 1000).toISOString();
    await rig.config((settings) => {
      const [token] = (settings as unknown as Rotated).serviceTokens;
      Object.assign(token ?? {}, { version: 2, previousExpiresAt });
    });
    const { code, stdout } = await rig.up();
    expect(code, stdout).toBe(0);
    expect(await versions()).toEqual([
      { state: "ENABLED", value: before?.value },
      { state: "ENABLED", value: expect.not.stringMatching(before?.value ?? "") },
    ]);
    await fetch(`${rig.session.url}/__sandbox__/requests`, { method: "DELETE" });

    expect(await env({ check: true })).toBe(0);
    expect(await env({ to: "infisical", check: true })).toBe(1);
    expect(await env({ to: "infisical" })).toBe(0);
    expect(await writes()).toEqual(["PATCH COMFYUI_ACCESS_TOKEN", "PATCH CF_ACCESS_CLIENT_SECRET"]);

    const printed = lines.join("\n");
    const shown = (await versions()).map(({ value }) => value.split(":")[1] ?? "");
    expect(shown.filter((secret) => secret === "" || printed.includes(secret))).toEqual([]);
  });
});
