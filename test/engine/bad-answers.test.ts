import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ensureEngine } from "../../packages/cli/engine/engine";
import { pulumi } from "../../packages/cli/engine/pulumi";
import { openWorkspace, projectDir } from "../../packages/cli/sandboxed/workspace";
import { Commands } from "./command";

const FULL = process.env["FULL_TABLES"] === "1";
/** Stands in every bad answer too, as a page in between could repeat what it was sent. */
const TOKEN = "5ec2e7-api-token";

let folder: string;
let commands: Commands;
let state: string;
let api: Server;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bad-answers-"));
  commands = new Commands(join(folder, "sandbox"));
  state = join(commands.workspace, "state", ".pulumi", "stacks", "comfyui-access", "dev.json");
  api = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  if (FULL) return expect((await commands.run(["up"])).code).toBe(0);
  const engine = await ensureEngine();
  const { env } = await openWorkspace({ engine, dir: commands.workspace });
  const made = await pulumi({ command: engine.command, cwd: projectDir, env }, ["stack", "init", "dev"]);
  expect(made.code, made.stderr).toBe(0);
});

afterAll(() => {
  commands.end();
  api.close();
  rmSync(folder, { recursive: true, force: true });
});

const refusal = (status: number, code: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    const errors = [{ code, message: "refused" }];
    response.end(JSON.stringify({ success: false, errors, messages: [], result: null }));
  };
};
const page = (status: number) => (response: ServerResponse) => {
  response.writeHead(status, { "content-type": "text/html" });
  response.end(`<html><body>Log in first, ${TOKEN}</body></html>`);
};

