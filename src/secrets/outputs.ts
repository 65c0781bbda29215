import { z } from "zod";
import { UserError } from "../errors";

/** What Pulumi prints in a secret's place when it was not asked to show it. */
const BLINDED = "[secret]";

const applicationOutput = z.object({ url: z.url({ protocol: /^https?$/ }) });

const tokenOutput = z.object({
  clientId: z.string().regex(/^[^\s:]+$/),
  /** `null` when the state never saw the secret, as after an import. */
  clientSecret: z
    .string()
    .regex(/^\S+$/)
    .nullish()
    .or(z.literal("").transform(() => null)),
  /** ISO date and time; absent or empty for a token that does not expire. */
  expiresAt: z.string().nullish(),
});

const tunnelOutput = z.object({ token: z.string().regex(/^\S+$/).nullish() });

const stackOutputs = z.object({
  applications: z.record(z.string(), applicationOutput),
  serviceTokens: z.record(z.string(), tokenOutput).default({}),
  tunnel: tunnelOutput.nullish(),
});

/** The part of a stack's outputs that the sinks need. Holds secrets: never to be printed. */
export type StackOutputs = z.infer<typeof stackOutputs>;

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
  const outputs = stackOutputs.safeParse(raw);
  if (outputs.success) return outputs.data;
  // Only the place: a message of the schema might quote the value.
  const path = outputs.error.issues[0]?.path.join(".") || "outputs";
  throw new UserError(
    `the output ${path} of stack ${stack} is missing or not in the expected form`,
    `Run \`pulumi up --stack ${stack}\` with this version of the program.`,
  );
}

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
