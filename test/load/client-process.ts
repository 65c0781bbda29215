import { ComfyUIClient, ComfyUIError } from "../../packages/client/typescript/index";
import type { Network } from "../../packages/client/typescript/network";
import { clientVisits } from "./client-visits";
import { collectWarnings, type Held, heldNow, memoryNow } from "./measured";
import { type Mix, round } from "./rounds";
import type { MemorySample } from "./slope";
import { Tally } from "./tally";
import { serve } from "./worker";

/** Whom the client asks. */
export interface ClientTarget {
  url: string;
  token: string;
  network: Network;
  /** In API format, with one image as its output. */
  workflow: Record<string, unknown>;
}

/** One round of requests by one client, which is closed at its end. */
export interface ClientRound {
  mix: Mix;
  requests: number;
  atOnce: number;
  seed: number;
}

export interface RoundReport {
  total: number;
  faults: string[];
  /** Most sockets that were open at a time. */
  mostSockets: number;
}

export interface ClientReport extends Held {
  memory: MemorySample;
  warnings: string[];
  table: string;
}

const warnings = collectWarnings();
// As in a program that can be stopped as a whole: one signal for all that it ever does.
const { signal } = new AbortController();
let target: ClientTarget;
let tally = new Tally();
let requests = 0;
let leakBytes = 0;
const leaked: Buffer[] = [];

const client = (totalMs = 0) =>
  new ComfyUIClient({
    ...target,
    signal,
    timeouts: { totalMs, connectMs: 60_000 },
    following: { pollIntervalMs: 500 },
  });

const sockets = () => heldNow().resources["TCPSocketWrap"] ?? 0;

serve({
  target: (given: ClientTarget) => {
    target = given;
  },
  forget: () => {
    tally = new Tally();
  },
  /** From now on each request leaves so many bytes behind. */
  leak: (bytes: number) => {
    leakBytes = bytes;
  },
  round: async (order: ClientRound): Promise<RoundReport> => {
    const before = { total: tally.total, faults: tally.faults.length };
    const [one, hasty] = [client(), client(150)];
    let mostSockets = 0;
    const looking = setInterval(() => {
      mostSockets = Math.max(mostSockets, sockets());
    }, 20);
    await round(clientVisits(one, hasty, target.workflow), { ...order, tally });
    clearInterval(looking);
    await Promise.all([one.close(), hasty.close()]);
    const total = tally.total - before.total;
    requests += total;
    for (let left = leakBytes > 0 ? total : 0; left > 0; left -= 1)
      leaked.push(Buffer.alloc(leakBytes, left));
    return { total, faults: tally.faults.slice(before.faults), mostSockets };
  },
  /** Closes a client with so many calls and runs under way; answers how they ended, and after how many milliseconds. */
  closeUnderWay: async ({ calls, runs }: { calls: number; runs: number }) => {
    const one = client();
    const ends: Record<string, number> = {};
    const counted = async (work: Promise<unknown>) => {
      const end = await work.then(
        () => "done",
        (error: unknown) => (error instanceof ComfyUIError ? `${error.kind} ${error.code}` : String(error)),
      );
      ends[end] = (ends[end] ?? 0) + 1;
    };
    const all = [
      ...Array.from({ length: calls }, () => counted(one.history("late"))),
      ...Array.from({ length: runs }, () => counted(one.run(target.workflow).result())),
    ];
    await new Promise((resolve) => setTimeout(resolve, 400));
    const started = performance.now();
    await one.close();
    await Promise.all(all);
    return { ms: performance.now() - started, ends };
  },
  sockets,
  report: async (): Promise<ClientReport> => ({
    memory: { requests, ...(await memoryNow()) },
    ...heldNow(),
    warnings,
    table: tally.table(),
  }),
});
