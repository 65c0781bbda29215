import { join } from "node:path";
import { UserError } from "../errors";
import {
  configValues,
  envValues,
  expiryWarning,
  selectApplication,
  selectToken,
  type TokenAccess,
} from "../secrets/credentials";
import type { EngineAccess } from "../secrets/engine-cli";
import { EnvFileSink } from "../secrets/env-file";
import { readStackOutputs, type StackOutputs } from "../secrets/outputs";
import type { SecretSink, SecretValues, SinkStatus } from "../secrets/sink";
import { StackConfigSink } from "../secrets/stack-config";

/** What `env` was asked for. */
export interface EnvOptions {
  /** The stack whose outputs are handed out. */
  stack: string;
  /** `file` for a `.env` file, `config` for the stack's own encrypted config. */
  to: "file" | "config";
  /** The file, with `to: "file"` only; default `.env` in the project's folder. */
  file?: string;
  /** Compare only, and write nothing. */
  check: boolean;
  /** One JSON object on standard output instead of text. */
  json: boolean;
  /** Which application; default `comfyui`, or the only one. */
  application?: string;
  /** Which service token; default `comfyui-api`, or the only one. */
  token?: string;
  pulumi: EngineAccess;
}

/** Where the command writes to, and its clock. */
export interface EnvIo {
  /** One line for standard output. */
  out(line: string): void;
  /** One line for standard error. */
  err(line: string): void;
  /** The present time; default the system's. */
  now?(): Date;
}

/** What is reported, in text and JSON; names only, never a value. */
interface Report {
  stack: string;
  sink: string;
  target: string;
  application: string;
  token: string | null;
  expiresAt: string | null;
  status: SinkStatus | "written";
  keys: Record<string, SinkStatus | "changed">;
  warnings: string[];
}

/**
 * Hands the stack's credentials to a sink, or says whether it has them.
 * @returns the exit code: 0 done, or current; 1 failed, or with `check` not current; 2 wrong use.
 */
export async function runEnv(options: EnvOptions, io: EnvIo): Promise<number> {
  const misuse = findMisuse(options);
  if (misuse !== undefined) {
    io.err(misuse);
    return 2;
  }
  try {
    const outputs = await readStackOutputs(options.pulumi, options.stack);
    const report = await handOut(options, outputs, io.now?.() ?? new Date());
    print(report, options.json, io);
    return report.status === "current" || report.status === "written" ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.err(error.message);
    return 1;
  }
}

function findMisuse(options: EnvOptions): string | undefined {
  if (options.stack.trim() === "") return "env needs a stack: give its name with --stack";
  if (options.to !== "file" && options.to !== "config") {
    return `--to is ${JSON.stringify(options.to)}: give file or config`;
  }
  if (options.to === "config" && options.file !== undefined) {
    return "--file belongs to --to file: with --to config the stack's own config is written";
  }
  if (options.file?.trim() === "") return "--file is empty: give a path";
  return undefined;
}

async function handOut(options: EnvOptions, outputs: StackOutputs, now: Date): Promise<Report> {
  const application = selectApplication(outputs, options.application);
  const token = selectToken(outputs, options.token);
  const values = options.to === "file" ? envValues(outputs, application, token) : tokenValues(token);
  const sink = openSink(options);
  const expiry = token === undefined ? undefined : expiryWarning(token, now);
  const warnings = expiry === undefined ? [] : [expiry];
  if (token === undefined)
    warnings.push("the stack has no service token, so there are no credentials for scripts");
  const report = {
    stack: options.stack,
    sink: sink.name,
    target: sink.describe(),
    application: application.name,
    token: token?.name ?? null,
    expiresAt: token?.expiresAt ?? null,
  };
  if (options.check) {
    const { status, keys, notices } = await sink.check(values);
    return { ...report, status, keys, warnings: [...warnings, ...notices] };
  }
  const { written, changed, notices } = await sink.write(values);
  const keys = Object.fromEntries(
    Object.keys(values).map((key) => [key, changed.includes(key) ? "changed" : "current"] as const),
  );
  return { ...report, status: written ? "written" : "current", keys, warnings: [...warnings, ...notices] };
}

function tokenValues(token: TokenAccess | undefined): SecretValues {
  if (token !== undefined) return configValues(token);
  throw new UserError(
    "the stack has no service token to put into its config",
    "Declare one under `serviceTokens` in the stack config and run `pulumi up`.",
  );
}

function openSink(options: EnvOptions): SecretSink {
  if (options.to === "config") return new StackConfigSink({ engine: options.pulumi, stack: options.stack });
  return new EnvFileSink({ path: options.file ?? join(options.pulumi.cwd, ".env") });
}

function print(report: Report, json: boolean, io: EnvIo): void {
  if (json) {
    io.out(JSON.stringify(report, null, 2));
    return;
  }
  io.out(`${report.target}: ${report.status}`);
  const width = Math.max(...Object.keys(report.keys).map((key) => key.length));
  for (const [key, status] of Object.entries(report.keys)) io.out(`  ${key.padEnd(width)}  ${status}`);
  for (const warning of report.warnings) io.err(`warning: ${warning}`);
}
