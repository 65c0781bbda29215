import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import type { Account, ApiToken, Zone } from "../account/entities";
import type { Store } from "../account/store";

/** What Hono carries through one request of the sandbox. */
export interface SandboxEnv {
  /** Node's request and response; absent when the app is called without a port. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    /** The API token the request came with, once recognised. */
    token: ApiToken | undefined;
    /** Set by `guard` on paths below an account. */
    account: Account;
    /** Set by `guard` on paths below a zone. */
    zone: Zone;
  };
}

export type SandboxApp = Hono<SandboxEnv>;

/** Registers the routes of one endpoint group. */
export type Register = (app: SandboxApp, store: Store) => void;
