import { UserError } from "../../base/errors";
import { urlIn } from "../../base/host-name";
import { isFields } from "../../base/json-values";
import { pairFlawOf } from "../../client/typescript/credential-form";
import { type EngineAccess, runEngine } from "./engine-cli";

/** What Pulumi prints in a secret's place when it was not asked to show it. */
const BLINDED = "[secret]";

/** A service token among the outputs. */
interface TokenOutput {
  clientId: string;
  /** `null` when the state never saw the secret, as after an import. */
  clientSecret?: string | null;
  /** ISO date and time; absent or empty for a token that does not expire. */
  expiresAt?: string | null;
}

/** An application among the outputs. */
interface ApplicationOutput {
  url: string;
  /** Set for one that is not ComfyUI. */
  kind?: "web";
}

/** The part of a stack's outputs that the sinks need. Holds secrets: never to be printed. */
export interface StackOutputs {
  applications: Record<string, ApplicationOutput>;
  serviceTokens: Record<string, TokenOutput>;
  tunnel?: { token?: string | null } | null;
}

/**
 * Reads a stack's outputs, secrets included, through the engine.
 * @throws {UserError} when the stack cannot be read, has not been brought up, or hides a secret.
 */
export async function readStackOutputs(engine: EngineAccess, stack: string): Promise<StackOutputs> {
  const stdout = await runEngine(engine, {
    purpose: `read the outputs of stack ${stack}`,
    args: ["stack", "output", "--json", "--show-secrets", "--stack", stack],
  });
  return parseStackOutputs(stdout, stack);
}

/**
 * Judges the text of `pulumi stack output --json --show-secrets`.
 * @param json the text.
 * @param stack the stack's name, for messages.
 * @throws {UserError} naming the output at fault, never its value.
 */
export function parseStackOutputs(json: string, stack: string): StackOutputs {
  const raw = parseJson(json, stack);
  const blinded = findBlinded(raw);
  if (blinded !== undefined) {
    throw new UserError(
      `the output ${blinded} of stack ${stack} is hidden: Pulumi printed ${BLINDED} in its place`,
      "Read the outputs with --show-secrets, and with the rights to decrypt them.",
    );
  }
  if (typeof raw === "object" && raw !== null && Object.keys(raw).length === 0) {
    throw new UserError(
      `stack ${stack} has no outputs: it has not been brought up yet, or was destroyed`,
      `Run \`pulumi up --stack ${stack}\` first.`,
    );
  }
  const misfit = misfitIn(raw);
  if (misfit === undefined) {
    const outputs = takeApart(raw as StackOutputs);
    refuseMalformed(outputs, stack);
    return outputs;
  }
  // Only the place, never the value.
  throw new UserError(
    `the output ${misfit} of stack ${stack} is missing or not in the expected form`,
    `Run \`pulumi up --stack ${stack}\` with this version of the program.`,
  );
}

/** Where the outputs are not of the expected form. By hand: to load a schema library takes as long as all else here. */
function misfitIn(raw: unknown): string | undefined {
  if (!isFields(raw)) return "outputs";
  const { applications, serviceTokens = {}, tunnel } = raw;
  if (!isFields(applications)) return "applications";
  for (const [name, application] of Object.entries(applications)) {
    if (!isFields(application)) return `applications.${name}`;
    if (!isWebAddress(application["url"])) return `applications.${name}.url`;
    if (!isNone(application["kind"]) && application["kind"] !== "web") return `applications.${name}.kind`;
  }
  if (!isFields(serviceTokens)) return "serviceTokens";
  for (const [name, token] of Object.entries(serviceTokens)) {
    if (!isFields(token)) return `serviceTokens.${name}`;
    const { clientId, clientSecret, expiresAt } = token;
    if (!isText(clientId, /^[^:]+$/)) return `serviceTokens.${name}.clientId`;
    if (!isNone(clientSecret) && typeof clientSecret !== "string")
      return `serviceTokens.${name}.clientSecret`;
    if (!isNone(expiresAt) && typeof expiresAt !== "string") return `serviceTokens.${name}.expiresAt`;
  }
  if (isNone(tunnel)) return undefined;
  if (!isFields(tunnel)) return "tunnel";
  return isNone(tunnel["token"]) || isText(tunnel["token"], /^\S+$/) ? undefined : "tunnel.token";
}

/**
 * A token that was given to the stack by hand, as a rotation elsewhere or an edited state leaves one.
 * @throws {UserError} naming the output, never its value.
 */
function refuseMalformed({ serviceTokens }: StackOutputs, stack: string): void {
  for (const [name, { clientId, clientSecret }] of Object.entries(serviceTokens)) {
    const found = pairFlawOf({ clientId, clientSecret: clientSecret ?? "" });
    if (found === undefined) continue;
    throw new UserError(
      `the output serviceTokens.${name}.${found.part} of stack ${stack} ${found.flaw}, so it is no credential`,
      `Run \`pulumi up --refresh --stack ${stack}\`; if it stays, raise the token's version in the stack config and run it again.`,
    );
  }
}

/** What the sinks need, and nothing else. */
function takeApart({ applications, serviceTokens = {}, tunnel }: StackOutputs): StackOutputs {
  return {
    applications: mapped(applications, ({ url, kind }) => ({ url, ...(kind === "web" ? { kind } : {}) })),
    serviceTokens: mapped(serviceTokens, ({ clientId, clientSecret, expiresAt }) => ({
      clientId,
      // Empty when the state never saw it.
      clientSecret: clientSecret || null,
      expiresAt,
    })),
    tunnel: tunnel && { token: tunnel.token },
  };
}

function mapped<T>(values: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined;

const isText = (value: unknown, form: RegExp): value is string =>
  typeof value === "string" && form.test(value);

const isWebAddress = (value: unknown): boolean =>
  typeof value === "string" && /^https?:$/.test(urlIn(value)?.protocol ?? "");

function parseJson(json: string, stack: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new UserError(
      `the outputs of stack ${stack} are not JSON`,
      "Use Pulumi 3.259 or newer, and see that nothing else prints on its standard output.",
    );
  }
}

function findBlinded(value: unknown, path: readonly string[] = []): string | undefined {
  if (value === BLINDED) return path.join(".") || "outputs";
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = findBlinded(child, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
