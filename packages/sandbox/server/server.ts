import { createServer, type Server } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { UserError } from "../../base/errors";
import { DEV_TOKENS } from "../account/seed";
import type { Store } from "../account/store";
import type { Cloudflared } from "../control/control";
import type { Faults } from "../control/faults";
import type { RequestLogEntry } from "../control/request-log";
import { type Edge, type EdgeOptions, startEdge } from "../edge";
import { type AppOptions, createSandbox, type SandboxCore } from "./app";

export type { RequestLogEntry } from "../control/request-log";

export interface SandboxOptions extends AppOptions {
  /** Port on the loopback interface; 0, the default, takes a free one. */
  port?: number;
  /** Also serves the account's hostnames, over TLS on a port of its own. Default: the API alone. */
  edge?: boolean | Omit<EdgeOptions, "store">;
}

/** A sandbox that listens on the loopback interface. */
export interface Sandbox {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Base of Cloudflare's API: what `CLOUDFLARE_BASE_URL` wants. */
  apiUrl: string;
  /** Base of Google's APIs. */
  gcpUrl: string;
  /** Base of Infisical's API: what its clients call the site's address. */
  infisicalUrl: string;
  /** Values of the seeded API tokens. */
  tokens: { admin: string; up: string; preview: string; accountOwned: string };
  /** What was asked, oldest first, with the secrets masked. */
  requests: RequestLogEntry[];
  faults: Faults;
  store: Store;
  /** What browsers and API clients meet; absent unless asked for. */
  edge?: Edge;
  /** Filled by whoever runs cloudflared, for the sandbox's controls. */
  cloudflared: Cloudflared;
  /** Back to the seed, with empty logs, no sessions and no faults. */
  reset(): void;
  /** Stops listening and closes the connections that are open. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox.
 * @throws UserError when the port is in use, or the state file is not one.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  let edge: Edge | undefined;
  const core = createSandbox({ ...options, onReset: () => edge?.reset() });
  if (options.edge) edge = await startEdge(edgeOptions(options.edge, core));
  const server = createAdaptorServer({ fetch: core.app.fetch });
  const port = await listen(server, options.port ?? 0).catch(async (error: unknown) => {
    await edge?.close();
    throw error;
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    apiUrl: `${url}/client/v4`,
    gcpUrl: `${url}/gcp`,
    infisicalUrl: `${url}/infisical`,
    tokens: { ...DEV_TOKENS },
    requests: core.requests,
    faults: core.faults,
    store: core.store,
    edge,
    cloudflared: core.cloudflared,
    reset: core.reset,
    async close() {
      await edge?.close();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // Clients keep connections open for the next request; closing waits for none of them.
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
    },
  };
}

/** The edge serves the sandbox's account, and the page shows its requests. */
function edgeOptions(
  asked: Exclude<SandboxOptions["edge"], false | undefined>,
  { store, feed }: SandboxCore,
): EdgeOptions {
  const options = asked === true ? {} : asked;
  return {
    ...options,
    store,
    onRequest(entry) {
      feed.addEdge(entry);
      options.onRequest?.(entry);
    },
  };
}

/**
 * Looks whether a sandbox could listen on a port, for a caller that has something to undo before it starts one.
 * @throws UserError when the port is in use.
 */
export async function refuseUsedPort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  await new Promise((resolve) => server.close(resolve));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new UserError(
              `port ${port} on 127.0.0.1 is in use`,
              "Stop what listens there, or choose another port (--port 0 takes a free one).",
            )
          : error,
      );
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the sandbox has no port"));
      else resolve(address.port);
    });
  });
}
