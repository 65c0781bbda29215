import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  type CallOptions,
  ComfyUIClient,
  ComfyUIError,
  type FileReference,
  type RunEvent,
  type RunOptions,
  type SavedFile,
  type UploadSource,
} from "../../packages/client/typescript/index";
import type { CaseInput, CaseOutcome } from "./case";

/** The TypeScript client, called the way a case says. */
export async function typescriptClient(input: CaseInput): Promise<CaseOutcome> {
  let client: ComfyUIClient | undefined;
  try {
    client = await clientFor(input);
    return { ok: true, value: await call(client, input) };
  } catch (thrown) {
    if (!(thrown instanceof ComfyUIError)) throw thrown;
    const { kind, code, status, promptId, taken, failure, nodeErrors, message } = thrown;
    const told = { kind, code, status, promptId, taken, failure, nodeErrors, message };
    // As JSON, what is undefined is left out.
    return { ok: false, error: JSON.parse(JSON.stringify(told)) };
  } finally {
    await client?.close();
  }
}

async function clientFor({ env, options, routes, caFile }: CaseInput): Promise<ComfyUIClient> {
  return ComfyUIClient.fromEnv(
    {
      network: { ca: await readFile(caFile, "utf8"), routes },
      singleHeaderName: options.singleHeaderName,
      timeouts: {
        connectMs: options.connectTimeoutMs,
        headersMs: options.headersTimeoutMs,
        idleMs: options.idleTimeoutMs,
        totalMs: options.totalTimeoutMs,
      },
      following: {
        pollIntervalMs: options.pollIntervalMs,
        outageMs: options.outageMs,
        reconnectMinMs: options.reconnectBaseMs,
        reconnectMaxMs: options.reconnectMaxMs,
        pingIntervalMs: options.pingIntervalMs,
      },
    },
    env,
  );
}

async function call(client: ComfyUIClient, { call: name, args, options }: CaseInput): Promise<unknown> {
  const { abortAfterMs, promptId, ...rest } = args as Record<string, unknown> & { promptId: string };
  const common: CallOptions =
    typeof abortAfterMs === "number" ? { signal: AbortSignal.timeout(abortAfterMs) } : {};
  switch (name) {
    case "run":
      return run(client, rest, {
        ...common,
        promptId,
        timeoutMs: options.totalTimeoutMs,
        ...(rest["partialExecutionTargets"] !== undefined && {
          extra: { partial_execution_targets: rest["partialExecutionTargets"] },
        }),
      });
    case "history":
      return client.history(promptId, common);
    case "queue":
      return client.queue(common);
    case "deleteFromQueue":
      return client.deleteFromQueue(promptId, common);
    case "interrupt":
      return client.interrupt(promptId, common);
    case "systemStats":
      return client.systemStats(common);
    case "objectInfo":
      return client.objectInfo(rest["nodeClass"] as string | undefined, common);
    case "features":
      return client.features(common);
    case "jobs":
      return client.jobs(rest, common);
    case "job":
      return client.job(promptId, common);
    case "upload":
      return client.upload(await sourceOf(rest), { ...rest, ...common });
    case "view":
      return { size: await sizeOf((await client.view(rest as unknown as FileReference, common)).body) };
    case "download":
      return { size: await client.download(rest["output"] as FileReference, String(rest["path"]), common) };
    case "downloadTo":
      return client.downloadTo(rest["output"] as FileReference, String(rest["folder"]), common);
    case "downloadAll": {
      const saved: SavedFile[] = [];
      for (const output of rest["outputs"] as FileReference[]) {
        saved.push(await client.downloadTo(output, String(rest["folder"]), common));
      }
      return saved;
    }
    case "uploadAndDownload":
      return client.downloadTo(await client.upload(await sourceOf(rest), common), String(rest["folder"]));
    case "sendsCredential":
      return client.sendsCredential;
    default:
      throw new Error(`no call ${name}`);
  }
}

async function run(client: ComfyUIClient, args: Record<string, unknown>, options: RunOptions) {
  const events: Record<string, number> = {};
  const displayNodes: string[] = [];
  const previews: { format: string; size: number; nodeId?: string }[] = [];
  let last: RunEvent | undefined;
  const running = client.run(args["workflow"] as Record<string, unknown>, options);
  for await (const event of running) {
    events[event.type] = (events[event.type] ?? 0) + 1;
    if (event.type === args["cancelAt"]) await running.cancel();
    if (event.type === "executing") displayNodes.push(`${event.nodeId} in ${event.displayNodeId}`);
    if (event.type === "preview")
      previews.push({ format: event.format, size: event.data.length, nodeId: event.nodeId });
    last = event;
  }
  if (last?.type !== "result") throw new Error("the last event is not the result");
  return { ...last.result, events, displayNodes, previews };
}

async function sourceOf(args: Record<string, unknown>): Promise<UploadSource> {
  const path = String(args["path"]);
  const filename = args["filename"] as string | undefined;
  if (args["from"] === "path") return { path, filename };
  if (args["from"] === "bytes") return { bytes: await readFile(path), filename: filename ?? "in.png" };
  return { stream: createReadStream(path), filename: filename ?? "in.png" };
}

async function sizeOf(stream: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}
