import type { z } from "zod";
import { UserError } from "../../base/errors";
import { type PulumiResult, type PulumiTarget, previewErrors, pulumi, sectionOf } from "../engine/pulumi";
import { damagedStateRemedy } from "../stack/damaged-state";
import { maskSecrets } from "./mask";

/** How to reach the engine, and with it one project's stacks. */
export interface EngineAccess extends PulumiTarget {
  /** Another stack config file than `Pulumi.<stack>.yaml`. */
  configFile?: string;
}

/** Arguments that name another stack config file, for the commands that read one. */
export function configFileArgs({ configFile }: EngineAccess): string[] {
  return configFile === undefined ? [] : ["--config-file", configFile];
}

export interface EngineCall {
  /** What the call is for, completing "could not …", e.g. `read the outputs of stack dev`. */
  purpose: string;
  /** Arguments; seen by every user of the machine, hence never a secret. */
  args: readonly string[];
  /** Text for standard input, the one way in for a secret. */
  input?: string;
}

/**
 * Runs one engine command to its end and returns its standard output, which may hold secrets and is not shown.
 * @throws {UserError} when the engine is missing or fails, with its own words, secrets masked.
 */
export async function runEngine(engine: EngineAccess, call: EngineCall): Promise<string> {
  const result = await pulumi(engine, call.args, { input: call.input }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new UserError(
        `could not ${call.purpose}: ${engine.command} does not start in ${engine.cwd} (${error.code ?? error.name})`,
        "Install Pulumi (https://www.pulumi.com/docs/install/) and run the command in the project's folder.",
      );
    },
  );
  if (result.code === 0) return result.stdout;
  throw new UserError(
    `could not ${call.purpose}: ${engineWords(result, call.input)}`,
    remedy(result.stderr, engine, call.args),
  );
}

/**
 * What the engine says of its own failure, secrets masked. A command that works on resources says it in the diagnostics
 * that it prints, others on standard error.
 * @param input what it was given on standard input, which is a secret
 */
export function engineWords({ code, stdout, stderr }: PulumiResult, input?: string): string {
  const words = [...previewErrors(stdout), ...diagnostics(stdout)].join("\n") || lastWords(stderr);
  return (
    maskSecrets(words.trim(), input === undefined ? [] : [input]) ||
    `pulumi ended with ${code === -1 ? "a signal" : code}`
  );
}

/** The most lines of diagnostics that are repeated. */
const MOST_LINES = 15;

function diagnostics(stdout: string): string[] {
  const lines = sectionOf(stdout, "Diagnostics")
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "");
  return lines.length === 0 ? [] : ["", ...lines.slice(0, MOST_LINES)];
}

/**
 * Reads what a command printed as JSON.
 * @throws {UserError} when it is not of the known form, without its text, which may hold secrets.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, stdout: string, purpose: string): T {
  try {
    return schema.parse(JSON.parse(stdout));
  } catch {
    throw new UserError(
      `could not ${purpose}: Pulumi's answer is not in the known form`,
      "Use Pulumi 3.259 or newer.",
    );
  }
}

function lastWords(stderr: string): string {
  const words = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("warning:"));
  // Behind the error stands what it is about, such as who holds a lock.
  const at = words.findIndex((line) => line.startsWith("error:"));
  return at < 0
    ? words.join(" ")
    : words
        .slice(at, at + MOST_LINES)
        .join(" ")
        .slice("error:".length);
}

function remedy(stderr: string, { env, configFile }: EngineAccess, args: readonly string[]): string {
  const stack = args[args.indexOf("--stack") + 1] ?? "";
  const damaged = damagedStateRemedy(stderr, stack, env["PULUMI_BACKEND_URL"]);
  if (damaged !== undefined) return damaged;
  if (
    /invalid YAML|yaml: line|expected project to be|\.yaml: is a directory|bad value|message authentication/.test(
      stderr,
    )
  ) {
    const file = configFile ?? `Pulumi.${stack}.yaml`;
    return /bad value|message authentication/.test(stderr)
      ? `A value behind \`secure:\` in ${file} is not as Pulumi wrote it, or is another stack's: set it anew with pulumi config set --stack ${stack} --secret, or take the file back from git.`
      : `Mend ${file}, or take it back from git.`;
  }
  if (/passphrase/i.test(stderr)) {
    return "Set PULUMI_CONFIG_PASSPHRASE (or PULUMI_CONFIG_PASSPHRASE_FILE) to the stack's passphrase.";
  }
  if (/no stack named/i.test(stderr)) {
    return "Make it with `pulumi up`, or check its name with `pulumi stack ls`, and that this is the project's folder and backend.";
  }
  if (/no Pulumi project|no Pulumi\.yaml/i.test(stderr)) {
    return "Check the stack's name with `pulumi stack ls`, and that this is the project's folder and backend.";
  }
  if (/log ?in|PULUMI_ACCESS_TOKEN|unauthorized/i.test(stderr)) {
    return "Log in to the backend of the stack with `pulumi login`.";
  }
  return "Mend what Pulumi says and run the command again.";
}
