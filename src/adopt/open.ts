import { join } from "node:path";
import { AccountApi } from "../cloudflare/account-api";
import { UserError } from "../errors";
import { ensureStack } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import type { EngineAccess } from "../secrets/engine-cli";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readConfig } from "../stack/read-stack";
import { wantedOf } from "./plan";

/** A stack whose config may still be incomplete, and its account. */
export interface OpenAdoption {
  stack: string;
  /** What reports call it. */
  environment: string;
  project: string;
  /** The config as it stands, by key. Holds secrets. */
  raw(): Promise<Record<string, unknown>>;
  /** The stack file that the config is written to. */
  configFile: string;
  engine(as: "preview" | "up"): EngineAccess;
  account(as: "preview" | "up"): Promise<AccountApi>;
  close(): Promise<void>;
}

/**
 * Opens a stack for an adoption: in the sandbox, or in the account that its API token gives access to.
 * @throws {UserError} when there is no API token.
 */
export async function openAdoption(args: { stack: string; sandbox?: boolean }): Promise<OpenAdoption> {
  const { stack } = args;
  if (isSandboxed(args)) {
    const session = await openSandboxSession({ log: (line) => void process.stderr.write(`${line}\n`) });
    try {
      await ensureStack(session.target("up"), stack);
      return await sandboxedAdoption(session, stack);
    } catch (error) {
      await session.close();
      throw error;
    }
  }
  const engine = await engineAccess(false);
  const { project, cloudflare } = await readConfig(engine, stack);
  const token = cloudflare.apiToken ?? process.env["CLOUDFLARE_API_TOKEN"];
  const baseUrl = cloudflare.baseUrl ?? process.env["CLOUDFLARE_BASE_URL"];
  if (!token) {
    throw new UserError(
      "no API token for Cloudflare",
      "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
    );
  }
  const raw = async () => (await readConfig(engine, stack)).raw;
  return {
    stack,
    environment: `stack ${stack}`,
    project,
    raw,
    configFile: join(engine.cwd, `Pulumi.${stack}.yaml`),
    engine: () => engine,
    account: async () =>
      new AccountApi({ accountId: wantedOf({ raw: await raw(), stack }).accountId, token, baseUrl }),
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
  const { project } = await readConfig(engine("preview"), stack);
  const raw = async () => (await readConfig(engine("preview"), stack)).raw;
  return {
    stack,
    environment: `sandbox, stack ${stack}`,
    project,
    raw,
    configFile: configFile ?? join(engine("up").cwd, `Pulumi.${stack}.yaml`),
    engine,
    account: async (as) => {
      const { accountId } = wantedOf({ raw: await raw(), stack });
      return new AccountApi({ accountId, token: session.tokens[as], baseUrl: session.apiUrl });
    },
    close: () => session.close(),
  };
}
