import { join } from "node:path";
import { AccountApi } from "../../cloudflare/account-api";
import type { SandboxSession } from "../sandboxed/session";
import { inSandbox } from "../sandboxed/stack-session";
import type { EngineAccess } from "../secrets/engine-cli";
import { requiredAccess } from "../stack/cloudflare-access";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readConfig, type UnjudgedConfig } from "../stack/read-stack";
import { wantedOf } from "./plan";

/** A stack whose config may still be incomplete, and its account. */
export interface OpenAdoption {
  stack: string;
  /** What reports call it. */
  environment: string;
  project: string;
  /** The config as it stands. Holds secrets. */
  config(): Promise<UnjudgedConfig>;
  /** The stack file that the config is written to. */
  configFile: string;
  engine(as: "preview" | "up"): EngineAccess;
  account(as: "preview" | "up"): AccountApi;
  close(): Promise<void>;
}

/**
 * Opens a stack for an adoption: in the sandbox, or in the account that its API token gives access to.
 * @throws {UserError} when there is no API token.
 */
export async function openAdoption(args: {
  stack: string;
  sandbox?: boolean;
  /** Another stack config file than `Pulumi.<stack>.yaml`. */
  configFile?: string;
}): Promise<OpenAdoption> {
  const { stack, configFile } = args;
  if (isSandboxed(args)) {
    return inSandbox(stack, { access: false }, (session) => sandboxedAdoption(session, stack, configFile));
  }
  const engine = { ...(await engineAccess(false)), ...(configFile === undefined ? {} : { configFile }) };
  const found = await readConfig(engine, stack);
  const access = requiredAccess(found.cloudflare);
  const { accountId } = wantedOf({ raw: found.raw, stack });
  return {
    stack,
    environment: `stack ${stack}`,
    project: found.project,
    config: () => readConfig(engine, stack),
    configFile: configFile ?? join(engine.cwd, `Pulumi.${stack}.yaml`),
    engine: () => engine,
    account: () => new AccountApi({ accountId, ...access }),
    close: async () => {},
  };
}

/** A stack in a sandbox that is open already; closing it closes that. */
export async function sandboxedAdoption(
  session: SandboxSession,
  stack: string,
  configFile?: string,
): Promise<OpenAdoption> {
  const engine = (as: "preview" | "up"): EngineAccess => ({
    ...session.target(as),
    ...(configFile === undefined ? {} : { configFile }),
  });
  const { project, raw } = await readConfig(engine("preview"), stack);
  const { accountId } = wantedOf({ raw, stack });
  return {
    stack,
    environment: `sandbox, stack ${stack}`,
    project,
    config: () => readConfig(engine("preview"), stack),
    configFile: configFile ?? join(engine("up").cwd, `Pulumi.${stack}.yaml`),
    engine,
    account: (as) => new AccountApi({ accountId, token: session.tokens[as], baseUrl: session.apiUrl }),
    close: () => session.close(),
  };
}
