import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GoogleSecretManagerSink } from "../../packages/cli/secrets/google-secret-manager";
import { type Sandbox, startSandbox } from "../../packages/sandbox/server/server";
import { startEchoServer } from "./echo-server";

const PROJECT = "datacrew-dev";
const ID = "comfyui-access-dev-comfyui-api";
const SECRET = "c1.access:5ec2e7c0ffee";
const path = `projects/${PROJECT}/secrets/${ID}`;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => {
  sandbox.reset();
  sandbox.store.gcpServices.put({
    id: `projects/${PROJECT}/services/secretmanager.googleapis.com`,
    state: "ENABLED",
  });
});

const open = (options: { create?: boolean; project?: string; baseUrl?: string } = {}) =>
  new GoogleSecretManagerSink({ project: PROJECT, create: true, baseUrl: sandbox.gcpUrl, ...options });

const versions = () =>
  (sandbox.store.gcpSecrets.get(path)?.versions ?? []).map(({ state, data }) => [
    state,
    Buffer.from(data, "base64").toString(),
  ]);

const asked = () => sandbox.requests.map(({ method, path, status }) => `${method} ${path} ${status}`);
const writes = () => sandbox.requests.filter(({ method }) => method !== "GET");

describe("Google's own client against the sandbox", () => {
  test("makes the secret with automatic replication, and says that nobody was granted to read it", async () => {
    const sink = open();
    expect(await sink.check({ [ID]: SECRET })).toMatchObject({
      status: "missing",
      keys: { [ID]: "missing" },
    });
    expect(writes()).toEqual([]);
    expect(await sink.write({ [ID]: SECRET })).toEqual({
      written: true,
      changed: [ID],
      notices: [expect.stringContaining(`${ID} is new and has no readers`)],
    });
    expect(sandbox.store.gcpSecrets.get(path)?.fields).toMatchObject({ replication: { automatic: {} } });
    expect(versions()).toEqual([["ENABLED", SECRET]]);
  });

  test("a second run asks once and writes nothing", async () => {
    await open().write({ [ID]: SECRET });
    sandbox.requests.length = 0;
    expect(await open().write({ [ID]: SECRET })).toEqual({ written: false, changed: [], notices: [] });
    expect(asked()).toEqual([`GET /v1/${path}/versions/latest:access 200`]);
  });

  test("another value is one more version, and the earlier one stays", async () => {
    await open().write({ [ID]: "old" });
    const sink = open();
    expect((await sink.check({ [ID]: SECRET })).status).toBe("stale");
    sandbox.requests.length = 0;
    expect((await sink.write({ [ID]: SECRET })).changed).toEqual([ID]);
    expect(writes().map(({ path: to }) => to)).toEqual([`/v1/${path}:addVersion`]);
    expect(versions()).toEqual([
      ["ENABLED", "old"],
      ["ENABLED", SECRET],
    ]);
    expect((await sink.check({ [ID]: SECRET })).status).toBe("current");
  });

  test.each(["DISABLED", "DESTROYED"] as const)("a version that is %s is no value", async (state) => {
    await open().write({ [ID]: SECRET });
    const secret = sandbox.store.gcpSecrets.get(path);
    if (secret === undefined) throw new Error("no secret");
    sandbox.store.gcpSecrets.put({
      ...secret,
      versions: secret.versions.map((version) => ({ ...version, state })),
    });
    expect((await open().check({ [ID]: SECRET })).status).not.toBe("current");
    await open().write({ [ID]: SECRET });
    expect(versions().map(([each]) => each)).toEqual([state, "ENABLED"]);
  });

  test("where the stack makes the secret, the sink does not", async () => {
    await expect(open({ create: false }).write({ [ID]: SECRET })).rejects.toThrow(
      /does not exist, although the stack config keeps the credentials there\n {2}→ Run `pulumi up`/,
    );
    expect(sandbox.store.gcpSecrets.all()).toEqual([]);
  });

  test("no request log shows the value", async () => {
    await open().write({ [ID]: SECRET });
    const log = JSON.stringify(sandbox.requests);
    expect(log).not.toContain(SECRET);
    expect(log).not.toContain(Buffer.from(SECRET).toString("base64"));
  });
});

