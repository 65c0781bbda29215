import { setTimeout as sleep } from "node:timers/promises";
import type { Network } from "../../client/typescript/network";
import { type ProbeResult, probeToken, type TokenCredentials } from "../verify/probe-token";

/** Between two tries, in milliseconds. */
const INTERVAL = 1_000;

/** What Access said of a secret, at the application where it said the worst. */
export interface Probed extends ProbeResult {
  url: string;
}

/**
 * Whether a secret passes at every application, with patience: a new one takes seconds to be known at the edge.
 * @param patienceMs how long to go on while it does not pass.
 */
export async function probeAll(
  urls: readonly string[],
  credentials: TokenCredentials,
  network: Network,
  patienceMs: number,
): Promise<Probed[]> {
  const end = Date.now() + patienceMs;
  return Promise.all(
    urls.map(async (url) => {
      for (;;) {
        const result = await probeToken(url, credentials, network);
        if (result.verdict === "passes" || Date.now() + INTERVAL > end) return { url, ...result };
        await sleep(INTERVAL);
      }
    }),
  );
}

/** The worst of the verdicts. */
export function worst(results: readonly ProbeResult[]): ProbeResult["verdict"] {
  const verdicts = results.map(({ verdict }) => verdict);
  return verdicts.includes("refused")
    ? "refused"
    : verdicts.includes("unreachable")
      ? "unreachable"
      : "passes";
}
