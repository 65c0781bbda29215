import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import { type CaseOutcome, quickOptions } from "../client/case";
import { type ScriptedServer, startScriptedServer } from "../client/scripted-server";
import { type PythonWorker, startPython } from "../utils/python";
import { authority, sharedCases, startProxy } from "./clients";

sharedCases(21);

const secret = "5ec4e7".repeat(10);
const token = `${"0".repeat(32)}.access:${secret}`;
const url = "https://comfyui.invalid";
const workflow = { "9": { class_type: "SaveImage", inputs: {} } };
let server: ScriptedServer;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let folder: string;
const python: PythonWorker[] = [];

beforeAll(async () => {
  const entry = {
    prompt: [1, "$promptId", {}, { client_id: "$clientId" }, ["9"]],
    outputs: { "9": { text: ["done"] } },
    status: { status_str: "success", completed: true, messages: [] },
  };
  const http = [
    {
      method: "POST",
      path: "/prompt",
      reply: { json: { prompt_id: "$promptId", number: 1, node_errors: {} } },
    },
    { path: "/history/*", reply: { json: { $promptId: entry } } },
  ];
  server = await startScriptedServer({ http, ws: [{}] }, await authority, () => ({}));
  proxy = await startProxy(() => server.tlsPort);
  folder = await mkdtemp(join(tmpdir(), "proxy-"));
  await writeFile(join(folder, "ca.pem"), (await authority).pem);
});
afterAll(async () => {
  await Promise.all(python.map((worker) => worker.close()));
  await proxy.close();
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  proxy.forget();
  server.received.length = 0;
});

type Settings = Record<string, string>;
const saidOf = (texts: readonly { text: string }[]): Said => {
  const text = texts.map((each) => each.text).join();
  return { code: text, message: text };
};

/** What came of a run: an error's code and message, else the text that it put out as both. */
interface Said {
  code: string;
  message: string;
}
const clients = {
  async TypeScript(address: string, env: Settings): Promise<Said> {
    const options = { url: address, token, network: { ca: (await authority).pem } };
    let client: ComfyUIClient | undefined;
    try {
      client = new ComfyUIClient({ ...options, following: { pollIntervalMs: 40, outageMs: 100 } }, env);
      const { texts } = await client.run(workflow).result();
      return saidOf(texts);
    } catch (error) {
      const { code, message } = error as Said;
      return { code, message };
    } finally {
      await client?.close();
    }
  },
  async Python(address: string, env: Settings): Promise<Said> {
    const worker = startPython("run_case.py", { ...env, SSL_CERT_FILE: join(folder, "ca.pem") });
    python.push(worker);
    const given = { COMFYUI_URL: address, COMFYUI_ACCESS_TOKEN: token };
    const input = {
      env: given,
      options: { ...quickOptions, outageMs: 100 },
      call: "run",
      args: { workflow },
    };
    const outcome = await worker.ask<CaseOutcome>(input);
    if (outcome.ok) return saidOf((outcome.value as { texts: { text: string }[] }).texts);
    return { code: outcome.error.code ?? "", message: outcome.error.message };
  },
};

describe.each(Object.entries(clients))("%s", (_, call) => {
  const run = async (address: string, env: Settings) => (await call(address, env)).code;
  const fail = async (address: string, env: Settings) => (await call(address, env)).message;

  test.each(["HTTPS_PROXY", "https_proxy"])(
    "21: goes through %s, the WebSocket too, and the token only within TLS",
    async (name) => {
      expect(await run(url, { [name]: proxy.url })).toBe("done");
      expect(new Set(proxy.seen.targets)).toEqual(new Set(["comfyui.invalid:443"]));
      expect(server.received.some(({ upgrade }) => upgrade)).toBe(true);
      for (const { headers } of server.received) {
        expect(headers["cf-access-client-secret"]).toBe(secret);
        expect(headers["proxy-authorization"]).toBeUndefined();
      }
      const basic = `Basic ${Buffer.from("user:pass word").toString("base64")}`;
      for (const head of proxy.seen.heads) expect(head).toContain(basic);
      const passed = Buffer.concat(proxy.seen.bytes).toString("latin1") + proxy.seen.heads.join();
      expect(passed).not.toContain(secret);
    },
  );

  test.each(["comfyui.invalid", ".invalid", "*", "x, comfyui.invalid:443"])(
    "21: asks no proxy for a host in NO_PROXY (%s)",
    async (list) => {
      expect(await run(url, { HTTPS_PROXY: proxy.url, NO_PROXY: list })).toBe("dns");
      expect(proxy.seen.targets).toEqual([]);
    },
  );

  test.each([`https://127.0.0.1`, `https://localhost`, "http://127.0.0.1", "http://[::1]"])(
    "21: asks no proxy for a local address (%s)",
    async (local) => {
      // Nothing listens on port 9: what counts is that nobody was asked the way.
      expect(await run(`${local}:9`, { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url })).toBe("connect");
      expect(proxy.seen.targets).toEqual([]);
    },
  );

  test.each([
    "socks5://127.0.0.1:1",
    "https://127.0.0.1:1",
    "http://a%b:c@127.0.0.1:1",
    "http://a%ff:c@127.0.0.1:1",
    "http://127.0.0.1:99999",
    "http://a:p:w/x@127.0.0.1:1",
    "http://[::1:1",
    "http://",
  ])("21: says at once that a proxy is none (%s)", async (none) => {
    expect(await run(url, { HTTPS_PROXY: none })).toBe("bad_url");
    expect(await run(url, { HTTPS_PROXY: none, NO_PROXY: "comfyui.invalid" })).toBe("dns");
  });

  test("21: says which way leads past a proxy that is none, and repeats no password", async () => {
    const said = await fail(url, { HTTPS_PROXY: "https://user:hidden%zz@127.0.0.1:1" });
    for (const part of ["HTTPS_PROXY", "comfyui.invalid", "NO_PROXY"]) expect(said).toContain(part);
    expect(said).not.toContain("hidden");
  });
});
