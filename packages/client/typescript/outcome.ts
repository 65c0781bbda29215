import { ComfyUIError } from "./errors";
import type { RunResult } from "./events";
import type { Hearing } from "./hearing";
import type { HistoryEntry, NodeErrors, NodeFailure, Output } from "./reported";
import type { Watch } from "./watch";

/** The result that history tells; throws when the prompt failed or was interrupted. */
export function outcomeOf(entry: HistoryEntry, nodeErrors: NodeErrors, blocked: NodeFailure[]): RunResult {
  const { promptId, state, outputs, texts, failure, missing } = entry;
  if (state === "success") {
    const made = { promptId, outputs, texts, nodeErrors, blocked };
    return { ...made, ...(missing !== undefined && { missing }), source: "history" };
  }
  if (state === "interrupted") throw interruptedError(promptId, outputs);
  throw failedError(promptId, outputs, failure);
}

/** What the events alone tell of a prompt that neither queue nor history knows any more; throws where that is no success. */
export function outcomeHeard(
  { promptId, nodeErrors }: { promptId: string; nodeErrors: NodeErrors },
  hearing: Hearing,
  watch: Watch,
  circumstances: { missed: boolean; cancelled: boolean },
): RunResult {
  const heard = hearing.result(nodeErrors);
  if (hearing.succeeded && !circumstances.missed) return heard;
  if (hearing.failure !== undefined) throw failedError(promptId, heard.outputs, hearing.failure);
  if (hearing.wasInterrupted) throw interruptedError(promptId, heard.outputs);
  if (circumstances.cancelled && !hearing.hasBegun && watch.lastSeen !== "running") {
    const words = `the prompt ${promptId} was cancelled: it was taken out of the queue before it ran`;
    throw new ComfyUIError("comfyui", "cancelled", words, { promptId });
  }
  throw goneError(promptId, watch, hearing.succeeded);
}

function interruptedError(promptId: string, outputs: Output[]): ComfyUIError {
  const words = `the prompt ${promptId} was interrupted`;
  return new ComfyUIError("comfyui", "interrupted", words, { promptId, outputs });
}

function failedError(promptId: string, outputs: Output[], failure: NodeFailure | undefined): ComfyUIError {
  const where =
    failure === undefined ? "" : ` at node ${failure.nodeId} (${failure.nodeType}): ${failure.message}`;
  const words = `the prompt ${promptId} failed${where}`.slice(0, 2000);
  return new ComfyUIError("comfyui", "execution_failed", words, { promptId, outputs, failure });
}

function goneError(promptId: string, watch: Watch, isDone: boolean): ComfyUIError {
  const words = isDone
    ? "it has finished, but history was cleared or had no room for it, and not all of its outputs were heard"
    : watch.sawOutage
      ? "ComfyUI was out of reach meanwhile: it was restarted, which empties its queue and history"
      : watch.lastSeen === "pending"
        ? "it was deleted while it waited, or ComfyUI was restarted"
        : "it was deleted, ComfyUI was restarted, or history was cleared";
  const message = `the prompt ${promptId} is neither in the queue nor in history: ${words}`;
  return new ComfyUIError("comfyui", "prompt_gone", message, { promptId });
}
