import type { Workflow } from "./graph";

/** A queued prompt, as `/queue` and history show it: priority, id, workflow, extra data, outputs to run. */
export type QueueItem = [
  number: number,
  promptId: string,
  prompt: Workflow,
  extraData: Record<string, unknown>,
  outputs: string[],
];

/** What ran last of a prompt: its events with their times. */
export type StatusMessage = [event: string, data: Record<string, unknown>];

/** What a node shows, e.g. `{ images: [{ filename, subfolder, type }] }`. */
export type UiOutput = Record<string, unknown[]>;

/** What history keeps of a finished prompt. */
export interface HistoryEntry {
  prompt: QueueItem;
  /** By node. */
  outputs: Record<string, UiOutput>;
  status: { status_str: "success" | "error"; completed: boolean; messages: StatusMessage[] } | null;
  meta: Record<string, Record<string, unknown>>;
}

/** Keys of `extra_data` that neither queue nor history shows. */
const SENSITIVE = ["auth_token_comfy_org", "api_key_comfy_org"];

/**
 * Prompts that wait, run and have finished. The waiting ones are a binary heap, as in ComfyUI: `/queue` shows
 * them in the heap's order and not in the order in which they will run.
 */
export class PromptQueue {
  #pending: QueueItem[] = [];
  #running: QueueItem | undefined;
  #history = new Map<string, HistoryEntry>();

  /** @param changed called whenever the number of remaining prompts may have changed. */
  constructor(
    private readonly changed: () => void,
    private readonly maxHistory: () => number,
  ) {}

  get running(): QueueItem[] {
    return this.#running === undefined ? [] : [this.#running];
  }

  get pending(): QueueItem[] {
    return [...this.#pending];
  }

  /** Prompts that wait or run. */
  get remaining(): number {
    return this.#pending.length + this.running.length;
  }

  put(item: QueueItem): void {
    const extraData = Object.fromEntries(Object.entries(item[3]).filter(([key]) => !SENSITIVE.includes(key)));
    push(this.#pending, [item[0], item[1], item[2], extraData, item[4]]);
    this.changed();
  }

  /** Starts the waiting prompt with the lowest number. */
  take(): QueueItem | undefined {
    this.#running = pop(this.#pending);
    if (this.#running !== undefined) this.changed();
    return this.#running;
  }

  /** Ends the running prompt and writes its history. */
  finish(result: Omit<HistoryEntry, "prompt">): void {
    const item = this.#running;
    if (item === undefined) return;
    this.#running = undefined;
    // ComfyUI compares before it adds: one more than the limit is kept.
    if (this.#history.size > this.maxHistory()) this.evict(this.#history.keys().next().value ?? "");
    this.#history.delete(item[1]);
    this.#history.set(item[1], { prompt: item, ...result });
    this.changed();
  }

  /** Takes a waiting prompt out; false when it is not waiting. */
  delete(promptId: string): boolean {
    const index = this.#pending.findIndex(([, id]) => id === promptId);
    if (index < 0) return false;
    this.#pending.splice(index, 1);
    const rest = this.#pending;
    this.#pending = [];
    for (const item of rest) push(this.#pending, item);
    this.changed();
    return true;
  }

  /** Takes out all waiting prompts; the running one goes on. */
  clear(): void {
    this.#pending = [];
    this.changed();
  }

  /** The entry of one prompt, or of all, oldest first. */
  history(promptId?: string): Record<string, HistoryEntry> {
    if (promptId === undefined) return Object.fromEntries(this.#history);
    const entry = this.#history.get(promptId);
    return entry === undefined ? {} : { [promptId]: entry };
  }

  evict(promptId: string): void {
    this.#history.delete(promptId);
  }

  clearHistory(): void {
    this.#history.clear();
  }
}

const before = (a: QueueItem, b: QueueItem) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

function push(heap: QueueItem[], item: QueueItem): void {
  let index = heap.length;
  heap.push(item);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex] as QueueItem;
    if (!before(item, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = item;
}

function pop(heap: QueueItem[]): QueueItem | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || first === last) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    if (right !== undefined && before(right, left)) child++;
    const smaller = heap[child] as QueueItem;
    if (!before(smaller, last)) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
  return first;
}
