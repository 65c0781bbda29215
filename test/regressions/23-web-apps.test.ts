import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../config/stack-config";
import { UserError } from "../../packages/base/errors";
import { examine } from "../../packages/cli/doctor/doctor";
import { toJson, toText } from "../../packages/cli/doctor/render";
import { envValues, selectApplication, selectToken } from "../../packages/cli/secrets/credentials";
import { EnvFileSink } from "../../packages/cli/secrets/env-file";
import { parseStackOutputs } from "../../packages/cli/secrets/outputs";
import { targetOfEnv } from "../../packages/cli/verify/read-target";
import { openRig, type Rig } from "../doctor/rig";
import { faultyPaths, REQUIRED } from "../support/config-problems";
import { serveWebApp, type WebApp } from "../support/origins";

const url = "https://grafana.datacrew.space";
const token = { clientId: "0123456789abcdef0123456789abcdef.access", clientSecret: "secret-of-dashboards" };

function outputsWith(application: object) {
  return parseStackOutputs(
    JSON.stringify({
      applications: { "grafana-2": { url, ...application } },
      serviceTokens: { dashboards: token },
    }),
    "prod",
  );
}

describe(".env", () => {
  test("23: a web app's lines are called after it, and none is ComfyUI's", () => {
    const outputs = outputsWith({ kind: "web" });
    const values = envValues(outputs, selectApplication(outputs), selectToken(outputs));
    expect(values).toEqual({
      GRAFANA_2_URL: url,
      GRAFANA_2_ACCESS_TOKEN: `${token.clientId}:${token.clientSecret}`,
    });
    // verify --env reads the same lines.
    expect(targetOfEnv(values, ".env").applications).toMatchObject([{ url, kind: "web", token }]);
  });

  test("23: ComfyUI's lines stay as they are, whatever its name", () => {
    const outputs = outputsWith({});
    expect(Object.keys(envValues(outputs, selectApplication(outputs), selectToken(outputs)))).toEqual([
      "COMFYUI_URL",
      "COMFYUI_ACCESS_TOKEN",
      "CF_ACCESS_CLIENT_ID",
      "CF_ACCESS_CLIENT_SECRET",
    ]);
  });
});

describe("lines of the same name that are another program's", () => {
  const GITLAB = {
    GITLAB_URL: "https://gitlab.example.org",
    GITLAB_ACCESS_TOKEN: "glpat-0123456789abcdefghij",
  };
  const outputs = parseStackOutputs(
    JSON.stringify({
      applications: { gitlab: { url: "https://gitlab.datacrew.space", kind: "web" } },
      serviceTokens: { dashboards: token },
    }),
    "prod",
  );
  const wanted = envValues(outputs, selectApplication(outputs), selectToken(outputs));
  const linesOf = (values: Record<string, string>) =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}\n`)
      .join("");

  async function write(present: Record<string, string>): Promise<{ text: string; refusal?: Error }> {
    const dir = await mkdtemp(join(tmpdir(), "comfyui-access-env-"));
    try {
      const path = join(dir, ".env");
      await writeFile(path, linesOf(present));
      const refusal = await new EnvFileSink({ path }).write(wanted).then(
        () => undefined,
        (error: Error) => error,
      );
      return { text: await readFile(path, "utf8"), refusal };
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  test.each([
    ["both", GITLAB, ["GITLAB_URL", "GITLAB_ACCESS_TOKEN"]],
    ["its token alone", { GITLAB_ACCESS_TOKEN: GITLAB.GITLAB_ACCESS_TOKEN }, ["GITLAB_ACCESS_TOKEN"]],
    ["its address alone", { GITLAB_URL: GITLAB.GITLAB_URL }, ["GITLAB_URL"]],
  ])("23: are not replaced by env: %s", async (_, present, named) => {
    const { text, refusal } = await write(present);
    expect(text).toBe(linesOf(present));
    expect(refusal).toBeInstanceOf(UserError);
    for (const key of named) expect(refusal?.message).toContain(key);
    for (const value of Object.values(present)) expect(refusal?.message).not.toContain(value);
  });

  test("23: env's own lines, also with an earlier address and secret, are brought up to date", async () => {
    const before = {
      GITLAB_URL: "https://old.datacrew.space",
      GITLAB_ACCESS_TOKEN: `${token.clientId}:secret-before`,
    };
    const updated = [
      before,
      wanted,
      { ...before, GITLAB_URL: "" },
      { GITLAB_URL: "", GITLAB_ACCESS_TOKEN: "" },
    ];
    for (const present of updated) {
      const { text, refusal } = await write(present);
      expect(refusal).toBeUndefined();
      expect(text).toContain(linesOf(wanted));
    }
  });

  test("23: are no application to verify, and nothing is sent to their host", () => {
    const jwt = { DRONE_URL: "https://drone.example.org", DRONE_ACCESS_TOKEN: "aaaa.bbbb.cccc" };
    const { applications } = targetOfEnv({ ...GITLAB, ...jwt, GRAFANA_URL: url, ...own() }, ".env");
    expect(applications.map((application) => application.url)).toEqual([url]);
    expect(() => targetOfEnv({ ...GITLAB, ...jwt }, ".env")).toThrow(/no COMFYUI_URL/);
  });

  const own = () => ({ GRAFANA_ACCESS_TOKEN: `${token.clientId}:${token.clientSecret}` });
});

test("23: a web app has to say its own name and service; ComfyUI's are not taken for it", () => {
  const allow = { emails: ["artist@datacrew.space"] };
  const config = (application: object) => ({
    ...REQUIRED,
    applications: [{ kind: "web", allow, ...application }],
  });
  expect(faultyPaths(config({}))).toEqual(["applications[0].name", "applications[0].service"]);
  const named = { name: "grafana", service: "http://localhost:3000" };
  expect(faultyPaths(config({ ...named, name: "comfyui" }))).toEqual(["applications[0].name"]);
  expect(parseConfig(config(named))).toMatchObject({ applications: [{ kind: "web", ...named }] });
});

describe("doctor", () => {
  let rig: Rig;
  let app: WebApp;
  beforeAll(async () => {
    rig = await openRig();
    app = await serveWebApp();
  });
  beforeEach(() => rig.reset());
  afterAll(async () => {
    await app.close();
    await rig.close();
  });

  async function reportFor(service: string) {
    const applications = (rig.input.config.applications ?? []).map((each) => {
      return { ...each, name: "grafana", hostname: "grafana.datacrew.space", kind: "web" as const, service };
    });
    return examine({ ...rig.input, config: { ...rig.input.config, applications } });
  }

  test("23: a web app that answers is sound, and one that does not is not told to start ComfyUI", async () => {
    const sound = await reportFor(app.url);
    expect(sound.checks.flatMap(({ findings }) => findings)).toEqual([]);
    const down = await reportFor("http://127.0.0.1:1");
    expect(down.checks.flatMap(({ findings }) => findings.map(({ id }) => id))).toEqual(["origin-down"]);
    for (const report of [sound, down]) {
      expect(toText(report) + toJson(report)).not.toMatch(/ComfyUI|main\.py|--enable-cors-header/);
    }
  });
});
