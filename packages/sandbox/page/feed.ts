import type { RequestLogEntry } from "../control/request-log";
import type { EdgeLogEntry } from "../edge/log";

/** One request as the page shows it; no secret in it. */
export interface FeedEntry {
  /** 1, 2, 3 … in the order in which they were answered. */
  number: number;
  /** ISO 8601, by the sandbox's clock. */
  time: string;
  /** Which side was asked: the hostnames, or the vendors' APIs. */
  side: "edge" | "API";
  method: string;
  /** Hostname and path, or the API's path. */
  what: string;
  /** 0 when the connection broke before an answer. */
  status: number;
  ms: number;
  /** Who asked: an e-mail address, a token's name, `nobody`. */
  who: string;
  /** Which part answered, e.g. `origin`. */
  servedBy?: string;
  verdict?: string;
  /** Why, in words, with the rule that decided. */
  reason?: string;
  isWebSocket?: boolean;
}

/** The page shows no more; older entries are forgotten. */
const MOST_ENTRIES = 200;

/** The latest requests of both sides, for the page. */
export class Feed {
  #entries: FeedEntry[] = [];
  #last = 0;

  constructor(private readonly now: () => Date) {}

  addApi({ method, path, status, ms, token }: RequestLogEntry): void {
    this.#add({
      time: this.now().toISOString(),
      side: "API",
      method,
      what: path,
      status,
      ms,
      who: token === undefined ? "nobody" : `API token "${token}"`,
    });
  }

  addEdge(entry: EdgeLogEntry): void {
    const { time, method, hostname, path, status, ms, who, servedBy, verdict, policy, upgrade } = entry;
    const reason = entry.reason ?? (policy === undefined ? undefined : `policy "${policy}"`);
    this.#add({
      time,
      side: "edge",
      method,
      what: `${hostname}${path}`,
      status,
      ms,
      who,
      servedBy,
      verdict,
      reason,
      isWebSocket: upgrade,
    });
  }

  /** Entries that came after the one with this number, oldest first. */
  since(number: number): FeedEntry[] {
    return this.#entries.filter((entry) => entry.number > number);
  }

  /** Number of the latest entry; 0 before the first one. */
  get last(): number {
    return this.#last;
  }

  /** Forgets all, as the sandbox's reset does. Numbers go on, so that a page sees that its entries are gone. */
  clear(): void {
    this.#entries = [];
    this.#last += 1;
  }

  /** Number of the oldest entry that is kept; above `last` when there is none. */
  get first(): number {
    return this.#entries[0]?.number ?? this.#last + 1;
  }

  #add(entry: Omit<FeedEntry, "number">): void {
    this.#last += 1;
    this.#entries.push({ number: this.#last, ...entry });
    if (this.#entries.length > MOST_ENTRIES) this.#entries.shift();
  }
}
