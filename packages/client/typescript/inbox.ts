import type { Item } from "./hearing";

/** Beyond this, progress and previews that nobody has read yet are dropped. */
const maxLossy = 1000;
const lossy = new Set<string | undefined>(["progress", "progress_state", "preview", "progress_text"]);

/** What has come from the WebSocket and has not been read yet. */
export class Inbox {
  private items: Item[] = [];
  private wake?: () => void;

  push(item: Item): void {
    if (this.items.length < maxLossy || !lossy.has(item.event?.type)) this.items.push(item);
    this.wake?.();
  }

  /** All that has come, in its order. */
  take(): Item[] {
    const { items } = this;
    this.items = [];
    return items;
  }

  /** Resolves when something is there, after so many milliseconds, or when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.items.length > 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      this.wake = done;
    });
  }
}
