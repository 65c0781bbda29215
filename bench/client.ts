import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { withTypeScript } from "../packages/cli/sandboxed/workspace";
import { ComfyUIClient } from "../packages/client/typescript/index";
import { dispatcherFor, type Network } from "../packages/client/typescript/network";
import { pairedRatio, type Spread, spreadOf } from "./statistics";

/** Where the requests go. */
export interface BenchTarget {
  /** `https://…`, as public DNS would name it. */
  url: string;
  network: Network;
  /** `<client id>.access:<client secret>` */
  token: string;
}

interface BenchResult {
  /** Requests per second, medians of the rounds. */
  client: number;
  undici: number;
  /** Of each round's `client / undici`: rounds are short, so that other load touches both halves of one alike. */
  ratio: Spread;
}

/**
 * Compares `systemStats()` with the same request by bare undici, measured in turn.
 * @param options.rounds default 101
 * @param options.requests per round and contender; default 400
 * @param options.atOnce requests under way at a time; default 8
 */
export async function compareWithUndici(
  target: BenchTarget,
  options: { rounds?: number; requests?: number; atOnce?: number } = {},
): Promise<BenchResult> {
  const { rounds = 101, requests = 400, atOnce = 8 } = options;
  const comfyui = new ComfyUIClient(target);
  const dispatcher = dispatcherFor(target.network);
  const [id = "", secret = ""] = target.token.split(":");
  const headers = { "cf-access-client-id": id, "cf-access-client-secret": secret };
  const origin = target.url;
  const ours = () => comfyui.systemStats();
  const bare = async () => {
    const { body } = await dispatcher.request({ origin, path: "/system_stats", method: "GET", headers });
    return body.json();
  };
  try {
    await perSecond(ours, requests * 10, atOnce);
    await perSecond(bare, requests * 10, atOnce);
    const speeds = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      // Who comes first changes, so that neither always follows the other's garbage.
      const order = round % 2 === 0 ? (["ours", "bare"] as const) : (["bare", "ours"] as const);
      for (const who of order) {
        speeds[who].push(await perSecond(who === "ours" ? ours : bare, requests, atOnce));
      }
    }
    return {
      client: spreadOf(speeds.ours).median,
      undici: spreadOf(speeds.bare).median,
      ratio: pairedRatio(speeds.ours, speeds.bare),
    };
  } finally {
    await comfyui.close();
    await dispatcher.destroy();
  }
}

/** Starts the TLS server of `loopback-server.ts` in a process of its own. */
export async function startLoopbackServer(): Promise<BenchTarget & { close(): Promise<void> }> {
  const child = spawn(process.execPath, [...withTypeScript, join(__dirname, "loopback-server.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const line = once(createInterface(child.stdout), "line");
  const failed = ended.then(() => Promise.reject(new Error("the loopback server did not start")));
  const [said] = (await Promise.race([line, failed])) as [string];
  const { port, ca } = JSON.parse(said) as { port: number; ca: string };
  failed.catch(() => undefined);
  return {
    url: "https://comfyui.datacrew.space",
    network: { ca, routes: { "*:443": { host: "127.0.0.1", port } } },
    token: `${"0123456789abcdef".repeat(2)}.access:${"f".repeat(64)}`,
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

async function perSecond(call: () => Promise<unknown>, requests: number, atOnce: number): Promise<number> {
  let left = requests;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (requests * 1000) / (performance.now() - started);
}

async function main(): Promise<void> {
  const server = await startLoopbackServer();
  try {
    const { client, undici, ratio } = await compareWithUndici(server);
    console.log(
      `client ${client.toFixed(0)}/s, undici ${undici.toFixed(0)}/s, ratio ${ratio.median.toFixed(3)}`,
    );
    process.exitCode = ratio.median >= 0.9 ? 0 : 1;
  } finally {
    await server.close();
  }
}

if (require.main === module) void main();
