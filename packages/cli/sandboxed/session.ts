import { DEV_INFISICAL_IDENTITY, type Seed } from "../../sandbox/account/seed";
import type { Sandbox } from "../../sandbox/server/server";
import { type Engine, ensureEngine } from "../engine/engine";
import type { PulumiTarget } from "../engine/pulumi";
import { edgeSettings, openAccess, type SandboxAccess } from "./access";
import { joinOrHold } from "./join-or-hold";
import { keepChoice, type ProviderChoice } from "./provider-choice";
import { stacksUp } from "./stacks-up";
import { findRunningSandbox, openWorkspace, projectDir, type Workspace } from "./workspace";

/** A sandbox with an engine pointed at it. */
export interface SandboxSession {
  engine: Engine;
  workspace: Workspace;
  /** Base of the sandbox, e.g. `http://127.0.0.1:8787`. */
  url: string;
  /** Base of its Cloudflare API. */
  apiUrl: string;
  tokens: { admin: string; up: string; preview: string };
  /** True when `sandbox` runs in another process and this session only joined it. */
  joined: boolean;
  /** What the account serves; absent unless asked for. A sandbox that was joined runs cloudflared by itself. */
  access?: Pick<SandboxAccess, "network" | "connect" | "connectStacks" | "connectAll" | "disconnectAll">;
  /**
   * Has the sandbox that was joined stop its cloudflareds: Cloudflare keeps a tunnel that has live connections.
   * @returns what starts them again; undefined when none ran
   */
  stopCloudflared?(): Promise<(() => Promise<void>) | undefined>;
  /** The sandbox itself, for tests; absent when this session only joined one. */
  own?: Sandbox;
  /** How to run the engine. `as` picks the API token: `preview` may only read. */
  target(as: "up" | "preview"): PulumiTarget;
  close(): Promise<void>;
}

/** Options of {@link openSandboxSession}. */
export interface SandboxSessionOptions {
  log?: (line: string) => void;
  /** Which Cloudflare provider the engine uses, now and later. Default: the one that was chosen last. */
  provider?: ProviderChoice;
  /** Workspace folder. Default: `.sandbox` in the project. */
  dir?: string;
  /** The program's folder. Default: the project. */
  programDir?: string;
  /** False keeps the account in memory only. Default: true, kept in the workspace. */
  keepState?: boolean;
  engine?: Engine;
  /** False lets as many requests through as come; a benchmark needs that. Default: Cloudflare's own limit. */
  rateLimit?: false;
  /** What an untouched account holds. Default: the sandbox's own seed. */
  seed?: Seed;
  /** True also serves the account's hostnames, with a ComfyUI stand-in behind the tunnel. Default: the API alone. */
  access?: boolean;
}

/** Finds the engine, joins or starts a sandbox, and attaches the providers. */
export async function openSandboxSession(options: SandboxSessionOptions = {}): Promise<SandboxSession> {
  // Loaded only now: an installation for production can do without what the sandbox is built on.
  const [{ startSandbox }, { startSandboxProvider }] = await Promise.all([
    import("../../sandbox/server/server.js"),
    import("../../sandbox/provider/index.js"),
  ]);
  const engine = options.engine ?? (await ensureEngine({ log: options.log }));
  const workspace = await openWorkspace({ engine, provider: options.provider, dir: options.dir });
  const keepState = options.keepState !== false;
  const found = keepState
    ? await joinOrHold(workspace, options.log)
    : { running: await findRunningSandbox(workspace) };
  const running = "running" in found ? found.running : undefined;
  const letGo = () => "lock" in found && found.lock.release();
  const own = running
    ? undefined
    : await startSandbox({
        stateFile: keepState ? workspace.stateFile : undefined,
        seed: options.seed,
        edge: options.access === true && { settings: edgeSettings },
        ...(options.rateLimit === false ? { rateLimit: false as const } : {}),
      }).catch((error: unknown) => {
        letGo();
        throw error;
      });
  const sandbox = running ?? own;
  if (sandbox === undefined) throw new Error("no sandbox was started");

  const apiUrl = `${sandbox.url}/client/v4`;
  const gcpUrl = `${sandbox.url}/gcp`;
  const plugin = await startSandboxProvider({ apiUrl, apiToken: sandbox.tokens.up, gcpUrl });
  const access =
    own && options.access ? await openAccess(own, stacksUp(workspace.env["PULUMI_BACKEND_URL"])) : undefined;
  const attached =
    workspace.provider === "sandbox"
      ? plugin.debugProviders
      : plugin.debugProviders
          .split(",")
          .filter((entry) => !entry.startsWith("cloudflare:"))
          .join(",");

  return {
    engine,
    workspace,
    url: sandbox.url,
    apiUrl,
    tokens: sandbox.tokens,
    joined: running !== undefined,
    access:
      access ??
      (running && {
        network: running.network,
        connect: () => {},
        connectStacks: () => {},
        connectAll: () => {},
        disconnectAll: () => {},
      }),
    ...(own ? { own } : { stopCloudflared: () => stopCloudflared(sandbox.url) }),
    target: (as) => ({
      command: engine.command,
      cwd: options.programDir ?? projectDir,
      env: {
        ...workspace.env,
        PULUMI_DEBUG_PROVIDERS: attached,
        CLOUDFLARE_BASE_URL: apiUrl,
        CLOUDFLARE_API_TOKEN: sandbox.tokens[as],
        SANDBOX_GCP_URL: gcpUrl,
        SANDBOX_INFISICAL_URL: `${sandbox.url}/infisical`,
        INFISICAL_CLIENT_ID: DEV_INFISICAL_IDENTITY.clientId,
        INFISICAL_CLIENT_SECRET: DEV_INFISICAL_IDENTITY.clientSecret,
      },
    }),
    close: async () => {
      // The engine may have fetched the plugin meanwhile.
      await keepChoice(workspace);
      await plugin.close();
      await access?.close();
      await own?.close();
      letGo();
    },
  };
}

async function stopCloudflared(url: string): Promise<(() => Promise<void>) | undefined> {
  const run = async (running: boolean): Promise<boolean> => {
    const answer = await fetch(`${url}/__sandbox__/cloudflared`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ running }),
    });
    return ((await answer.json()) as { ranBefore?: boolean }).ranBefore === true;
  };
  if (!(await run(false))) return undefined;
  // A sandbox that ended meanwhile has none to start.
  return async () => void (await run(true).catch(() => false));
}
