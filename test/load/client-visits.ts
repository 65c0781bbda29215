import { type ComfyUIClient, ComfyUIError, type ErrorKind } from "../../packages/client/typescript/index";
import type { Fault } from "../../packages/sandbox/control/faults";
import type { Visit } from "./rounds";

const ALWAYS = { times: Number.MAX_SAFE_INTEGER };
const SLOW_MS = 1000;
/** Far longer than the hasty client waits, and than a caller that gives up, also on a busy machine. */
const LATE_MS = 30_000;

/** How the server behind {@link clientVisits} fails. */
export const SERVER_FAULTS: Fault[] = [
  { pathRegex: "^/features$", action: "status", status: 500, ...ALWAYS },
  { pathRegex: "^/object_info$", action: "drop-before", ...ALWAYS },
  { pathRegex: "^/api/jobs$", action: "malformed", ...ALWAYS },
  { pathRegex: "^/history/slow$", action: "delay", delayMs: SLOW_MS, ...ALWAYS },
  { pathRegex: "^/history/late$", action: "delay", delayMs: LATE_MS, ...ALWAYS },
];

const SMALL = 64 * 1024;
const LARGE = 4 * 1024 * 1024;
const file = (bytes: number) => ({ filename: `bytes-${bytes}.bin` });

/**
 * Calls of a client, each against a server that answers, is slow, or fails.
 * @param hasty one with a short time limit
 */
export function clientVisits(
  client: ComfyUIClient,
  hasty: ComfyUIClient,
  workflow: Record<string, unknown>,
): Record<string, Visit> {
  let uploads = 0;
  return {
    answer: async () => {
      const { system } = await client.systemStats();
      return typeof system["comfyui_version"] === "string" ? undefined : "no version";
    },
    upload: async () => {
      uploads = (uploads + 1) % 50;
      const source = { bytes: new Uint8Array(SMALL), filename: `client-${uploads}.png` };
      const { type } = await client.upload(source, { overwrite: true });
      return type === "input" ? undefined : `type ${type}`;
    },
    view: async () => {
      let bytes = 0;
      for await (const chunk of (await client.view(file(SMALL))).body) bytes += (chunk as Buffer).length;
      return bytes === SMALL ? undefined : `${bytes} bytes`;
    },
    "view, left": async () => {
      for await (const _chunk of (await client.view(file(LARGE))).body) break;
      return undefined;
    },
    run: async () => {
      const { outputs } = await client.run(workflow).result();
      return outputs.length === 1 ? undefined : `${outputs.length} outputs`;
    },
    "run, left": async () => {
      for await (const { type } of client.run(workflow)) if (type === "submitted") break;
      return undefined;
    },
    "status 500": () => failing(client.features(), "comfyui"),
    dropped: () => failing(client.objectInfo(), "tunnel"),
    malformed: () => failing(client.jobs(), "protocol"),
    aborted: () => failing(client.history("late", { signal: AbortSignal.timeout(100) }), "aborted"),
    "over the time limit": () => failing(hasty.history("late"), "timeout"),
    slow: async () => ((await client.history("slow")) === undefined ? undefined : "a history entry"),
  };
}

async function failing(call: Promise<unknown>, kind: ErrorKind): Promise<string | undefined> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ComfyUIError && error.kind === kind) return undefined;
    throw error;
  }
  return "an answer in the place of a failure";
}
