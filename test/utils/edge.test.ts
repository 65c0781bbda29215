import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { APP, type Rig, startRig } from "../sandbox/edge/rig";
import { workflow } from "../sandbox/origin/support";
import { runPython } from "./python";

const client = join(__dirname, "../../packages/client/python/comfyui_api_client.py");
let rig: Rig;
let origin: Origin;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  [rig, origin, folder] = await Promise.all([
    startRig(),
    startOrigin({ settings: { msPerNode: 1, msPerStep: 1 } }),
    mkdtemp(join(tmpdir(), "python-edge-")),
  ]);
  rig.connector.disconnect();
  rig.edge.tunnels.connect({
    token: await rig.api("GET", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/token`),
    services: { "http://localhost:8188": origin.url },
  });
  await writeFile(join(folder, "ca.pem"), rig.edge.ca);
});
afterAll(async () => {
  await Promise.all([rig.close(), origin.close(), rm(folder, { recursive: true })]);
});
beforeEach(() => {
  env = {
    COMFYUI_URL: APP,
    COMFYUI_ACCESS_TOKEN: `${rig.token.client_id}:${rig.token.client_secret}`,
    HTTPS_PROXY: rig.edge.proxyUrl,
    SSL_CERT_FILE: join(folder, "ca.pem"),
  };
});

const check = (...more: string[]) => runPython(client, { env, arguments: ["--check", ...more] });

it("runs a script through proxy, edge and tunnel, its WebSocket included", async () => {
  const { stdout, stderr } = await runPython("example_script.py", { env, input: JSON.stringify(workflow()) });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)[1]["6"][0]).toBeGreaterThan(60);
  expect(rig.edge.log.filter(({ upgrade }) => upgrade).map(({ status, who }) => [status, who])).toEqual([
    [101, "comfyui-api"],
  ]);
});

it("--check says that ComfyUI answers", async () => {
  expect(await check()).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^ComfyUI 0\.36\.0 answers; /),
    stderr: "",
  });
  expect(JSON.parse((await check("--json")).stdout).system.comfyui_version).toBe("0.36.0");
});

it("--check says who refuses, and never the secret", async () => {
  const found: Record<string, string> = {};
  const secret = rig.token.client_secret;
  const as = async (what: string, change: Record<string, string>) => {
    Object.assign(env, change);
    const { code, stderr } = await check();
    expect(stderr).not.toContain(secret);
    found[what] = `${code} ${stderr.split(":")[0]}`;
    Object.assign(env, { COMFYUI_URL: APP, COMFYUI_ACCESS_TOKEN: `${rig.token.client_id}:${secret}` });
  };
  await as("no token", { COMFYUI_ACCESS_TOKEN: "" });
  await as("wrong secret", { COMFYUI_ACCESS_TOKEN: `${rig.token.client_id}:${"0".repeat(64)}` });
  await as("half a token", { COMFYUI_ACCESS_TOKEN: rig.token.client_id });
  await as("no scheme", { COMFYUI_URL: "comfyui.datacrew.space" });
  await as("unknown host", { COMFYUI_URL: "https://elsewhere.datacrew.space" });
  await as("untrusted CA", { SSL_CERT_FILE: "/dev/null" });
  env["SSL_CERT_FILE"] = join(folder, "ca.pem");
  rig.edge.tunnels.for(rig.tunnelId)?.disconnect();
  await as("no tunnel", {});
  expect(found).toEqual({
    "no token": "1 access/no_token",
    "wrong secret": "1 access/token_refused",
    "half a token": "2 usage/bad_token",
    "no scheme": "2 usage/bad_url",
    "unknown host": "1 network/connect",
    "untrusted CA": "1 network/tls",
    "no tunnel": "1 tunnel/no_connector",
  });
});
