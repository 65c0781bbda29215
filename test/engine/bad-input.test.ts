import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Commands } from "./command";

const FULL = process.env["FULL_TABLES"] === "1";
const TOKEN = "5ec2e7-api-token";

let folder: string;
let workspace: string;
let commands: Commands;

/** Speaks no TLS. */
const plain = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
let plainPort: number;

beforeAll(async () => {
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  plainPort = (plain.address() as AddressInfo).port;
  folder = mkdtempSync(join(tmpdir(), "bad input ü-"));
  workspace = join(folder, "sandbox");
  commands = new Commands(workspace);
});

afterAll(() => {
  plain.close();
  commands.end();
  rmSync(folder, { recursive: true, force: true });
});

const run: Commands["run"] = (...call) => commands.run(...call);
const own = (more?: NodeJS.ProcessEnv) => commands.own(TOKEN, more);

interface Case {
  what: string;
  args: string[];
  env?: () => NodeJS.ProcessEnv;
  prepare?: () => void;
  said: RegExp;
}

const IN_CI: Case[] = [
  {
    what: "a stack that was never brought up",
    args: ["env"],
    said: /no stack named 'dev'[\s\S]*→ Make it with `npm run sandbox:up`/,
  },
  {
    what: "a sandbox's state that is half written",
    args: ["drift"],
    prepare: () => writeFileSync(join(workspace, "cloudflare.json"), `{"apiTokens":["${TOKEN}`),
    said: /state file .*cloudflare\.json is not JSON[\s\S]*→ Delete the folder/,
  },
  {
    what: "a file where the workspace belongs",
    args: ["explain", "comfyui.datacrew.space"],
    env: () => {
      writeFileSync(join(folder, "plain"), "");
      return { COMFYUI_ACCESS_WORKSPACE: join(folder, "plain") };
    },
    said: /could not mkdir .*plain.*\(ENOTDIR\)[\s\S]*→ A folder belongs there/,
  },
];

const IN_FULL: Case[] = [
  {
    what: "a stack without a file",
    args: ["up", "--stack", "nope"],
    said: /no stack nope: .*Pulumi\.nope\.yaml does not exist/,
  },
  {
    what: "no API token",
    args: ["orphans", "--no-sandbox"],
    env: () => own({ CLOUDFLARE_API_TOKEN: "" }),
    said: /no API token for Cloudflare[\s\S]*→ Set CLOUDFLARE_API_TOKEN, or: pulumi config set --stack dev --secret/,
  },
  {
    what: "a wrong passphrase",
    args: ["adopt", "--no-sandbox"],
    env: () => own({ PULUMI_CONFIG_PASSPHRASE: "wrong" }),
    said: /incorrect passphrase[\s\S]*→ Set PULUMI_CONFIG_PASSPHRASE/,
  },
  {
    what: "an API that refuses connections",
    args: ["orphans", "--no-sandbox"],
    env: () => own({ CLOUDFLARE_BASE_URL: "http://127.0.0.1:59999/client/v4" }),
    said: /no answer \(ECONNREFUSED\)[\s\S]*→ Look whether this machine reaches the API/,
  },
  {
    what: "an API whose name nobody knows",
    args: ["orphans", "--no-sandbox"],
    env: () =>
      own({
        CLOUDFLARE_BASE_URL: "https://no-such-host.invalid/client/v4",
        COMFYUI_ACCESS_TRUSTED_HOSTS: "no-such-host.invalid",
      }),
    said: /no answer \((ENOTFOUND|EAI_AGAIN)\)/,
  },
  {
    what: "an API that does not speak TLS",
    args: ["orphans", "--no-sandbox"],
    env: () => own({ CLOUDFLARE_BASE_URL: `https://127.0.0.1:${plainPort}/client/v4` }),
    said: /no answer \(\S/,
  },
  {
    what: "an address that is none",
    args: ["drift", "--no-sandbox"],
    env: () => own({ CLOUDFLARE_BASE_URL: "nonsense" }),
    said: /CLOUDFLARE_BASE_URL is no address[\s\S]*→ Leave it out/,
  },
];

/** The stack is there, and empty. */
async function made(): Promise<void> {
  if (existsSync(join(workspace, "state", ".pulumi", "stacks", "comfyui-access", "dev.json"))) return;
  rmSync(join(workspace, "cloudflare.json"), { force: true });
  await run(["destroy"]);
}

test.each(FULL ? [...IN_CI, ...IN_FULL] : IN_CI)("$what: an error that says what to do", async (each) => {
  if (each.args.includes("--no-sandbox")) await made();
  each.prepare?.();
  const { code, text } = await run(each.args, each.env?.());
  if (each.prepare) rmSync(join(workspace, "cloudflare.json"));
  expect(text).toMatch(each.said);
  expect(text).toMatch(/^error: /m);
  expect(text).not.toMatch(/^\s+at /m);
  expect(text).not.toContain(TOKEN);
  expect(code).toBe(1);
});

test.each<[NodeJS.Signals, number]>(
  FULL
    ? [
        ["SIGTERM", 143],
        ["SIGINT", 130],
        ["SIGHUP", 129],
      ]
    : [["SIGTERM", 143]],
)(
  "%s while the engine runs: it ends first, nothing goes on, and the stack is not locked",
  async (signal, code) => {
    const child = commands.begin(["up"]);
    const ended = once(child, "close");
    // Before it says this, the engine has taken its lock and does not listen to signals yet.
    while (!child.text().includes("pulumi:pulumi:Stack comfyui-access-dev") && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect(await ended, child.text()).toEqual([code, null]);
    expect(child.text()).not.toMatch(/^\s+at /m);
    expect(commands.left()).toEqual([]);
    const locks = join(workspace, "state", ".pulumi", "locks");
    const held = existsSync(locks) ? readdirSync(locks, { recursive: true, encoding: "utf8" }) : [];
    expect(held.filter((name) => name.endsWith(".json"))).toEqual([]);
  },
);
