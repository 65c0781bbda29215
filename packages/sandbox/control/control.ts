import { Hono } from "hono";
import { z } from "zod";
import type { Store } from "../account/store";
import { checked, readJson } from "../api/body";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { SANDBOX_INVALID, VendorError } from "../api/envelope";
import { newConnector, withConnectors } from "../api/tunnels";
import type { Faults } from "./faults";
import { isLoopback } from "./loopback";
import { masked } from "./masking";
import type { RequestLogEntry } from "./request-log";

const faultBody = z.strictObject({
  method: z.string().optional(),
  pathRegex: z.string().min(1),
  nth: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  action: z.enum(["status", "drop-before", "drop-after", "delay", "hold", "malformed"]),
  status: z.int().min(200).max(599).optional(),
  retryAfter: z.number().min(0).optional(),
  delayMs: z.number().min(0).optional(),
});
const LATEST = Date.UTC(9001, 0);
const clockBody = z.strictObject({ advanceSeconds: z.number().min(0) });
const connectorBody = z.strictObject({
  clientId: z.uuid().optional(),
  version: z.string().optional(),
  originIp: z.string().optional(),
});

const cloudflaredBody = z.strictObject({ running: z.boolean() });

/** The cloudflareds of whoever runs the sandbox. */
export interface Cloudflared {
  /** Starts or stops them all. Absent: nobody runs any. @returns whether they ran before */
  run?(running: boolean): boolean;
}

export interface ControlTarget {
  store: Store;
  faults: Faults;
  requests: RequestLogEntry[];
  reset(): void;
  cloudflared: Cloudflared;
}

/**
 * What no vendor has: resetting, reading the log and the state, planning faults, moving the clock, and
 * playing a cloudflared that connects, or stopping those that run. Mounted under `/__sandbox__`.
 */
export function control({ store, faults, requests, reset, cloudflared }: ControlTarget): SandboxApp {
  const app = new Hono<SandboxEnv>();
  const refusal = (detail: string) =>
    new VendorError(400, { code: SANDBOX_INVALID, message: `sandbox control: ${detail}` });

  // A web page can send requests to the loopback interface; it cannot do so without these headers.
  app.use(async (c, next) => {
    if (!isLoopback(c.req.url) || c.req.header("origin") !== undefined) {
      throw new VendorError(403, {
        code: SANDBOX_INVALID,
        message: "sandbox control: from this machine only, and not from a web page",
      });
    }
    await next();
  });

  app.post("/reset", (c) => {
    reset();
    return c.json({ reset: true });
  });
  app.get("/requests", (c) => c.json(requests));
  app.delete("/requests", (c) => {
    requests.length = 0;
    return c.json([]);
  });
  app.get("/state", (c) => c.json(masked(store.snapshot())));

  app.get("/faults", (c) => c.json(faults.list()));
  app.post("/faults", async (c) => {
    const fault = checked(await readJson(c), faultBody, refusal);
    try {
      faults.add(fault);
    } catch {
      throw refusal(`"${fault.pathRegex}" is not a regular expression`);
    }
    return c.json(faults.list());
  });
  app.post("/faults/release", (c) => {
    faults.release();
    return c.json(faults.list());
  });
  app.delete("/faults", (c) => {
    faults.clear();
    return c.json([]);
  });

  app.post("/clock", async (c) => {
    const milliseconds = checked(await readJson(c), clockBody, refusal).advanceSeconds * 1000;
    // Times of five digits in the year, and what lives for years from then, are written by no API.
    if (store.now().getTime() + milliseconds > LATEST) throw refusal("the time would be after the year 9000");
    store.advanceClock(milliseconds);
    return c.json({ now: store.now().toISOString() });
  });

  app.post("/tunnels/:id/connectors", async (c) => {
    const tunnel = store.tunnels.get(c.req.param("id"));
    if (!tunnel || tunnel.deletedAt !== null) throw refusal("no such tunnel");
    const body = checked((await readJson(c)) ?? {}, connectorBody, refusal);
    const now = store.now();
    const { clientId: id, ...known } = body;
    const connector = newConnector(now, { id, ...known });
    store.tunnels.put(withConnectors(tunnel, [...tunnel.connectors, connector], now));
    store.save();
    return c.json({ clientId: connector.id });
  });

  app.put("/cloudflared", async (c) => {
    const { running } = checked(await readJson(c), cloudflaredBody, refusal);
    return c.json({ ranBefore: cloudflared.run?.(running) ?? false });
  });

  return app;
}