/** What an API may answer to everything, and what a command then has to say. */
const ANSWERS: Record<string, { send: (response: ServerResponse) => void; said: RegExp; inFull?: true }> = {
  "a page of something in between": { send: page(200), said: /no answer of Cloudflare's API/ },
  "half an answer": {
    send: (response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(`{"result":[{"name":"${TOKEN}`),
    said: /no answer \(only a part of it came\)|half an answer/,
    inFull: true,
  },
  "429 for an hour": {
    send: refusal(429, 10429, { "retry-after": "3600" }),
    said: /HTTP 429|too many requests/,
  },
  "401": { send: refusal(401, 10000), said: /HTTP 401/, inFull: true },
  "an expired or revoked token": { send: refusal(403, 9109), said: /HTTP 403/, inFull: true },
  "400": { send: refusal(400, 7003), said: /HTTP 400/, inFull: true },
  "500, lasting": { send: refusal(500, 1000), said: /HTTP 500/, inFull: true },
  "a gateway's page": { send: page(502), said: /HTTP 502/, inFull: true },
};

/** The commands that ask the API, and their exit code for what could not be looked at. */
const ASKING: [args: string[], code: number, inFull?: true][] = [
  [["orphans"], 1],
  [["adopt"], 1, true],
  [["drift"], 1, true],
  [["doctor"], 3, true],
];

const answers = Object.keys(ANSWERS).flatMap((name) =>
  ASKING.filter(([, , inFull]) => FULL || !(inFull ?? ANSWERS[name]?.inFull)).map(([args, code]) => ({
    name,
    args,
    code,
  })),
);

test.each(answers)("$name to $args: said, and taken for nothing else", async ({ name, args, code }) => {
  const { send, said } = ANSWERS[name] ?? {};
  if (send === undefined || said === undefined) throw new Error("no such answer");
  answer = send;
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/client/v4`;
  const started = performance.now();
  const found = await commands.run(
    [...args, "--no-sandbox"],
    commands.own(TOKEN, { CLOUDFLARE_BASE_URL: url }),
  );
  expect(found.text.replace(/\s+/g, " ")).toMatch(said);
  expectPlain(found.text);
  expect(found.code).toBe(code);
  // Not for as long as the API asks: nobody would know why it stands still.
  expect(performance.now() - started).toBeLessThan(100_000);
});

function expectPlain(text: string): void {
  expect(text).toMatch(/→ \S/);
  expect(text).not.toMatch(/^\s+at /m);
  expect(text).not.toMatch(/mistake|undefined|\[object|TypeError/);
  expect(text).not.toContain(TOKEN);
}

const readers = FULL
  ? [["env"], ["drift"], ["rotate", "--yes"], ["recover"], ["up"], ["explain", "comfyui.datacrew.space"]]
  : [["env"]];

test.each(readers.map((args) => ({ args })))(
  "a state that was cut off, to $args: its backup is named",
  async ({ args }) => {
    const good = readFileSync(state);
    copyFileSync(state, `${state}.bak`);
    writeFileSync(state, good.subarray(0, good.length - 20));
    try {
      const { code, text } = await commands.run(args);
      expect(text).toContain(`${state}.bak: copy that over it`);
      expectPlain(text);
      expect(code).toBe(1);
      expect(readFileSync(state).length).toBe(good.length - 20);
    } finally {
      writeFileSync(state, good);
    }
  },
);

const sandboxed: { file: string; content: string; said: RegExp }[] = [
  {
    file: "cloudflare.json",
    content: `{"format":1,"tunnels":"${TOKEN}"}`,
    said: /cloudflare\.json is damaged: tunnels/,
  },
  {
    file: "cloudflare.json",
    content: `{"format":1,"zones":[null]}`,
    said: /cloudflare\.json is damaged: zones/,
  },
];
test.each(FULL ? sandboxed : [])("a sandbox's state that is $content", async ({ file, content, said }) => {
  const path = join(commands.workspace, file);
  const good = readFileSync(path);
  writeFileSync(path, content);
  const { code, text } = await commands.run(["doctor"]);
  writeFileSync(path, good);
  expect(text).toMatch(said);
  expectPlain(text);
  expect(code).toBe(1);
});

/** Stack files that no editor of Pulumi's wrote; each under a name of its own, which no other test knows. */
const STACK_FILES: Record<string, { text: (good: string) => string; said: RegExp }> = {
  "bad YAML": { text: () => `config: [${TOKEN}`, said: /Pulumi\.(\w+)\.yaml/ },
  "a list": { text: () => `- ${TOKEN}\n`, said: /Mend Pulumi\.(\w+)\.yaml/ },
  empty: { text: () => "", said: /accountId: not set/ },
  "of the wrong type in each key": {
    text: () =>
      [
        "accountId",
        "zone",
        "google",
        "tunnel",
        "serviceTokens",
        "protectTokens",
        "secretStore",
        "alerts",
        "adopted",
      ].reduce((text, key) => `${text}  comfyui-access:${key}: [{ a: ${TOKEN} }]\n`, "config:\n"),
    said: /accountId: a value of the wrong kind[\s\S]*alerts: a value of the wrong kind[\s\S]*Give a mapping/,
  },
  "a secure value that is none": {
    text: (good) => good.replace(/secure: v1:BTT.*/, `secure: ${TOKEN}`),
    said: /secure:[\s\S]*Pulumi\.(\w+)\.yaml/,
  },
};
test.each(FULL ? Object.keys(STACK_FILES) : [])("a stack file that is %s", async (name) => {
  const { text, said } = STACK_FILES[name] ?? { text: String, said: /./ };
  const stack = `bad${process.pid}`;
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  writeFileSync(file, text(readFileSync(join(projectDir, "Pulumi.dev.yaml"), "utf8")));
  try {
    const found = await commands.run(["adopt", "--stack", stack, "--sandbox"]);
    expect(found.text).toMatch(said);
    expectPlain(found.text);
    expect(found.code).toBe(1);
  } finally {
    rmSync(file, { force: true });
  }
});

const LONG = [
  ["drift"],
  ["doctor"],
  ["adopt"],
  ["orphans"],
  ["rotate", "--yes"],
  ["verify", "--no-browser"],
  ["env", "--to", "config"],
  ["env", "--to", "gcp"],
  ["env", "--to", "infisical"],
  ["sandbox", "--port", "18788"],
  ["demo"],
];
function hasChildren(pid: number | undefined): boolean {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) && readFileSync(file, "utf8").trim() !== "";
}

const interruptions = LONG.flatMap((args) => [
  { args, signal: "SIGINT" as const, code: 130 },
  { args, signal: "SIGTERM" as const, code: 143 },
]);
test.each(FULL ? interruptions : [])(
  "$signal to $args: nothing is left, and the files are whole",
  async ({ args, signal, code }) => {
    const kept = join(folder, "kept");
    cpSync(commands.workspace, kept, { recursive: true });
    // `env --to config` may be done before it is interrupted.
    const configFile = join(projectDir, "Pulumi.dev.yaml");
    const config = readFileSync(configFile);
    onTestFinished(() => writeFileSync(configFile, config));
    const child = commands.begin(args);
    const ended = once(child, "close");
    const until = performance.now() + 1_500;
    // `env` may be done by then, so it is met while it asks the engine.
    while (performance.now() < until && !(args[0] === "env" && hasChildren(child.pid))) await sleep(20);
    if (child.exitCode === null && child.pid)
      process.kill(signal === "SIGINT" ? -child.pid : child.pid, signal);
    // What runs for play until then is done with it.
    const expected = child.text().includes("Stop with Ctrl-C") ? 0 : code;
    expect(await ended, child.text()).toEqual([expected, null]);
    expect(child.text()).not.toMatch(/^\s+at /m);
    // An engine that has only just begun takes no signal, and its language host looks for it every five minutes only.
    expect(commands.left().filter((process) => !process.includes("/pulumi-language-nodejs "))).toEqual([]);
    for (const file of [state, join(commands.workspace, "cloudflare.json")])
      JSON.parse(readFileSync(file, "utf8"));
    expect(readdirSync(commands.workspace).filter((name) => /\.lock|\.tmp$|running/.test(name))).toEqual([]);
    const locks = join(commands.workspace, "state", ".pulumi", "locks");
    const held = existsSync(locks) ? readdirSync(locks, { recursive: true, encoding: "utf8" }) : [];
    expect(held.filter((name) => name.endsWith(".json"))).toEqual([]);
    rmSync(commands.workspace, { recursive: true });
    cpSync(kept, commands.workspace, { recursive: true });
  },
);
