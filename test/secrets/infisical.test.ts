import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { InfisicalSink } from "../../packages/cli/secrets/infisical";
import { DEV_INFISICAL_IDENTITY, DEV_INFISICAL_PROJECT_ID } from "../../packages/sandbox/account/seed";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { startEchoServer } from "./echo-server";

const SECRET = "5ec2e7c0ffee";
const VALUES = {
  COMFYUI_URL: "https://comfyui.example.org",
  COMFYUI_ACCESS_TOKEN: `c1.access:${SECRET}`,
  CF_ACCESS_CLIENT_SECRET: SECRET,
};
const IDENTITY = {
  INFISICAL_CLIENT_ID: DEV_INFISICAL_IDENTITY.clientId,
  INFISICAL_CLIENT_SECRET: DEV_INFISICAL_IDENTITY.clientSecret,
};

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

type Options = Partial<ConstructorParameters<typeof InfisicalSink>[0]>;

const open = (options: Options = {}) =>
  new InfisicalSink({
    siteUrl: sandbox.infisicalUrl,
    projectId: DEV_INFISICAL_PROJECT_ID,
    environment: "dev",
    secretPath: "/comfyui",
    env: IDENTITY,
    ...options,
  });

const kept = () =>
  Object.fromEntries(sandbox.store.infisicalSecrets.all().map(({ key, secretValue }) => [key, secretValue]));

const writes = () =>
  sandbox.requests
    .filter(({ method, path }) => method !== "GET" && !path.endsWith("/login"))
    .map(({ method, path }) => `${method} ${path.split("/").at(-1)}`);

function allow(role: "admin" | "viewer" | "describer" | undefined): void {
  const [identity] = sandbox.store.infisicalIdentities.all();
  if (identity === undefined) throw new Error("no identity");
  const memberships = role === undefined ? [] : [{ projectId: DEV_INFISICAL_PROJECT_ID, role }];
  sandbox.store.infisicalIdentities.put({ ...identity, memberships });
}

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message,
  );

