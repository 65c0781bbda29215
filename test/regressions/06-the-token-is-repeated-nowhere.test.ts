import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ComfyUIClient } from "../../packages/client/typescript/index";
import type { Network } from "../../packages/client/typescript/network";
import { runPython } from "../utils/python";
import { authority, sharedCases } from "./clients";

const id = `${"0123456789abcdef".repeat(2)}.access`;
const secret = "5ec4e7".repeat(10);
const token = `${id}:${secret}`;
const jwt = `${Buffer.from("{}").toString("base64url")}.${Buffer.from('{"exp":4102444800}').toString("base64url")}.c2ln`;
const single = JSON.stringify({ "cf-access-client-id": id, "cf-access-client-secret": secret });

sharedCases(6);

/** Everything that can be got at by walking: keys of whatever kind, of whatever prototype. */
function walked(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === "string") return [value];
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value))
    return [];
  seen.add(value);
  return Reflect.ownKeys(value).flatMap((key) => {
    const { value: inner } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    return [String(key), ...walked(inner, seen)];
  });
}

describe.each([
  ["a service token", token, secret],
  ["a single header", single, secret],
  ["a JWT", jwt, jwt],
])("with %s", (_, text, hidden) => {
  test("6: a client and a run show it to nobody who prints, walks or copies them", async () => {
    const client = new ComfyUIClient({ url: "https://comfyui.example.org", token: text });
    expect(client.sendsCredential).toBe(true);
    const run = client.run({ "1": { class_type: "X" } });
    for (const value of [client, run, { client, run }, [client]]) {
      const shown = [
        JSON.stringify(value),
        inspect(value, { depth: 4 }),
        inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
        String(value),
        JSON.stringify({ ...(value as object) }),
        JSON.stringify(structuredClone(JSON.parse(JSON.stringify(value)))),
        ...walked(value),
      ];
      for (const one of shown) expect(one).not.toContain(hidden);
    }
    await client.close();
  });
});

describe("an error", () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let network: Network;
  beforeAll(async () => {
    const context = await (await authority).contextFor("comfyui.example.org");
    // No HTTP, and it repeats the token: undici's parser keeps such bytes with its error.
    server = createServer({ SNICallback: (_, done) => done(null, context) }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).on("data", () => socket.end(`${secret} ${id}\r\n\r\n${secret}`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    network = { ca: (await authority).pem, routes: { "*:443": { host: "127.0.0.1", port } } };
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("6: repeats it in no cause either", async () => {
    const client = new ComfyUIClient({ url: "https://comfyui.example.org", token, network });
    const error = await client.systemStats().catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "protocol", code: "http" });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
    expect(walked(error).join("\n")).not.toContain(secret);
    await client.close();
  });
});

test("6: Python shows it to nobody who prints, lists, pickles or copies a client", async () => {
  const program = `
import copy, json, pickle, pprint, sys, traceback
sys.path.insert(0, ${JSON.stringify(join(__dirname, "..", "..", "packages/client/python"))})
import comfyui_api_client as module
SECRET = ${JSON.stringify(secret)}
shown = []
for token in (${JSON.stringify(token)}, ${JSON.stringify(single)}):
    client = module.ComfyUIClient("https://comfyui.example.org", token)
    assert client.sends_credential
    seen = set()
    def walk(value, path):
        if id(value) in seen: return
        seen.add(id(value))
        shown.append((path, repr(value)))
        if isinstance(value, dict):
            for key, item in value.items(): walk(item, f"{path}[{key!r}]")
        elif isinstance(value, (list, tuple)):
            for item in value: walk(item, f"{path}[]")
        elif hasattr(value, "__dict__") and type(value).__module__ == "comfyui_api_client":
            walk(vars(value), f"vars({path})")
    walk(client, "client")
    shown.append(("pprint", pprint.pformat(vars(client._transport.settings))))
    for name, attempt in (("pickle", pickle.dumps), ("copy", copy.deepcopy)):
        for value in (client, client._transport.settings.credential, client._transport.settings):
            try:
                shown.append((name, repr(attempt(value))))
            except TypeError as error:
                shown.append((name, "".join(traceback.format_exception(type(error), error, error.__traceback__))))
error = module.ServerError("execution_failed", "no", prompt_id="p", taken=True, failure=module.NodeFailure("3", "X", "E", "m", []))
again = pickle.loads(pickle.dumps(error))
print(json.dumps({"leaks": [path for path, text in shown if SECRET in text], "shown": len(shown),
                  "error": [type(again).__name__, again.code, str(again), again.prompt_id, again.taken, again.failure[0]]}))
`;
  const folder = await mkdtemp(join(tmpdir(), "python-secrets-"));
  await writeFile(join(folder, "look.py"), program);
  const { stdout, stderr } = await runPython(join(folder, "look.py"));
  await rm(folder, { recursive: true });
  expect(stderr).toBe("");
  const { leaks, shown, error } = JSON.parse(stdout);
  expect(leaks).toEqual([]);
  expect(shown).toBeGreaterThan(20);
  expect(error).toEqual(["ServerError", "execution_failed", "no", "p", true, "3"]);
});
