import type { SSEStreamingApi } from "hono/streaming";
import type { Store } from "../account/store";
import type { Feed } from "./feed";
import { logEntry } from "./log-entry";
import { renderSections } from "./sections";

/** How often a page that is open is told what is new, in milliseconds. */
const TICK_MS = 250;

/**
 * Tells a page what is new until it is closed: first everything, then the sections that changed and the requests
 * that came. Looking at each tick, instead of at each change, also shows what changes by time alone, and a rush of
 * requests does not become a rush of events.
 */
export async function streamNews(stream: SSEStreamingApi, store: Store, feed: Feed): Promise<void> {
  const shown = new Map<string, string>();
  let last: number | undefined;
  while (!stream.aborted) {
    for (const { id, html } of await renderSections(store)) {
      if (shown.get(id) === html) continue;
      shown.set(id, html);
      await send(stream, "section", { id, html });
    }
    if (feed.last !== last) {
      // A page whose entries the feed has forgotten, by a reset or in a rush, gets the whole list again.
      const from = last === undefined || feed.first > last + 1 ? 0 : last;
      const entries = feed.since(from).map(async (entry) => String(await logEntry(entry)));
      await send(stream, from === 0 ? "log" : "requests", await Promise.all(entries));
      last = feed.last;
    }
    await stream.sleep(TICK_MS);
  }
}

const send = (stream: SSEStreamingApi, event: string, data: unknown): Promise<void> =>
  stream.writeSSE({ event, data: JSON.stringify(data) });
