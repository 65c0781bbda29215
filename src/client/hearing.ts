import type { Message, RunEvent, RunResult } from "./events";
import type { NodeErrors } from "./results";

/** What the WebSocket brings: a message of ComfyUI, or news of the connection itself. */
export type Item = Message | { event: Extract<RunEvent, { type: "connection" }> };

/** While events are heard, history is looked at only every so many intervals. */
const patience = 5;
/** First pause before looking again when an end was heard and history does not have it yet; doubled each time. */
const soonMs = 25;
/** Looks at history alone, once an end was heard. */
const looksForHistory = 3;

/** What has been heard of one prompt on its WebSocket, and what follows for when to look at history. */
export class Hearing {
  /** The prompt was heard to have come to an end. */
  ended = false;
  /** … and that it succeeded. */
  succeeded = false;
  private running = false;
  private node?: string;
  private heardSinceLook = false;
  private looksAfterEnd = 0;
  private readonly made = new Map<string, Extract<RunEvent, { type: "executed" }>>();

  constructor(private readonly promptId: string) {}

  /** The item's event, when it is this prompt's. */
  read(item: Item): RunEvent | undefined {
    const { event } = item;
    if (event?.type === "connection") return event;
    const { promptId, end } = item as Message;
    // Messages without an id go to the socket's own prompt or, from prompts without a client id, to everybody.
    if (promptId === undefined ? !this.running : promptId !== this.promptId) return undefined;
    this.heardSinceLook = true;
    this.running = end === undefined;
    this.ended = !this.running;
    if (end !== undefined) {
      this.succeeded ||= end === "success";
      this.looksAfterEnd = 0;
      return undefined;
    }
    if (event?.type === "executing") this.node = event.nodeId;
    if (event?.type === "executed") this.made.set(event.nodeId, event);
    if (event?.type === "preview" && event.nodeId === undefined) return { ...event, nodeId: this.node };
    return event;
  }

  /** How long to wait, after the last look, before the next. */
  pauseMs(usualMs: number): number {
    if (this.ended) return this.looksAfterEnd === 0 ? 0 : Math.min(usualMs, soonMs * 2 ** this.looksAfterEnd);
    return this.heardSinceLook ? patience * usualMs : usualMs;
  }

  /** Whether history is about to have the prompt; a few looks later that is no longer certain. */
  get isAboutToShow(): boolean {
    return this.ended && this.looksAfterEnd < looksForHistory;
  }

  /** History has been looked at. */
  looked(): void {
    this.heardSinceLook = false;
    if (this.ended) this.looksAfterEnd += 1;
  }

  /** What the events alone tell. */
  result(nodeErrors: NodeErrors): RunResult {
    const all = [...this.made.values()];
    return {
      promptId: this.promptId,
      outputs: all.flatMap(({ outputs }) => outputs),
      texts: all.flatMap(({ texts }) => texts),
      nodeErrors,
      source: "events",
    };
  }
}
