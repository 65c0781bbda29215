import { Hono } from "hono";
import type { Settings } from "../account/entities";
import { DEFAULT_SEED, type Seed, stateFromSeed } from "../account/seed";
import { Store } from "../account/store";
import { accounts } from "../api/accounts";
import { applications } from "../api/applications";
import { recogniseToken } from "../api/auth";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { dnsRecords } from "../api/dns-records";
import { failure, noRoute, VendorError } from "../api/envelope";
import { graphql } from "../api/graphql";
import { groups } from "../api/groups";
import { identityProviders } from "../api/identity-providers";
import { notificationPolicies } from "../api/notification-policies";
import { organizations } from "../api/organizations";
import { policies } from "../api/policies";
import { type RateLimit, rateLimiter, VENDOR_RATE_LIMIT } from "../api/rate-limit";
import { serviceTokens } from "../api/service-tokens";
import { sessions } from "../api/sessions";
import { tokens } from "../api/tokens";
import { tunnelConfigurations } from "../api/tunnel-configurations";
import { tunnels } from "../api/tunnels";
import { zones } from "../api/zones";
import { type Cloudflared, control } from "../control/control";
import { Faults } from "../control/faults";
import { type RequestLogEntry, requestLog } from "../control/request-log";
import { googleApp } from "../gcp/app";
import { infisicalApp } from "../infisical/app";
import { Feed, page } from "../page";

const GROUPS = [
  accounts,
  applications,
  dnsRecords,
  graphql,
  groups,
  identityProviders,
  notificationPolicies,
  organizations,
  policies,
  serviceTokens,
  sessions,
  tokens,
  tunnelConfigurations,
  tunnels,
  zones,
];

export interface AppOptions {
  /** File that keeps the state between runs, mode 0600; default: memory only. */
  stateFile?: string;
  /** What an untouched sandbox holds; default: the account of the `dev` stack. */
  seed?: Seed;
  /** Overrides of the seed's settings. */
  settings?: Partial<Settings>;
  /** Called with each request once it is answered. */
  onRequest?: (entry: RequestLogEntry) => void;
  /** Default: Cloudflare's own limit; `false`: none. */
  rateLimit?: RateLimit | false;
  /** Called whenever the sandbox goes back to the seed, after it has. */
  onReset?: () => void;
}

/** The sandbox without a port. */
export interface SandboxCore {
  app: SandboxApp;
  store: Store;
  faults: Faults;
  requests: RequestLogEntry[];
  /** What the page's live log shows; the edge adds its requests to it. */
  feed: Feed;
  /** Back to the seed, with an empty log and no faults. */
  reset(): void;
  /** Filled by whoever runs cloudflared, for the sandbox's controls. */
  cloudflared: Cloudflared;
}

/**
 * Builds the sandbox: Cloudflare's API under `/client/v4`, Google's under `/gcp`, Infisical's
 * under `/infisical`, its own controls under `/__sandbox__`, and a page to look at it all at `/`.
 */
export function createSandbox(options: AppOptions = {}): SandboxCore {
  const seed = options.seed ?? DEFAULT_SEED;
  const store = new Store(() => stateFromSeed(seed, new Date(), options.settings), options.stateFile);
  const faults = new Faults();
  const requests: RequestLogEntry[] = [];
  const feed = new Feed(() => store.now());
  const limiter =
    options.rateLimit === false ? undefined : rateLimiter(store, options.rateLimit ?? VENDOR_RATE_LIMIT);

  const cloudflared: Cloudflared = {};
  const reset = () => {
    store.reset();
    faults.clear();
    limiter?.reset();
    requests.length = 0;
    feed.clear();
    options.onReset?.();
  };

  const app = new Hono<SandboxEnv>();
  app.onError((error, c) => {
    if (error instanceof VendorError) return failure(c, error);
    // A mistake of the sandbox itself: the message goes to the log of the process, not to the client.
    console.error(error);
    return failure(c, new VendorError(500, { code: 10000, message: "sandbox: internal error" }));
  });
  app.notFound((c) => failure(c, noRoute(c.req.path)));
  app.route("/__sandbox__", control({ store, faults, requests, reset, cloudflared }));

  app.route("/", page(store, feed));

  app.use(
    "*",
    requestLog(requests, (entry) => {
      feed.addApi(entry);
      options.onRequest?.(entry);
    }),
  );
  app.use("*", faults.middleware());
  app.use("*", async (c, next) => {
    await next();
    if (c.req.method !== "GET") store.save();
  });

  const cloudflare = new Hono<SandboxEnv>();
  cloudflare.use(async (c, next) => {
    c.set("token", recogniseToken(store, c.req.header("authorization")));
    c.header("cf-auditlog-id", crypto.randomUUID());
    await next();
  });
  if (limiter) cloudflare.use(limiter.middleware);
  for (const register of GROUPS) register(cloudflare, store);
  app.route("/client/v4", cloudflare);
  app.route("/gcp", googleApp(store));
  // Google's own client takes a host and a port, and no path before `/v1`.
  app.route("/", googleApp(store));
  app.route("/infisical", infisicalApp(store));

  return { app, store, faults, requests, feed, reset, cloudflared };
}
