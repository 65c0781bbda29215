import { setTimeout as pause } from "node:timers/promises";
import { arrivedNowhere, ComfyUIError, isPassing } from "./errors";
import { mustBeRecord, mustBeString } from "./narrow";
import { isOf, readQueue } from "./queue";
import type { NodeErrors } from "./reported";
import { parseHistory, parseNodeErrors } from "./results";
import type { Transport } from "./transport";
import type { Workflow } from "./workflow";

export interface Submission {
  /** A lower-case UUID: ComfyUI takes no other form from 0.25 on. */
  promptId: string;
  clientId: string;
  workflow: Workflow;
  /** Further keys of the request body, e.g. `extra_data` or `front`. */
  extra?: Record<string, unknown>;
  signal?: AbortSignal;
}

export interface Submitted {
  /** ComfyUI's, which in versions before 0.3.45 is not the one that was asked for. */
  promptId: string;
  nodeErrors: NodeErrors;
  /** Found in the queue or history after the answer was lost. */
  recovered: boolean;
}

const maxAttempts = 3;
const lookUps = 2;

/**
 * `POST /prompt`. When no answer arrives, ComfyUI may have taken the prompt or not; it would take the same id twice.
 * So it is looked up, and sent again, with the same id, only when it is not there. What never left this machine, or was
 * refused, was not taken, and is not sent again.
 */
export async function submit(transport: Transport, submission: Submission): Promise<Submitted> {
  const { promptId, clientId, workflow, extra, signal } = submission;
  const body = JSON.stringify({ ...extra, prompt: workflow, client_id: clientId, prompt_id: promptId });
  // Whether each attempt so far is known to have come to nothing.
  let taken: false | undefined = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post(transport, body, signal);
    } catch (thrown) {
      if (!(thrown instanceof ComfyUIError)) throw thrown;
      if (arrivedNowhere(thrown) || isRefusal(thrown)) throw thrown.about(promptId, taken);
      if (!isPassing(thrown)) throw thrown;
      taken = undefined;
      const found = await lookUp(transport, submission);
      if (found !== undefined) return { promptId: found, nodeErrors: {}, recovered: true };
      if (attempt === maxAttempts) throw thrown.about(promptId, taken);
    }
  }
}

/** Whether somebody said no: Access, ComfyUI's validation. */
function isRefusal({ kind, status = 0 }: ComfyUIError): boolean {
  return kind === "usage" || kind === "access" || (status >= 300 && status < 500);
}

async function post(transport: Transport, body: string, signal?: AbortSignal): Promise<Submitted> {
  const headers = { "content-type": "application/json" };
  const reply = await transport.json({ method: "POST", path: "/prompt", headers, body, signal });
  const { prompt_id: promptId, node_errors: nodeErrors } = mustBeRecord(reply, "POST /prompt");
  return {
    promptId: mustBeString(promptId, "POST /prompt prompt_id"),
    nodeErrors: parseNodeErrors(nodeErrors),
    recovered: false,
  };
}

/** The id under which ComfyUI has the prompt. Looks twice, since it may still be on its way. */
async function lookUp(transport: Transport, submission: Submission): Promise<string | undefined> {
  const { pollIntervalMs } = transport.settings.following;
  for (let look = 1; look <= lookUps; look += 1) {
    await pause(Math.min(look * pollIntervalMs, 1000), undefined, { signal: submission.signal }).catch(
      () => undefined,
    );
    const found = await lookOnce(transport, submission);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function lookOnce(
  transport: Transport,
  { promptId, clientId, signal }: Submission,
): Promise<string | undefined> {
  try {
    const { running, pending } = await readQueue(transport, { signal });
    // Old servers give ids of their own; the client id is this run's alone.
    const item = [...running, ...pending].find(
      (one) => isOf({ promptId, clientId })(one) || one.clientId === clientId,
    );
    if (item !== undefined) return item.promptId;
    const path = `/history/${encodeURIComponent(promptId)}`;
    return parseHistory(await transport.json({ method: "GET", path, signal }), promptId, clientId)?.promptId;
  } catch (error) {
    if (!(error instanceof ComfyUIError) || !isPassing(error)) throw error;
    const { kind, code, message } = error;
    const words = `${message}; whether ComfyUI has taken the prompt ${promptId} is not known, so it was not sent again`;
    throw new ComfyUIError(kind, code, words, { ...error, promptId, cause: error });
  }
}
