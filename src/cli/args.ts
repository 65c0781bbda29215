import { UserError } from "../errors";

/** `--provider`, the same on every command that runs the engine. */
export const providerArg = {
  type: "string",
  default: "sandbox",
  valueHint: "sandbox|real",
  description: "Which Cloudflare provider the engine uses: the sandbox's own, or the installed plugin.",
} as const;

/** `--stack`, the same on every command that runs the engine. */
export const stackArg = {
  type: "string",
  default: "dev",
  description: "The stack, as in Pulumi.<stack>.yaml.",
} as const;

/** @throws {UserError} when the value is neither of the two. */
export function providerOf(value: string): "sandbox" | "real" {
  if (value === "sandbox" || value === "real") return value;
  throw new UserError(`--provider is "${value}"`, "use --provider sandbox or --provider real");
}
