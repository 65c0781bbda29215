import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ConfigError, parseConfig } from "../../src/config";
import { examine } from "../../src/doctor/doctor";
import { toJson, toText } from "../../src/doctor/render";
import { envValues, selectApplication, selectToken } from "../../src/secrets/credentials";
import { parseStackOutputs } from "../../src/secrets/outputs";
import { targetOfEnv } from "../../src/verify/read-target";
import { openRig, type Rig } from "../doctor/rig";
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

test("23: a web app has to say its own name and service; ComfyUI's are not taken for it", () => {
  const required = {
    accountId: "0".repeat(32),
    zone: "datacrew.space",
    teamName: "datacrew",
    google: { identityProviderId: "00000000-0000-4000-8000-000000000000" },
    tunnel: { name: "t" },
  };
  const allow = { emails: ["artist@datacrew.space"] };
  const problemsOf = (application: object) => {
    try {
      return parseConfig({ ...required, applications: [{ kind: "web", allow, ...application }] });
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path }) => path);
      throw error;
    }
  };
  expect(problemsOf({})).toEqual(["applications[0].name", "applications[0].service"]);
  const named = { name: "grafana", service: "http://localhost:3000" };
  expect(problemsOf({ ...named, name: "comfyui" })).toEqual(["applications[0].name"]);
  expect(problemsOf(named)).toMatchObject({ applications: [{ kind: "web", ...named }] });
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
