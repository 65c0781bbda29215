import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ComfyUIClient } from "../src/client";
import { dispatcherFor, type Network } from "../src/network";

/** Where the requests go. */
export interface BenchTarget {
  /** `https://…`, as public DNS would name it. */
  url: string;
  network: Network;
  /** `<client id>.access:<client secret>` */
  token: string;
}

export interface BenchResult {
  /** Requests per second, medians of the rounds. */
  client: number;
  undici: number;
  /** Median of each round's `client / undici`. */
  ratio: number;
}

/**
 * Compares `systemStats()` with the same request by bare undici. Both are measured in turn, so that whatever else the
 * machine does touches both alike.
 * @param options.rounds default 9
 * @param options.requests per round and contender; default 2,000
 * @param options.atOnce requests under way at a time; default 8
 */
export async function compareWithUndici(
  target: BenchTarget,
  options: { rounds?: number; requests?: number; atOnce?: number } = {},
): Promise<BenchResult> {
  const { rounds = 9, requests = 2000, atOnce = 8 } = options;
  const client = new ComfyUIClient(target);
  const dispatcher = dispatcherFor(target.network);
  const [id = "", secret = ""] = target.token.split(":");
  const headers = { "cf-access-client-id": id, "cf-access-client-secret": secret };
  const origin = target.url;
  const ours = () => client.systemStats();
  const bare = async () => {
    const { body } = await dispatcher.request({ origin, path: "/system_stats", method: "GET", headers });
    return body.json();
  };
  try {
    await perSecond(ours, requests / 4, atOnce);
    await perSecond(bare, requests / 4, atOnce);
    const measured: { ours: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Who comes first changes, so that neither always follows the other's garbage.
      const first = await perSecond(round % 2 === 0 ? ours : bare, requests, atOnce);
      const second = await perSecond(round % 2 === 0 ? bare : ours, requests, atOnce);
      measured.push(round % 2 === 0 ? { ours: first, bare: second } : { ours: second, bare: first });
    }
    return {
      client: median(measured.map((one) => one.ours)),
      undici: median(measured.map((one) => one.bare)),
      ratio: median(measured.map((one) => one.ours / one.bare)),
    };
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
}

/** Starts the TLS server of `loopback-server.ts` in a process of its own. */
export async function startLoopbackServer(): Promise<BenchTarget & { close(): Promise<void> }> {
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "loopback-server.ts")], {
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

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function main(): Promise<void> {
  const server = await startLoopbackServer();
  try {
    const { client, undici, ratio } = await compareWithUndici(server);
    console.log(`client ${client.toFixed(0)}/s, undici ${undici.toFixed(0)}/s, ratio ${ratio.toFixed(3)}`);
    process.exitCode = ratio >= 0.9 ? 0 : 1;
  } finally {
    await server.close();
  }
}

if (require.main === module) void main();
