import type { Network } from "../../client/typescript/network";
import { AccountApi } from "../../cloudflare/account-api";
import type { SandboxSession } from "../sandboxed/session";
import { inSandbox } from "../sandboxed/stack-session";
import type { EngineAccess } from "../secrets/engine-cli";
import { requiredAccess } from "./cloudflare-access";
import { engineAccess, isSandboxed } from "./engine-access";
import { readSettings, type StackSettings } from "./read-stack";

/** What a command needs of a stack: its engine, its account, and the way to its hostnames. */
export interface OpenStack {
  stack: string;
  /** What reports call it, e.g. `sandbox, stack dev`. */
  environment: string;
  settings: StackSettings;
  /** How to run the engine. `preview` may only read the account, in the sandbox; else both are the user's token. */
  engine(as: "preview" | "up"): EngineAccess;
  /** The account, as the API token of {@link engine} reaches it. */
  account(as: "preview" | "up"): AccountApi;
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
  return inSandbox(stack, { access: true }, (session) => sandboxedStack(session, stack, configFile));
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
    settings,
    engine,
    account: (as) => new AccountApi({ accountId, token: session.tokens[as], baseUrl: session.apiUrl }),
    network: session.access?.network ?? {},
    close: () => session.close(),
  };
}

async function openAccountStack(stack: string, configFile?: string): Promise<OpenStack> {
  const engine = { ...(await engineAccess(false)), ...(configFile === undefined ? {} : { configFile }) };
  const settings = await readSettings(engine, stack);
  const access = requiredAccess(settings.cloudflare);
  const { accountId } = settings.config;
  return {
    stack,
    environment: `stack ${stack}`,
    settings,
    engine: () => engine,
    account: () => new AccountApi({ accountId, ...access }),
    network: {},
    close: async () => {},
  };
}
