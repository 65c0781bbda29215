import { compareWithUndici, startLoopbackServer } from "../client";
import { atLeast, type Figure } from "../figure";
import type { Bench } from "./bench";

/** Requests per second of the TypeScript client, against bare undici. */
export async function clientFigures({ rounds, progress }: Bench): Promise<Figure[]> {
  progress("client: requests in turn");
  // Rounds of a twentieth of a second: fewer than these say nothing.
  const count = Math.max(101, rounds(101));
  const server = await startLoopbackServer();
  try {
    const { client, undici, ratio } = await compareWithUndici(server, { rounds: count });
    return [
      {
        name: "client, requests",
        reference: "bare undici",
        rounds: count,
        ratio,
        measured: client,
        compared: undici,
        unit: "/s",
        limit: atLeast(0.9),
      },
    ];
  } finally {
    await server.close();
  }
}
