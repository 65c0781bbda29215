import type { InfisicalConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { expiryWarning, selectApplication, selectToken } from "../secrets/credentials";
import type { EngineAccess } from "../secrets/engine-cli";
import { knownSecrets, leakWarnings } from "../secrets/known-secrets";
import { findLeaks, type Leak } from "../secrets/leaks";
import { openSink, valuesFor } from "../secrets/open-sink";
import { readStackOutputs, type StackOutputs } from "../secrets/outputs";
import type { SecretSink, SecretValues, SinkKind, SinkStack, SinkStatus } from "../secrets/sink";
import { IncompleteWriteError } from "../secrets/write-keys";
import type { StackSettings } from "../stack/read-stack";
import { UsageError } from "./args";
import { said } from "./failure";

/** What `env` was asked for. */
export interface EnvOptions {
  /** The stack whose outputs are handed out. */
  stack: string;
  /** Where the values go. */
  to: SinkKind;
  /** The file, with `to: "file"` only; default `.env` in the project's folder. */
  file?: string;
  /** The Google Cloud project, with `to: "gcp"` only; default `secretStore.project` of the stack config. */
  project?: string;
  /** Parts of the place, with `to: "infisical"` only; default `infisical` of the stack config. */
  infisical?: Partial<InfisicalConfig>;
  /** Compare only, write nothing, and look for the secrets in the files that git tracks. */
  check: boolean;
  /** One JSON object on standard output instead of text. */
  json: boolean;
  /** Which application; default `comfyui`, or the only one. */
  application?: string;
  /** Which service token; default `comfyui-api`, or the only one. */
  token?: string;
  pulumi: EngineAccess;
  /** Whether this is the sandbox, whose Google client secret is public; default no. */
  sandboxed?: boolean;
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
  /** `incomplete`: a write broke off between keys. */
  status: SinkStatus | "written" | "incomplete";
  keys: Record<string, SinkStatus | "changed" | "not written">;
  /** Secrets in files that git tracks; with `check` only. */
  leaks?: Leak[];
  warnings: string[];
  /** Why a write broke off. */
  error?: string;
}

/**
 * Hands the stack's credentials to a sink, or says whether it has them.
 * @returns the exit code: 0 done, or current; 1 half written, or with `check` not current or leaked.
 * @throws {UsageError} when an option belongs to another sink, {UserError} when it cannot be done.
 */
export async function runEnv(options: EnvOptions, io: EnvIo): Promise<number> {
  refuseMisuse(options);
  const outputs = await readStackOutputs(options.pulumi, options.stack);
  const report = await handOut(options, outputs, io.now?.() ?? new Date());
  print(report, options.json, io);
  const well = report.status === "current" || report.status === "written";
  return well && (report.leaks ?? []).length === 0 ? 0 : 1;
}

/** @throws {UsageError} when an option belongs to another sink than the one that is written. */
export function refuseMisuse(options: Pick<EnvOptions, "to" | "file" | "project" | "infisical">): void {
  const { infisical = {} } = options;
  const given: [string, SinkKind, string | undefined][] = [
    ["--file", "file", options.file],
    ["--project", "gcp", options.project],
    ["--infisical-url", "infisical", infisical.siteUrl],
    ["--infisical-project", "infisical", infisical.projectId],
    ["--infisical-environment", "infisical", infisical.environment],
    ["--infisical-path", "infisical", infisical.secretPath],
  ];
  for (const [option, kind, value] of given) {
    if (value === undefined || kind === options.to) continue;
    throw new UsageError(
      `${option} belongs to --to ${kind}, not to --to ${options.to}`,
      `Leave out ${option}, or give --to ${kind}.`,
    );
  }
}

async function handOut(options: EnvOptions, outputs: StackOutputs, now: Date): Promise<Report> {
  const application = selectApplication(outputs, options.application);
  const token = selectToken(outputs, options.token);
  const stack: SinkStack = { stack: options.stack, engine: options.pulumi };
  const values = await valuesFor(options.to, stack, { outputs, application, token });
  const sink = await openSink(options.to, stack, options);
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
  if (!options.check) {
    const { notices, ...done } = await writeTo(sink, values);
    return { ...report, ...done, warnings: [...warnings, ...notices] };
  }
  const { status, keys, notices } = await sink.check(values);
  const { leaks, warnings: leaked } = await lookForLeaks(options, outputs);
  return { ...report, status, keys, leaks, warnings: [...warnings, ...notices, ...leaked] };
}

type Written = Pick<Report, "status" | "keys" | "error"> & { notices: string[] };

async function writeTo(sink: SecretSink, values: SecretValues): Promise<Written> {
  const stateOf = (changed: readonly string[], unwritten: readonly string[] = []): Report["keys"] =>
    Object.fromEntries(
      Object.keys(values).map((key) => [
        key,
        changed.includes(key) ? "changed" : unwritten.includes(key) ? "not written" : "current",
      ]),
    );
  try {
    const { written, changed, notices } = await sink.write(values);
    return { status: written ? "written" : "current", keys: stateOf(changed), notices };
  } catch (error) {
    if (!(error instanceof IncompleteWriteError)) throw error;
    const keys = stateOf(error.written, error.unwritten);
    return { status: "incomplete", keys, error: error.message, notices: [] };
  }
}

async function lookForLeaks(
  options: EnvOptions,
  outputs: StackOutputs,
): Promise<{ leaks: Leak[]; warnings: string[] }> {
  const warnings: string[] = [];
  let settings: StackSettings | undefined;
  try {
    if (!options.sandboxed) {
      const { readSettings } = await import("../stack/read-stack.js");
      settings = await readSettings(options.pulumi, options.stack);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [reason = ""] = error.message.split("\n");
    warnings.push(`the Google client secret was not looked for in tracked files: ${reason}`);
  }
  const known = knownSecrets(outputs, settings?.config.google.clientSecret);
  const secrets = Object.fromEntries(known.map(({ label, value }) => [label, value]));
  const leaks = await findLeaks(options.pulumi.cwd, secrets);
  return { leaks, warnings: [...leakWarnings(leaks, known), ...warnings] };
}

function print(report: Report, json: boolean, io: EnvIo): void {
  if (json) {
    io.out(JSON.stringify(report, null, 2));
    return;
  }
  io.out(`${report.target}: ${report.status}`);
  const width = Math.max(...Object.keys(report.keys).map((key) => key.length));
  for (const [key, status] of Object.entries(report.keys)) io.out(`  ${key.padEnd(width)}  ${status}`);
  if (report.error !== undefined) io.err(said(report.error).trimEnd());
  for (const warning of report.warnings) io.err(`warning: ${warning}`);
}
