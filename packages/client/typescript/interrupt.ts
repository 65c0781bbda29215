import { ComfyUIError } from "./errors";
import { isRecord, mustBeRecord } from "./narrow";
import { deleteFromQueue, readQueue } from "./queue";
import type { CallOptions, Transport } from "./transport";

/** What became of the prompt: it was running, it was waiting, or there was nothing to stop. */
export type Interrupted = "interrupted" | "deleted" | "not_running";

/** From here on `POST /interrupt` is known to heed `prompt_id`; before, it stops whatever runs. */
const heedsPromptId = [0, 3, 64] as const;

/**
 * Stops one prompt and never another: by `POST /api/jobs/{id}/cancel`, else by `POST /interrupt` where the version is
 * known to heed `prompt_id` (https://github.com/Comfy-Org/ComfyUI/pull/9607). Throws `interrupt_unsupported` otherwise.
 */
export async function interrupt(
  transport: Transport,
  promptId: string,
  options: CallOptions = {},
): Promise<Interrupted> {
  const before = await stateOf(transport, promptId, options);
  if (before === "absent") return "not_running";
  if (before === "pending") {
    await deleteFromQueue(transport, promptId, options);
    // It may have begun meanwhile, and is then not deleted: the run tells which it was.
    if ((await stateOf(transport, promptId, options)) !== "running") return "deleted";
  }
  if (await cancelJob(transport, promptId, options)) return "interrupted";
  const version = await versionOf(transport, options);
  if (version === undefined || !isAtLeast(version, heedsPromptId)) throw unsupported(version, promptId);
  await transport.done({
    method: "POST",
    path: "/interrupt",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt_id: promptId }),
    ...options,
  });
  return "interrupted";
}

async function stateOf(
  transport: Transport,
  promptId: string,
  options: CallOptions,
): Promise<"running" | "pending" | "absent"> {
  const { running, pending } = await readQueue(transport, options);
  if (running.some((item) => item.promptId === promptId)) return "running";
  return pending.some((item) => item.promptId === promptId) ? "pending" : "absent";
}

/** Whether the server has this route (ComfyUI 0.26) and cancelled the job. */
async function cancelJob(transport: Transport, promptId: string, options: CallOptions): Promise<boolean> {
  try {
    const path = `/api/jobs/${encodeURIComponent(promptId)}/cancel`;
    const reply = await transport.json({ method: "POST", path, ...options });
    return isRecord(reply) && reply["cancelled"] === true;
  } catch (error) {
    if (error instanceof ComfyUIError && (error.status === 404 || error.status === 405)) return false;
    throw error;
  }
}

async function versionOf(transport: Transport, options: CallOptions): Promise<string | undefined> {
  const stats = mustBeRecord(
    await transport.json({ method: "GET", path: "/system_stats", ...options }),
    "system_stats",
  );
  const version = isRecord(stats["system"]) ? stats["system"]["comfyui_version"] : undefined;
  return typeof version === "string" ? version.slice(0, 40) : undefined;
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers === undefined) return false;
  const difference = numbers.map((number, index) => number - (least[index] ?? 0)).find((one) => one !== 0);
  return (difference ?? 0) >= 0;
}

function unsupported(version: string | undefined, promptId: string): ComfyUIError {
  const words =
    `ComfyUI ${version ?? "of unknown version"} may stop somebody else's prompt instead of this one, so it was not asked: ` +
    `interrupting by prompt id needs ${heedsPromptId.join(".")} or newer`;
  return new ComfyUIError("comfyui", "interrupt_unsupported", words, { promptId });
}
