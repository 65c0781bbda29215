import { ComfyUIError, isPassing } from "./errors";
import { isOf, readQueue } from "./queue";
import type { HistoryEntry } from "./reported";
import { parseHistory } from "./results";
import { jittered, type Transport } from "./transport";

/** How a prompt stands. */
export type Standing =
  | { state: "finished"; entry: HistoryEntry }
  | { state: "running" }
  | { state: "pending"; ahead: number }
  /** In neither the queue nor history, and looked for more than once. */
  | { state: "gone" }
  /** Could not be found out, or not for certain yet. */
  | { state: "unclear" };

/** Absent from queue and history in so many looks in a row: gone. */
const certain = 2;

/** Looks at history and queue, the truth about a prompt, and bears with a server that is away for a while. */
export class Watch {
  /** What the queue said last. */
  lastSeen?: "running" | "pending";
  /** The server was out of reach since the prompt was posted. */
  sawOutage = false;
  private absences = 0;
  private outage?: { since: number; failures: number };

  constructor(
    private readonly transport: Transport,
    private readonly prompt: { promptId: string; clientId: string; signal?: AbortSignal },
  ) {}

  /** Longest useful pause before the next look, in milliseconds. */
  get pauseMs(): number {
    const { pollIntervalMs } = this.transport.settings.following;
    if (this.outage === undefined) return pollIntervalMs;
    return jittered(Math.min(pollIntervalMs * 2 ** Math.min(this.outage.failures, 2), 30_000));
  }

  /**
   * Looks once. Throws what will not pass, and an outage that has lasted too long. `historyOnly`: the prompt is known to
   * have ended, so that the queue has nothing to say.
   */
  async look(historyOnly: boolean): Promise<Standing> {
    try {
      const standing = await this.ask(historyOnly);
      this.outage = undefined;
      return standing;
    } catch (thrown) {
      if (!(thrown instanceof ComfyUIError) || !isPassing(thrown)) throw thrown;
      this.sawOutage = true;
      this.outage ??= { since: Date.now(), failures: 0 };
      this.outage.failures += 1;
      if (Date.now() - this.outage.since >= this.transport.settings.following.outageMs) throw thrown;
      return { state: "unclear" };
    }
  }

  private async ask(historyOnly: boolean): Promise<Standing> {
    const entry = await this.history();
    if (entry !== undefined) return { state: "finished", entry };
    if (historyOnly) return { state: "unclear" };
    const { running, pending } = await readQueue(this.transport, { signal: this.prompt.signal, repeats: 0 });
    const isThis = isOf(this.prompt);
    if (running.some(isThis)) return this.seen({ state: "running" });
    const ahead = pending.findIndex(isThis);
    if (ahead >= 0) return this.seen({ state: "pending", ahead: ahead + running.length });
    // It may have finished between the two requests.
    const late = await this.history();
    if (late !== undefined) return { state: "finished", entry: late };
    this.absences += 1;
    const enough = this.transport.cancelled.has(this.prompt.promptId) ? 1 : certain;
    return { state: this.absences >= enough ? "gone" : "unclear" };
  }

  private seen<T extends { state: "running" | "pending" }>(standing: T): T {
    this.lastSeen = standing.state;
    this.absences = 0;
    return standing;
  }

  private async history(): Promise<HistoryEntry | undefined> {
    const { promptId, clientId, signal } = this.prompt;
    const path = `/history/${encodeURIComponent(promptId)}`;
    return parseHistory(
      await this.transport.json({ method: "GET", path, signal, repeats: 0 }),
      promptId,
      clientId,
    );
  }
}
