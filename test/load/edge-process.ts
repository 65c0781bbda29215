import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { startOrigin } from "../../packages/sandbox/origin";
import { type Rig, startRig } from "../sandbox/edge/rig";
import { acceptedOn, collectWarnings, type Held, heldNow, memoryNow } from "./measured";
import type { MemorySample } from "./slope";
import { serve } from "./worker";

/** What the load is told of the edge in the other process. */
export interface EdgeTarget {
  network: Rig["edge"]["network"];
  /** Client id and secret of a token that may come in. */
  token: { id: string; secret: string };
  /** `kid` of the key that signs for the team now, and the application's audience: what a forger could know. */
  kid: string;
  aud: string;
}

/** What the process says of itself. */
export interface EdgeReport extends Held {
  memory: MemorySample;
  warnings: string[];
  /** Requests that reached the origin although their address says that they must not. */
  smuggled: number;
  /** Lengths of what the sandbox keeps of past requests. */
  logs: number[];
}

/** In the query of each request that must not reach the origin. */
export const FORBIDDEN = "must-not-arrive";

/** A sandbox whose edge leads through a tunnel to ComfyUI's stand-in. */
async function main(): Promise<void> {
  const warnings = collectWarnings();
  const rig = await startRig();
  const origin = await startOrigin({ settings: { maxHistory: 20, enableCorsHeader: "*" } });
  rig.connector.disconnect();
  const token = await rig.api("GET", `/accounts/${DEV_ACCOUNT_ID}/cfd_tunnel/${rig.tunnelId}/token`);
  rig.edge.tunnels.connect({ token, services: { "http://localhost:8188": origin.url } });

  let requests = 0;
  let smuggled = 0;
  let leakBytes = 0;
  const leaked: Buffer[] = [];
  const { push } = rig.edge.log;
  rig.edge.log.push = (...entries) => {
    requests += entries.length;
    if (leakBytes > 0) leaked.push(Buffer.alloc(leakBytes, requests));
    return push.apply(rig.edge.log, entries);
  };
  const arrived = origin.requests.push;
  origin.requests.push = (...entries) => {
    smuggled += entries.filter(({ query }) => query.includes(FORBIDDEN)).length;
    return arrived.apply(origin.requests, entries);
  };
  // What everybody is told, as in a ComfyUI that works.
  setInterval(() => origin.control.sendEvent("load", { at: Date.now() }), 100);

  serve({
    target: async (): Promise<EdgeTarget> => ({
      network: rig.edge.network,
      token: { id: rig.token.client_id, secret: rig.token.client_secret },
      kid: (await (await rig.edge.keysOf("datacrew")).signing()).kid,
      aud: rig.app.aud,
    }),
    /** From now on each request leaves so many bytes behind. */
    leak: (bytes: number) => {
      leakBytes = bytes;
    },
    /** Plans failures of the origin. */
    faults: (planned: Parameters<typeof origin.faults.add>[0][]) => {
      for (const fault of planned) origin.faults.add(fault);
    },
    /** Connections and WebSockets of clients. */
    clients: () => acceptedOn(rig.edge.port).length + origin.control.sockets().open,
    /** @param forget first lets go of what has a bound that a short load does not reach: the logs. */
    report: async (forget: boolean): Promise<EdgeReport> => {
      const kept = [rig.edge.log, origin.requests, rig.sandbox.store.tokenUses];
      const logs = kept.map(({ length }) => length);
      if (forget) {
        for (const log of kept) log.length = 0;
        // The connector keeps connections for the next request, now more and now fewer, for five seconds.
        for (const socket of acceptedOn(origin.port)) socket.destroy();
        while (acceptedOn(origin.port).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return {
        memory: { requests, ...(await memoryNow()) },
        ...heldNow(),
        warnings,
        smuggled,
        logs,
      };
    },
  });
}

void main();
