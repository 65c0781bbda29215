import type { Message, RunEvent, RunResult } from "./events";
import type { NodeErrors, NodeFailure } from "./reported";

/** What the WebSocket brings: a message of ComfyUI, or news of the connection itself. */
export type Item = Message | { event: Extract<RunEvent, { type: "connection" }> };

/** While events are heard, history is looked at only every so many intervals. */
const patience = 5;
/** A prompt that nothing is heard of so soon after it was sent waits, most likely: the queue says behind how many. */
const firstLookMs = 250;
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
  /** … or that it was interrupted, or failed, and how. */
  wasInterrupted = false;
  failure?: NodeFailure;
  /** Anything was heard of it: it has run. */
  hasBegun = false;
  private running = false;
  private node?: { nodeId: string; displayNodeId: string };
  private lookedAt: number;
  private heardAt = 0;
  private hasLooked = false;
  private looksAfterEnd = 0;
  private readonly made = new Map<string, Extract<RunEvent, { type: "executed" }>>();
  private readonly blockedNodes: NodeFailure[] = [];

  /** @param since when the prompt was posted, by `performance.now()`. */
  constructor(
    private readonly promptId: string,
    since: number,
  ) {
    this.lookedAt = since;
  }

  /** The nodes that were blocked. */
  get blocked(): NodeFailure[] {
    return [...this.blockedNodes];
  }

  /** The item's event, when it is this prompt's. */
  read(item: Item): RunEvent | undefined {
    const { event } = item;
    if (event?.type === "connection") return event;
    const { promptId, end, failure } = item as Message;
    // Messages without an id go to the socket's own prompt or, from prompts without a client id, to everybody.
    if (promptId === undefined ? !this.running : promptId !== this.promptId) return undefined;
    this.heardAt = performance.now();
    this.hasBegun = true;
    this.running = end === undefined;
    this.ended = !this.running;
    if (end !== undefined) {
      this.succeeded ||= end === "success";
      this.wasInterrupted ||= end === "interrupted";
      this.failure ??= failure;
      this.looksAfterEnd = 0;
      return undefined;
    }
    if (event?.type === "executing") this.node = event;
    if (event?.type === "executed") this.made.set(event.nodeId, event);
    if (event?.type === "execution_blocked") this.blockedNodes.push(event.failure);
    if (event?.type === "preview" && event.nodeId === undefined && this.node !== undefined) {
      const { nodeId, displayNodeId } = this.node;
      return { ...event, nodeId, displayNodeId };
    }
    return event;
  }

  /**
   * When to look at history next, by `performance.now()`. Events put it off, since they would tell of the end; silence of
   * the usual pause does not, whatever has become of the WebSocket, so that an end is known one pause late at most.
   */
  nextLookAt(usualMs: number): number {
    if (this.ended) {
      return (
        this.lookedAt + (this.looksAfterEnd === 0 ? 0 : Math.min(usualMs, soonMs * 2 ** this.looksAfterEnd))
      );
    }
    if (this.heardAt > this.lookedAt)
      return Math.min(this.heardAt + usualMs, this.lookedAt + patience * usualMs);
    return this.lookedAt + (this.hasLooked ? usualMs : Math.min(usualMs, firstLookMs));
  }

  /** Whether history is about to have the prompt; a few looks later that is no longer certain. */
  get isAboutToShow(): boolean {
    return this.ended && this.looksAfterEnd < looksForHistory;
  }

  /** History has been looked at. */
  looked(): void {
    this.lookedAt = performance.now();
    this.hasLooked = true;
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
      blocked: this.blocked,
      source: "events",
    };
  }
}
