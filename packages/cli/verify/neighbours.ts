import { z } from "zod";
import { UserError } from "../../base/errors";
import { caused } from "./cause-words";
import type { RawAnswer } from "./outcome";
import type { VerifyRow } from "./report";
import type { Requests } from "./requests";

const neighbour = z.object({
  /** Status of `GET /`; absent when the host did not answer. */
  status: z.number().optional(),
  /** Where it redirects to, without the query, which may differ each time. */
  location: z.string().optional(),
  contentType: z.string().optional(),
  /** Why there was no answer. */
  unreachable: z.string().optional(),
});

const baseline = z.object({
  recordedAt: z.string(),
  hostnames: z.record(z.string(), neighbour),
});

/** How the other host names of a tunnel answered at one time. */
export type Baseline = z.infer<typeof baseline>;

type Neighbour = z.infer<typeof neighbour>;

/**
 * Reads a baseline file's text.
 * @throws {UserError} when it is not one.
 */
export function parseBaseline(text: string, file: string): Baseline {
  try {
    return baseline.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${file} is not a baseline`, "Record one with --record-baseline.");
  }
}

/** Asks each host name for its page, and notes what a change of the tunnel would change. */
export async function recordBaseline(
  hostnames: readonly string[],
  requests: Requests,
  now: Date,
): Promise<Baseline> {
  const entries = await Promise.all(
    hostnames.map(async (hostname) => {
      const answer = await requests.ask({ method: "GET", url: `https://${hostname}/` });
      return [hostname, noted(answer)] as const;
    }),
  );
  return { recordedAt: now.toISOString(), hostnames: Object.fromEntries(entries) };
}

function noted(answer: RawAnswer): Neighbour {
  if (answer.kind === "unreachable") return { unreachable: answer.reason };
  if (answer.kind === "websocket") return {};
  const { location, "content-type": type } = answer.headers;
  return {
    status: answer.status,
    ...(location === undefined ? {} : { location: location.replace(/[?#].*$/s, "") }),
    ...(type === undefined ? {} : { contentType: type.replace(/;.*$/s, "").trim() }),
  };
}

/**
 * Compares the other host names with how they were.
 * @param before what was recorded; without it each row says how to record it.
 */
export function neighbourRows(
  hostnames: readonly string[],
  before: Baseline | undefined,
  after: Baseline,
): VerifyRow[] {
  const names = [...new Set([...Object.keys(before?.hostnames ?? {}), ...hostnames])];
  return names.map((hostname) => {
    const then = before?.hostnames[hostname];
    const now = after.hostnames[hostname] ?? {};
    const head = {
      id: `neighbours/${hostname}`,
      group: "neighbours",
      who: hostname,
      what: "answers as before",
      got: inWords(now),
      ms: 0,
    } as const;
    if (then === undefined) {
      return {
        ...head,
        expected: "as before",
        result: "not-applicable",
        detail: `${inWords(now)} now; how it answered before was not recorded`,
        next: "Run `verify --record-baseline neighbours.json` before the next change, and --baseline neighbours.json after it.",
      };
    }
    const data = { recordedAt: before?.recordedAt };
    return {
      ...head,
      expected: inWords(then),
      ...(isAlike(then, now)
        ? { result: "passed" }
        : caused(head.id, "failed", { code: "neighbour-changed", data })),
    };
  });
}

const isAlike = (one: Neighbour, other: Neighbour): boolean =>
  one.status === other.status &&
  one.location === other.location &&
  (one.contentType ?? "") === (other.contentType ?? "") &&
  one.unreachable === other.unreachable;

function inWords({ status, location, contentType, unreachable }: Neighbour): string {
  if (status === undefined) return `no answer (${unreachable ?? "unknown"})`;
  return [`${status}`, ...(location === undefined ? [] : [`to ${location}`]), contentType ?? ""]
    .filter((part) => part !== "")
    .join(" ");
}