describe("what goes wrong on the way", () => {
  test("a version whose answer was lost counts as written, once", async () => {
    await open().write({ [ID]: "old" });
    sandbox.faults.add({ method: "POST", pathRegex: ":addVersion$", action: "drop-after" });
    expect((await open().write({ [ID]: SECRET })).changed).toEqual([ID]);
    expect(versions()).toEqual([
      ["ENABLED", "old"],
      ["ENABLED", SECRET],
    ]);
  });

  test("one of two that fails is named, and the next run writes it alone", async () => {
    const values = { a: "5ec2e7-one", b: "5ec2e7-two", c: "5ec2e7-three" };
    sandbox.faults.add({ method: "POST", pathRegex: "/b:addVersion$", action: "status", status: 403 });
    await expect(open().write(values)).rejects.toThrow(
      /project datacrew-dev is half written: could not add a version[\s\S]*written: a\n {2}not written: b, c\n {2}→ .*Then run the command again/,
    );
    expect((await open().write(values)).changed).toEqual(["b", "c"]);
    expect((await open().check(values)).status).toBe("current");
  });

  test("a closed API says how to open it", async () => {
    await expect(open({ project: "other" }).check({ [ID]: SECRET })).rejects.toThrow(
      /not been used in project other[\s\S]*Enable the API[\s\S]*gcloud services enable secretmanager.googleapis.com --project other/,
    );
  });

  test.each([
    [403, "PERMISSION_DENIED", /roles secretmanager\.secretAccessor and secretmanager\.secretVersionAdder/],
    [401, "UNAUTHENTICATED", /gcloud auth application-default login/],
    [400, "INVALID_ARGUMENT", /run the command again/i],
  ])("HTTP %s says what to do and repeats no value", async (code, status, remedy) => {
    const vendor = await startEchoServer(({ body, headers }) => ({
      status: code,
      body: { error: { code, status, message: `cannot take ${body} ${SECRET} of ${headers.authorization}` } },
    }));
    const sink = open({ baseUrl: vendor.url });
    const error = await sink.check({ [ID]: SECRET }).then(String, (reason: Error) => reason.message);
    expect(error).toMatch(remedy);
    expect(error).toContain("cannot take");
    expect(error).not.toContain(SECRET);
    await vendor.close();
  });

  test("a write that is refused repeats no value, in clear or as Base64", async () => {
    const vendor = await startEchoServer(({ path: to, body }) =>
      to.includes(":access")
        ? { status: 404, body: { error: { code: 404, status: "NOT_FOUND", message: "no version" } } }
        : { status: 400, body: { error: { code: 400, status: "INVALID_ARGUMENT", message: `bad ${body}` } } },
    );
    const error = await open({ baseUrl: vendor.url })
      .write({ [ID]: SECRET })
      .then(String, (reason: Error) => reason.message);
    expect(error).toContain('bad {"payload":{"data":"***"');
    expect(error).not.toContain(Buffer.from(SECRET).toString("base64"));
    await vendor.close();
  });

  test("without an identity it says how to log in", async () => {
    const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
    process.env.GOOGLE_APPLICATION_CREDENTIALS = "/no/such/file.json";
    try {
      const sink = new GoogleSecretManagerSink({ project: PROJECT, create: true });
      await expect(sink.check({ [ID]: SECRET })).rejects.toThrow(
        /could not log in to Google: .*\/no\/such\/file\.json[\s\S]*gcloud auth application-default login/,
      );
    } finally {
      if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
      else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
    }
  });

  test("an address beyond this machine gets nothing", async () => {
    await expect(open({ baseUrl: "http://192.0.2.1/gcp" }).check({ [ID]: SECRET })).rejects.toThrow(
      /192\.0\.2\.1\/gcp is not on this machine/,
    );
  });
});
