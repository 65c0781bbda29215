import { isRecord, mustBeArray, mustBeNumber, mustBeRecord, mustBeString } from "./narrow";
import type { CallOptions, Transport } from "./transport";

/** A prompt in the queue. */
export interface QueueItem {
  promptId: string;
  /** Its priority: the least comes first. Not its position. */
  number: number;
  /** Of who posted it. */
  clientId?: string;
}

export interface Queue {
  running: QueueItem[];
  /** In the order in which they will run. */
  pending: QueueItem[];
}

/** `GET /queue`. */
export async function readQueue(
  transport: Transport,
  options: CallOptions & { repeats?: number } = {},
): Promise<Queue> {
  const body = mustBeRecord(await transport.json({ method: "GET", path: "/queue", ...options }), "queue");
  return {
    running: itemsIn(body["queue_running"], "queue_running"),
    // ComfyUI lists its heap as it lies.
    pending: itemsIn(body["queue_pending"], "queue_pending").sort((one, other) => one.number - other.number),
  };
}

/** Whether an item is this run's: ComfyUI takes the same id twice, and the client id is each run's own. */
export function isOf(run: { promptId: string; clientId: string }): (item: QueueItem) => boolean {
  return ({ promptId, clientId }) => promptId === run.promptId && (clientId ?? run.clientId) === run.clientId;
}

/** `POST /queue` with `delete`: takes a waiting prompt out; a running or unknown one is left alone. */
export async function deleteFromQueue(
  transport: Transport,
  promptId: string,
  options: CallOptions = {},
): Promise<void> {
  transport.cancelled.add(promptId);
  await transport.done({
    method: "POST",
    path: "/queue",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ delete: [promptId] }),
    ...options,
  });
}

function itemsIn(value: unknown, what: string): QueueItem[] {
  return mustBeArray(value, what).map((item) => {
    const [number, promptId, , extra] = mustBeArray(item, `${what} item`);
    const clientId = isRecord(extra) ? extra["client_id"] : undefined;
    return {
      promptId: mustBeString(promptId, `${what} prompt id`),
      number: mustBeNumber(number, `${what} number`),
      ...(typeof clientId === "string" && { clientId }),
    };
  });
}
