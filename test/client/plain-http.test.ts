import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import { dispatcherFor, type Network, socketTo } from "../../packages/client/typescript/network";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { workflow } from "../sandbox/origin/support";

// What a local script sends with plain undici and ws is the measure: the client may send nothing that it does not.

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin({ settings: { msPerNode: 1 } });
});
afterAll(() => origin.close());

const token = `${"0".repeat(32)}.access:${"f".repeat(64)}`;

test.each([
  ["local, with nothing set", "http://localhost:8188", {}],
  ["local, with a token set for elsewhere", "http://localhost:8188", { COMFYUI_ACCESS_TOKEN: token }],
  ["docker", "http://comfyui:8188", { COMFYUI_URL: "http://comfyui:8188", COMFYUI_ACCESS_TOKEN: token }],
])("%s: the same requests and headers as plain HTTP", async (_name, url, env) => {
  const network: Network = { routes: { "*:8188": { host: "127.0.0.1", port: origin.port } } };
  const plain = await recorded(() => withUndici(url, network));
  const ours = await recorded(() => withClient(env, network));
  expect(ours.map(({ line }) => line)).toEqual(plain.map(({ line }) => line));
  ours.forEach(({ headers }, index) => {
    const expected = plain[index]?.headers ?? {};
    for (const [name, value] of Object.entries(headers))
      expect(expected, `${name}: ${value}`).toHaveProperty([name]);
    for (const name of ["host", "content-type", "connection"]) expect(headers[name]).toEqual(expected[name]);
  });
});

/** What reached ComfyUI: ids of prompts and clients, and how often history was asked, are left out. */
async function recorded(
  calls: () => Promise<void>,
): Promise<{ line: string; headers: Record<string, string> }[]> {
  origin.reset();
  await calls();
  const seen = origin.requests.map(({ method, path, query, headers }) => ({
    line: `${method} ${path}${query}`.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>"),
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
  }));
  return seen.filter(({ line }, index) => line !== seen[index - 1]?.line);
}

async function withClient(env: Record<string, string>, network: Network): Promise<void> {
  const client = ComfyUIClient.fromEnv({ network }, env);
  try {
    await client.systemStats();
    await client.objectInfo();
    await client.queue();
    const result = await client.run(workflow()).result();
    const [output] = result.outputs;
    if (output === undefined) throw new Error("no output");
    for await (const _chunk of (await client.view(output)).body);
  } finally {
    await client.close();
  }
}

async function withUndici(url: string, network: Network): Promise<void> {
  const dispatcher = dispatcherFor(network);
  const get = async (path: string) =>
    (await request(url + path, { dispatcher })).body.json() as Promise<never>;
  const [promptId, clientId] = [randomUUID(), randomUUID()];
  const address = new URL(`${url.replace("http", "ws")}/ws?clientId=${clientId}`);
  try {
    await get("/system_stats");
    await get("/object_info");
    await get("/queue");
    const socket = new WebSocket(address, { createConnection: () => socketTo(network, address) });
    await once(socket, "open");
    const body = JSON.stringify({ prompt: workflow(), client_id: clientId, prompt_id: promptId });
    const headers = { "content-type": "application/json" };
    await (await request(`${url}/prompt`, { method: "POST", headers, body, dispatcher })).body.dump();
    let history: Record<string, { outputs: Record<string, { images: Record<string, string>[] }> }> = {};
    while (history[promptId] === undefined) history = await get(`/history/${promptId}`);
    const [image] = Object.values(history[promptId].outputs).flatMap(({ images }) => images);
    const { filename = "", subfolder = "", type = "" } = image ?? {};
    const query = new URLSearchParams({ filename, subfolder, type });
    await (await request(`${url}/view?${query}`, { dispatcher })).body.dump();
    socket.terminate();
  } finally {
    await dispatcher.destroy();
  }
}