describe("Infisical's own SDK against the sandbox", () => {
  test("creates what is missing, and is current afterwards", async () => {
    const sink = open();
    expect(await sink.check(VALUES)).toMatchObject({ status: "missing" });
    expect(writes()).toEqual([]);
    expect((await sink.write(VALUES)).changed).toEqual(Object.keys(VALUES));
    expect(kept()).toEqual(VALUES);
    expect((await open().check(VALUES)).status).toBe("current");
  });

  test("a second run writes nothing", async () => {
    await open().write(VALUES);
    sandbox.requests.length = 0;
    expect(await open().write(VALUES)).toEqual({ written: false, changed: [], notices: [] });
    expect(writes()).toEqual([]);
  });

  test("updates only what differs, and leaves others in the folder alone", async () => {
    await open().write({ ...VALUES, CF_ACCESS_CLIENT_SECRET: "old", FOREIGN: "kept" });
    sandbox.requests.length = 0;
    expect((await open().check(VALUES)).keys).toMatchObject({
      COMFYUI_URL: "current",
      CF_ACCESS_CLIENT_SECRET: "stale",
    });
    expect((await open().write(VALUES)).changed).toEqual(["CF_ACCESS_CLIENT_SECRET"]);
    expect(writes()).toEqual(["PATCH CF_ACCESS_CLIENT_SECRET"]);
    expect(kept()).toEqual({ ...VALUES, FOREIGN: "kept" });
  });

  test("another program's secrets of the same name are not replaced", async () => {
    await open().write({ GITLAB_ACCESS_TOKEN: "glpat-0123456789" });
    sandbox.requests.length = 0;
    const own = { GITLAB_URL: "https://gitlab.example.org", GITLAB_ACCESS_TOKEN: `c1.access:${SECRET}` };
    const said = await failure(open().write(own));
    expect(said).toContain("GITLAB_ACCESS_TOKEN");
    expect(said).not.toContain("glpat");
    expect(writes()).toEqual([]);
  });

  test("another folder and another environment are other places", async () => {
    await open().write(VALUES);
    for (const place of [{ secretPath: "/" }, { environment: "prod" }]) {
      expect((await open(place).check(VALUES)).status).toBe("missing");
    }
  });

  test("an access token serves instead of an identity", async () => {
    const login = await fetch(`${sandbox.infisicalUrl}/api/v1/auth/universal-auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(DEV_INFISICAL_IDENTITY),
    });
    const { accessToken } = (await login.json()) as { accessToken: string };
    await open({ env: { INFISICAL_TOKEN: accessToken } }).write(VALUES);
    expect(kept()).toEqual(VALUES);
  });

  test("no request log and no shown state has a value", async () => {
    await open().write(VALUES);
    const state = await (await fetch(`${sandbox.url}/__sandbox__/state`)).text();
    for (const text of [JSON.stringify(sandbox.requests), state]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(DEV_INFISICAL_IDENTITY.clientSecret);
    }
  });
});

describe("what goes wrong", () => {
  test("no identity", async () => {
    expect(await failure(open({ env: {} }).check(VALUES))).toMatch(
      /no machine identity[\s\S]*INFISICAL_CLIENT_ID and INFISICAL_CLIENT_SECRET, or INFISICAL_TOKEN/,
    );
    expect(sandbox.requests).toEqual([]);
  });

  test("a wrong identity", async () => {
    const env = { ...IDENTITY, INFISICAL_CLIENT_SECRET: "wr0ng-5ec2e7" };
    const error = await failure(open({ env }).check(VALUES));
    expect(error).toMatch(
      /could not log in .*\(HTTP 401\): Invalid credentials\n {2}→ Check INFISICAL_CLIENT_ID/,
    );
    expect(error).not.toContain("wr0ng-5ec2e7");
  });

  test("an access token that is none", async () => {
    const error = await failure(open({ env: { INFISICAL_TOKEN: "n0-t0ken" } }).check(VALUES));
    expect(error).toMatch(
      /\(HTTP 403\): The provided access token is malformed[\s\S]*Renew the access token/,
    );
    expect(error).not.toContain("n0-t0ken");
  });

  test("an unknown project, environment and folder", async () => {
    const projectId = "00000000-0000-4000-8000-000000000000";
    expect(await failure(open({ projectId }).check(VALUES))).toMatch(
      /\(HTTP 404\): Project with ID '00000000-.*' not found\n {2}→ Check the project's id/,
    );
    for (const place of [{ environment: "none" }, { secretPath: "/none" }]) {
      expect((await open(place).check(VALUES)).status).toBe("missing");
      expect(await failure(open(place).write(VALUES))).toMatch(
        /could not create COMFYUI_URL .*\(HTTP 404\): Folder with path/,
      );
    }
  });

  test("an identity outside the project, one that may only read, and one that may not even do that", async () => {
    allow(undefined);
    expect(await failure(open().check(VALUES))).toMatch(/\(HTTP 403\): You are not a member of this project/);
    allow("viewer");
    expect(await failure(open().write(VALUES))).toMatch(
      /could not create COMFYUI_URL .*\(HTTP 403\): You are not allowed to create on secrets/,
    );
    allow("admin");
    await open().write(VALUES);
    allow("describer");
    expect(await failure(open().check(VALUES))).toMatch(
      /hides the value of COMFYUI_URL from the machine identity/,
    );
  });

  test("a change that waits for approval is not called written", async () => {
    const project = sandbox.store.infisicalProjects.get(DEV_INFISICAL_PROJECT_ID);
    if (project === undefined) throw new Error("no project");
    const environments = project.environments.map((each) => ({ ...each, approval: true }));
    sandbox.store.infisicalProjects.put({ ...project, environments });
    expect(await failure(open().write(VALUES))).toMatch(/the change of COMFYUI_URL waits for approval/);
    expect(kept()).toEqual({});
  });

  test("half an answer is not taken for an empty folder, and to a change is looked up", async () => {
    const half = (method: string) =>
      sandbox.faults.add({ method, pathRegex: "/secrets/raw", action: "malformed" });
    half("GET");
    expect(await failure(open().check(VALUES))).toMatch(
      /could not list the secrets .*: no answer of Infisical/,
    );
    half("POST");
    expect((await open().write(VALUES)).changed).toEqual(Object.keys(VALUES));
    expect(kept()).toEqual(VALUES);
  });

  test("one that fails is named with those after it, and the next run writes only these", async () => {
    sandbox.faults.add({ method: "POST", pathRegex: "ACCESS_TOKEN$", action: "status", status: 500 });
    expect(await failure(open().write(VALUES))).toMatch(
      /half written: could not create COMFYUI_ACCESS_TOKEN .*\n {2}written: COMFYUI_URL\n {2}not written: COMFYUI_ACCESS_TOKEN, CF_ACCESS_CLIENT_SECRET/,
    );
    sandbox.requests.length = 0;
    expect((await open().write(VALUES)).changed).toEqual(["COMFYUI_ACCESS_TOKEN", "CF_ACCESS_CLIENT_SECRET"]);
    expect(writes()).toEqual(["POST COMFYUI_ACCESS_TOKEN", "POST CF_ACCESS_CLIENT_SECRET"]);
  });

  test("a write whose answer was lost, and which the SDK then repeats, counts as written", async () => {
    sandbox.faults.add({ method: "POST", pathRegex: "COMFYUI_URL$", action: "drop-after" });
    expect((await open().write(VALUES)).changed).toEqual(Object.keys(VALUES));
    expect(kept()).toEqual(VALUES);
    expect(writes().filter((write) => write === "POST COMFYUI_URL")).toHaveLength(2);
  });

  test("an error that repeats what was sent shows none of it", async () => {
    const vendor = await startEchoServer(({ path, body }) => {
      if (path.endsWith("/login")) return { status: 200, body: { accessToken: "t" } };
      if (path.startsWith("/api/v3/secrets/raw?")) return { status: 200, body: { secrets: [], imports: [] } };
      return { status: 400, body: { message: `cannot take ${body}` } };
    });
    const error = await failure(open({ siteUrl: vendor.url }).write({ KEY: SECRET }));
    expect(error).toContain('cannot take {"workspaceId"');
    expect(error).toContain('"secretValue":"***"');
    expect(error).not.toContain(SECRET);
    await vendor.close();
  });
});
