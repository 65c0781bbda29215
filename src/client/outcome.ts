import { redact } from "./credential";
import { ComfyUIError } from "./errors";
import type { RunResult } from "./events";
import type { Settings } from "./options";
import type { HistoryEntry, NodeErrors } from "./results";
import type { Watch } from "./watch";

/** The result that history tells; throws when the prompt failed or was interrupted. */
export function outcomeOf(entry: HistoryEntry, nodeErrors: NodeErrors, settings: Settings): RunResult {
  const { promptId, state, outputs, texts, failure } = entry;
  if (state === "success") return { promptId, outputs, texts, nodeErrors, source: "history" };
  if (state === "interrupted") {
    throw new ComfyUIError("comfyui", "interrupted", `the prompt ${promptId} was interrupted`, {
      promptId,
      outputs,
    });
  }
  const where =
    failure === undefined ? "" : ` at node ${failure.nodeId} (${failure.nodeType}): ${failure.message}`;
  const words = redact(`the prompt ${promptId} failed${where}`, settings.credential).slice(0, 2000);
  throw new ComfyUIError("comfyui", "execution_failed", words, { promptId, outputs });
}

/** For a prompt that neither queue nor history knows any more. */
export function goneError(promptId: string, watch: Watch, isDone: boolean): ComfyUIError {
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
