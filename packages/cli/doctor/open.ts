import type { SandboxSession } from "../sandboxed/session";
import { inSandbox } from "../sandboxed/stack-session";
import { projectDir } from "../sandboxed/workspace";
import type { EngineAccess } from "../secrets/engine-cli";
import { readStackOutputs } from "../secrets/outputs";
import { cloudflareAccess } from "../stack/cloudflare-access";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { readConfig, readState } from "../stack/read-stack";
import { TOKEN_READER } from "./checks/permissions";
import { type DoctorInput, once } from "./context";
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
    return {
      input: {
        ...found.input,
        environment: `stack ${stack}`,
        purpose,
        ...cloudflareAccess(found.cloudflare),
        tokenReader: process.env[TOKEN_READER] || undefined,
        network: {},
      },
      close: async () => {},
    };
  }
  return inSandbox(stack, { access: true }, async (session) => {
    return { input: await sandboxedInput(session, { stack, purpose }), close: () => session.close() };
  });
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
  const state = once(() => readState(engine, stack));
  return {
    cloudflare,
    input: {
      stack,
      project,
      config,
      configProblems: problems,
      state,
      // A stack that was never brought up, or was destroyed, has none, and asking for them fails.
      outputs: async () => {
        const { resources } = await state();
        return resources.length === 0 ? undefined : readStackOutputs(engine, stack);
      },
      dir: projectDir,
      now: new Date(),
      limits: ACCESS_LIMITS,
    },
  };
}
