import { UserError } from "../../base/errors";
import { probably } from "../../base/nearest";

/** Wrong use of a command: exit code 2, where a failure is 1. */
export class UsageError extends UserError {}

/** `--provider`, the same on every command that brings a stack into the sandbox. */
export const providerArg = {
  type: "enum" as const,
  options: ["sandbox" as const, "real" as const],
  description:
    "Which Cloudflare provider the engine uses in the sandbox, now and in every later command: its own, or the " +
    "installed plugin. Default: the last choice, at first its own.",
};

/** `--stack`, the same on every command that runs the engine. */
export const stackArg = {
  type: "string",
  default: "dev",
  description: "The stack, as in Pulumi.<stack>.yaml.",
} as const;

/** `--sandbox`, the same on every command that reads a stack. */
export const sandboxArg = {
  type: "boolean",
  description:
    "Use the sandbox's own Pulumi state; --no-sandbox uses your login. Default: for the stack dev only.",
} as const;

/** What an option names that takes several, separated by commas; each once. Others have been refused by then. */
export function namedIn<Name extends string>(list: string, known: readonly Name[]): Name[] {
  const names = list.split(",").map((name) => name.trim());
  return [...new Set(names.flatMap((name) => known.find((each) => each === name) ?? []))];
}

/** The question behind a list of what is allowed, when one of it is like what was found. */
export function didYouMean(found: string, known: readonly string[], prefix = ""): string {
  const name = probably(found, known);
  return name === undefined ? "" : `Did you mean ${prefix}${name}? `;
}
