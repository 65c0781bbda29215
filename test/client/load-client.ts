import { ComfyUIClient } from "../../packages/client/typescript/index";
import type { Network } from "../../packages/client/typescript/network";

/** What a measured transfer is told, as JSON on stdin. */
export interface LoadOrder {
  url: string;
  token: string;
  network: Network;
  call: "download" | "view" | "upload";
  /** Where a download goes, or an upload comes from. */
  path: string;
  mebibytes: number;
}

export interface LoadReport {
  bytes: number;
  /** Highest resident memory during the transfer, less that before it. */
  grownMiB: number;
  ms: number;
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const order = JSON.parse(Buffer.concat(chunks).toString("utf8")) as LoadOrder;
  const client = new ComfyUIClient(order);
  // Connects first: what TLS takes is not the transfer's.
  await client.systemStats();
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  const started = performance.now();
  const bytes = await transfer(client, order);
  const ms = performance.now() - started;
  clearInterval(timer);
  const grownMiB = (Math.max(peak, process.memoryUsage.rss()) - before) / 1024 / 1024;
  await client.close();
  console.log(JSON.stringify({ bytes, grownMiB, ms } satisfies LoadReport));
}

async function transfer(client: ComfyUIClient, { call, path, mebibytes }: LoadOrder): Promise<number> {
  const file = { filename: String(mebibytes) };
  if (call === "download") return client.download(file, path);
  if (call === "upload") {
    await client.upload({ path });
    return mebibytes * 1024 * 1024;
  }
  let bytes = 0;
  for await (const chunk of (await client.view(file)).body) bytes += (chunk as Buffer).length;
  return bytes;
}

void main();
