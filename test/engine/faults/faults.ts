import { errorBody } from "../../../packages/sandbox/control/faults";
import type { Call, Interference } from "./between";

/** Everything that can befall a call. */
export const FAULTS = [
  "500",
  "429",
  "dropped before",
  "dropped before, always",
  "dropped after",
  "dropped after, always",
  "too late",
  "half an answer",
  "killed before",
  "killed unanswered",
  "killed after",
  "500 once",
  "429 once",
] as const;

export type Fault = (typeof FAULTS)[number];

/** Of a read these are the same as the ones that come before it is done: it commits nothing. */
const OF_WRITES: ReadonlySet<Fault> = new Set([
  "dropped after",
  "dropped after, always",
  "killed unanswered",
]);

/** What can befall a call, each in one way only. */
export function faultsOf({ key }: CallName): readonly Fault[] {
  return key.startsWith("GET ") ? FAULTS.filter((fault) => !OF_WRITES.has(fault)) : FAULTS;
}

/** One call of an undisturbed run: which one of those that are asked alike. */
export interface CallName {
  /** Method, path without ids, and what is named in the body. */
  key: string;
  /** From 1. */
  nth: number;
}

/** What a call is known by in every run: ids differ, and the order of parallel calls too. */
export function keyOf({ method, url, body }: Pick<Call, "method" | "url" | "body">): string {
  const path = url
    .replace(/^\/client\/v4/, "")
    .replace("/accounts/0123456789abcdef0123456789abcdef", "")
    .replace("fedcba9876543210fedcba9876543210", "{zone}")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g, "{id}")
    .replace(/(datetime_\w+=)[^&]*/g, "$1")
    .replace(/%3A/gi, ":");
  const name = method === "POST" || method === "PUT" ? namedIn(body) : undefined;
  return `${method} ${path}${name === undefined ? "" : ` ${name}`}`;
}

function namedIn(body: Buffer): string | undefined {
  try {
    const { name, payload } = JSON.parse(body.toString("utf8")) as { name?: unknown; payload?: unknown };
    return typeof name === "string" && payload === undefined ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Plays one fault on one call of a run. */
export class FaultPlayer {
  /** Whether the call has come. */
  reached = false;
  private readonly seen = new Map<string, number>();

  /** @param at undefined: nothing happens, and the calls are only counted */
  constructor(
    private readonly fault?: Fault,
    private readonly at?: CallName,
  ) {}

  /** The calls so far. */
  get calls(): CallName[] {
    return [...this.seen].flatMap(([key, count]) =>
      Array.from({ length: count }, (_, index) => ({ key, nth: index + 1 })),
    );
  }

  interfere(call: Call): Interference | undefined {
    const key = keyOf(call);
    const nth = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, nth);
    if (this.fault === undefined || this.at === undefined || key !== this.at.key) return undefined;
    const first = nth === this.at.nth;
    if (nth < this.at.nth || !(first || LASTING.has(this.fault))) return undefined;
    this.reached = true;
    return interferenceOf(this.fault, call.url);
  }
}

/** These meet every try of the call. */
const LASTING: ReadonlySet<Fault> = new Set([
  "500",
  "429",
  "dropped before, always",
  "dropped after, always",
]);

function interferenceOf(fault: Fault, url: string): Interference {
  switch (fault) {
    case "500":
    case "500 once":
      return refusal(500, url);
    case "429":
    case "429 once":
      return refusal(429, url);
    case "dropped before":
    case "dropped before, always":
      return { do: "drop before" };
    case "dropped after":
    case "dropped after, always":
      return { do: "drop after" };
    case "too late":
      return { do: "late" };
    case "half an answer":
      return { do: "half" };
    case "killed before":
      return { do: "kill before" };
    case "killed unanswered":
      return { do: "kill unanswered" };
    case "killed after":
      return { do: "kill soon after" };
  }
}

function refusal(status: number, url: string): Interference {
  // The vendor's own client waits as long as the second header says, where there is one; it is not Cloudflare's.
  const wait = status === 429 ? { "retry-after": "1" } : undefined;
  return {
    do: "answer",
    status,
    headers: { ...wait, "retry-after-ms": "1" },
    body: JSON.stringify(errorBody(url, status)),
  };
}
