import { AccountApi } from "../cloudflare/account-api";
import { UserError } from "../errors";
import type { Network } from "../network";
import { ensureStack } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import type { EngineAccess } from "../secrets/engine-cli";
import { engineAccess, isSandboxed } from "./engine-access";
import { readSettings, type StackSettings } from "./read-stack";

/** What a command needs of a stack: its engine, its account, and the way to its hostnames. */
export interface OpenStack {
  stack: string;
  /** What reports call it, e.g. `sandbox, stack dev`. */
  environment: string;
  sandboxed: boolean;
  settings: StackSettings;
  /** How to run the engine. `preview` may only read the account, in the sandbox; else both are the user's token. */
  engine(as: "preview" | "up"): EngineAccess;
  /** The account, as the API token of {@link engine} reaches it. */
  account(as: "preview" | "up"): AccountApi;
  /** The API token's value and where it goes. Secret. */
  access: { token: string; baseUrl?: string };
  /** How to reach the hostnames. */
  network: Network;
  close(): Promise<void>;
}

/**
 * Opens a stack: in the sandbox, with its edge and a ComfyUI behind the tunnel, or in the account that the
 * environment's CLOUDFLARE_API_TOKEN, or the stack's config, gives access to.
 * @throws {UserError} when the stack's config is not valid, or there is no API token.
 */
export async function openStack(args: {
  stack: string;
  sandbox?: boolean;
  /** Another stack config file than `Pulumi.<stack>.yaml`. */
  configFile?: string;
}): Promise<OpenStack> {
  const { stack, configFile } = args;
  if (!isSandboxed(args)) return openAccountStack(stack, configFile);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const session = await openSandboxSession({ access: true, log });
  try {
    session.access?.connectAll();
    await ensureStack(session.target("up"), stack);
    return await sandboxedStack(session, stack, configFile);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A stack in a sandbox that is open already; closing it closes that. */
export async function sandboxedStack(
  session: SandboxSession,
  stack: string,
  configFile?: string,
): Promise<OpenStack> {
  const engine = (as: "preview" | "up") => ({
    ...session.target(as),
    ...(configFile === undefined ? {} : { configFile }),
  });
  const settings = await readSettings(engine("preview"), stack);
  const { accountId } = settings.config;
  return {
    stack,
    environment: `sandbox, stack ${stack}`,
    sandboxed: true,
    settings,
    engine,
    account: (as) => new AccountApi({ accountId, token: session.tokens[as], baseUrl: session.apiUrl }),
    access: { token: session.tokens.up, baseUrl: session.apiUrl },
    network: session.access?.network ?? {},
    close: () => session.close(),
  };
}

async function openAccountStack(stack: string, configFile?: string): Promise<OpenStack> {
  const engine = { ...(await engineAccess(false)), ...(configFile === undefined ? {} : { configFile }) };
  const settings = await readSettings(engine, stack);
  const token = settings.cloudflare.apiToken ?? process.env["CLOUDFLARE_API_TOKEN"];
  const baseUrl = settings.cloudflare.baseUrl ?? process.env["CLOUDFLARE_BASE_URL"];
  if (!token) {
    throw new UserError(
      "no API token for Cloudflare",
      "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
    );
  }
  const { accountId } = settings.config;
  return {
    stack,
    environment: `stack ${stack}`,
    sandboxed: false,
    settings,
    engine: () => engine,
    account: () => new AccountApi({ accountId, token, baseUrl }),
    access: { token, baseUrl },
    network: {},
    close: async () => {},
  };
}
