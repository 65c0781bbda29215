import type { Network } from "../../client/typescript/network";
import { outcomeOf } from "./outcome";
import { openRequests } from "./requests";

/** Credentials of a service token. Secret. */
export interface TokenCredentials {
  clientId: string;
  clientSecret: string;
}

/** What became of a request with a service token. */
export interface ProbeResult {
  /**
   * - `passes`: it got past Access; what is behind may be well or not;
   * - `refused`: Access, or the connector's own check, turned it away;
   * - `unreachable`: no answer that would tell.
   */
  verdict: "passes" | "refused" | "unreachable";
  /** In a few words, without any part of the credentials. */
  detail: string;
}

const TIMEOUT_MS = 15_000;

/** One GET through the edge with a service token: does Access take its secret now? Changes nothing. */
export async function probeToken(
  url: string,
  { clientId, clientSecret }: TokenCredentials,
  network: Network,
): Promise<ProbeResult> {
  const requests = openRequests(network, TIMEOUT_MS);
  try {
    const answer = await requests.ask({
      method: "GET",
      url: new URL("/system_stats", url).href,
      headers: { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret },
    });
    const outcome = outcomeOf(answer, "api");
    switch (outcome.is) {
      case "login":
        return { verdict: "refused", detail: `sent to the login of ${outcome.host}` };
      case "refused":
        return { verdict: "refused", detail: `HTTP ${outcome.status} by ${outcome.by}` };
      case "unreachable":
        return { verdict: "unreachable", detail: `${outcome.reason}: ${outcome.detail}` };
      case "tunnel-down":
        // Access decides first: what it refuses never comes as far as the tunnel.
        return { verdict: "passes", detail: `HTTP ${outcome.status}, past Access, but the tunnel is down` };
      case "origin-fault":
        return {
          verdict: "passes",
          detail: `HTTP ${outcome.status}, past Access, but what is behind it has a fault`,
        };
      case "websocket":
        return { verdict: "unreachable", detail: "an answer to something else" };
      default:
        return { verdict: "passes", detail: `HTTP ${outcome.status}` };
    }
  } finally {
    await requests.close();
  }
}
