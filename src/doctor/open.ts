import { ensureStack } from "../sandboxed/pulumi";
import { openSandboxSession } from "../sandboxed/session";
import { projectDir } from "../sandboxed/workspace";
import type { TokenAccess } from "../secrets/credentials";
import type { EngineAccess } from "../secrets/engine-cli";
import { readStackOutputs } from "../secrets/outputs";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readConfig, readResources } from "../stack/read-stack";
import { TOKEN_READER } from "./checks/permissions";
import type { DoctorInput } from "./context";
import { ACCESS_LIMITS } from "./limits";
import { usableConfig } from "./usable-config";

/** What is looked at, and how to end looking. */
export interface Opened {
  input: DoctorInput;
  close(): Promise<void>;
}

/**
 * Opens a stack for a look at it, also one whose config is not valid or that has no API token.
 * @throws {UserError} when the stack cannot be read at all.
 */
export async function openForDoctor(args: {
  stack: string;
  sandbox?: boolean;
  purpose: DoctorInput["purpose"];
}): Promise<Opened> {
  const { stack, purpose } = args;
  if (!isSandboxed(args)) {
    const engine = await engineAccess(false);
    const found = await readInput(engine, stack);
    const { apiToken, baseUrl } = found.cloudflare;
    return {
      input: {
        ...found.input,
        environment: `stack ${stack}`,
        purpose,
        token: apiToken ?? (process.env["CLOUDFLARE_API_TOKEN"] || undefined),
        tokenReader: process.env[TOKEN_READER] || undefined,
        baseUrl: baseUrl ?? process.env["CLOUDFLARE_BASE_URL"],
        network: {},
      },
      close: async () => {},
    };
  }
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const session = await openSandboxSession({ access: true, log });
  try {
    session.access?.connectAll();
    await ensureStack(session.target("up"), stack);
    const { input } = await readInput(session.target(purpose), stack);
    return {
      input: {
        ...input,
        environment: `sandbox, stack ${stack}`,
        purpose,
        token: session.tokens[purpose],
        tokenReader: session.tokens.admin,
        baseUrl: session.apiUrl,
        network: session.access?.network ?? {},
      },
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function readInput(engine: EngineAccess, stack: string) {
  const { project, raw, secretKeys, cloudflare } = await readConfig(engine, stack);
  const { config, problems } = usableConfig(raw, { stack, secretKeys });
  return {
    cloudflare,
    input: {
      stack,
      project,
      config,
      configProblems: problems,
      resources: () => readResources(engine, stack),
      serviceTokens: () => readServiceTokens(engine, stack),
      dir: projectDir,
      now: new Date(),
      limits: ACCESS_LIMITS,
    },
  };
}

/** None for a stack that was never brought up, or was destroyed: it has no outputs then. */
async function readServiceTokens(engine: EngineAccess, stack: string): Promise<TokenAccess[]> {
  if ((await readResources(engine, stack)).length === 0) return [];
  const { serviceTokens } = await readStackOutputs(engine, stack);
  return Object.entries(serviceTokens).map(([name, { clientId, clientSecret, expiresAt }]) => {
    return { name, clientId, clientSecret: clientSecret ?? "", expiresAt: expiresAt || undefined };
  });
}
