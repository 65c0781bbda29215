import { Hono } from "hono";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { universalAuth } from "./auth";
import { InfisicalError, notFound } from "./errors";
import { secrets } from "./secrets";

/** An Infisical instance, as far as its Node SDK calls it for secrets. */
export function infisicalApp(store: Store): SandboxApp {
  const app = new Hono<SandboxEnv>();
  universalAuth(app, store);
  secrets(app, store);
  app.all("*", (c) => {
    throw notFound(`sandbox: no endpoint of Infisical at ${c.req.method} ${c.req.path}`);
  });
  app.onError((error, c) => {
    if (error instanceof InfisicalError) return c.json(error.body(), error.status);
    throw error;
  });
  return app;
}
