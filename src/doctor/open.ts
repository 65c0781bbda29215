import { ensureStack } from "../sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../sandboxed/session";
import { projectDir } from "../sandboxed/workspace";
import type { EngineAccess } from "../secrets/engine-cli";
import { readStackOutputs } from "../secrets/outputs";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readConfig, readState } from "../stack/read-stack";
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
    return { input: await sandboxedInput(session, { stack, purpose }), close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** What is looked at of a stack in a sandbox that is open already. */
export async function sandboxedInput(
  session: SandboxSession,
  { stack, purpose, configFile }: { stack: string; purpose: DoctorInput["purpose"]; configFile?: string },
): Promise<DoctorInput> {
  const { input } = await readInput({ ...session.target(purpose), configFile }, stack);
  return {
    ...input,
    environment: `sandbox, stack ${stack}`,
    purpose,
    token: session.tokens[purpose],
    tokenReader: session.tokens.admin,
    madeUp: [...Object.values(session.tokens), input.config.google?.clientSecret ?? ""],
    baseUrl: session.apiUrl,
    network: session.access?.network ?? {},
  };
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
      state: () => readState(engine, stack),
      // A stack that was never brought up, or was destroyed, has none, and asking for them fails.
      outputs: async () => {
        const { resources } = await readState(engine, stack);
        return resources.length === 0 ? undefined : readStackOutputs(engine, stack);
      },
      dir: projectDir,
      now: new Date(),
      limits: ACCESS_LIMITS,
    },
  };
}
