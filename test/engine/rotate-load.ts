import { request } from "undici";
import type { TokenCredentials } from "../../packages/cli/verify/probe-token";
import { dispatcherFor, type Network } from "../../packages/client/typescript/network";
import { URL_OF_APP } from "./rotate-rig";

/** Requests under way. */
export interface Load {
  /** Stops, and waits for the answers. */
  stop(): Promise<{ sent: number; failed: string[] }>;
}

/** Sends 50 requests a second through the edge with a secret, whether or not the ones before are answered. */
export function startLoad({ clientId, clientSecret }: TokenCredentials, network: Network): Load {
  const dispatcher = dispatcherFor(network, { connections: 16 });
  const headers = { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret };
  const failed: string[] = [];
  const answers: Promise<void>[] = [];
  const send = async () => {
    try {
      const { statusCode, body } = await request(`${URL_OF_APP}/system_stats`, { dispatcher, headers });
      await body.dump();
      if (statusCode !== 200) failed.push(`HTTP ${statusCode}`);
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  };
  const begun = performance.now();
  // By the clock, not by the tick: a timer that comes late sends what is due.
  const timer = setInterval(() => {
    while (answers.length < (performance.now() - begun) / 20) answers.push(send());
  }, 20);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(answers);
      await dispatcher.close();
      return { sent: answers.length, failed };
    },
  };
}
