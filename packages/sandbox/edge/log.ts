/** One request at the edge, once it is answered. Never holds a secret: no query, no header, no body. */
export interface EdgeLogEntry {
  /** When it came, ISO 8601, by the sandbox's clock. */
  time: string;
  method: string;
  hostname: string;
  /** Without the query. */
  path: string;
  /** 0 when the connection broke before an answer. */
  status: number;
  /** Until the answer was complete, or the WebSocket was closed. */
  ms: number;
  /** Who answered: Access, the edge itself, cloudflared, the origin, Google, or the team domain. */
  servedBy: "access" | "edge" | "tunnel" | "origin" | "google" | "team";
  /** `nobody`, an e-mail address, or a service token's name. */
  who: string;
  verdict?: "granted" | "refused" | "no application";
  /** Name of the policy that decided. */
  policy?: string;
  /** Why, in words. */
  reason?: string;
  /** True for a WebSocket. */
  upgrade?: boolean;
}

/** Older entries are dropped, so that an edge left running does not grow without end. */
const MOST_ENTRIES = 10_000;

/** Keeps the entries, and tells of each. */
export function edgeLog(entries: EdgeLogEntry[], onRequest?: (entry: EdgeLogEntry) => void) {
  return (entry: EdgeLogEntry): void => {
    entries.push(entry);
    if (entries.length > MOST_ENTRIES) entries.shift();
    onRequest?.(entry);
  };
}
