import { Hono } from "hono";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { GoogleError } from "./errors";
import { secretManager } from "./secret-manager";
import { serviceUsage } from "./service-usage";

/** The Google APIs of the sandbox: any non-empty bearer token opens them. */
export function googleApp(store: Store): SandboxApp {
  const app = new Hono<SandboxEnv>();
  app.use("/v1/*", async (c, next) => {
    if (!/^Bearer \S+$/.test(c.req.header("authorization") ?? "")) {
      throw new GoogleError(
        401,
        "UNAUTHENTICATED",
        "Request is missing required authentication credential. Expected OAuth 2 access token.",
      );
    }
    await next();
  });
  serviceUsage(app, store);
  secretManager(app, store);
  app.all("/v1/*", (c) => {
    throw new GoogleError(404, "NOT_FOUND", `sandbox: no Google API at ${c.req.method} ${c.req.path}`);
  });
  app.onError((error, c) => {
    if (error instanceof GoogleError) return c.json(error.envelope(), error.code);
    throw error;
  });
  return app;
}
