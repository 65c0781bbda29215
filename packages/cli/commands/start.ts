import { type ArgsDef, type CommandDef, parseArgs, runCommand } from "citty";
import { UserError } from "../../base/errors";
import { commandsHere, type Place } from "../sandboxed/commands-here";
import { isSandboxed } from "../stack/engine-access";
import { didYouMean, UsageError } from "./args";
import { checkArguments } from "./check-arguments";
import { commands, PASS_ON } from "./commands";
import { helpOf } from "./help";
import { overview } from "./overview";

const META = {
  name: "comfyui-access",
  description: "Puts a self-hosted web app behind Cloudflare Access, and proves it in a sandbox.",
};

/**
 * Runs one command.
 * @returns the exit code.
 * @throws {UsageError} when it is not called as it may be.
 */
export async function start([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(await overview(META, commands));
    return name === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const names = Object.keys(commands);
    throw new UsageError(
      `there is no command ${name}`,
      `${didYouMean(name, names)}Use one of ${names.join(", ")}.`,
    );
  }
  const command = (await load()) as CommandDef;
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help") || own.includes("-h")) {
    process.stdout.write(await helpOf(META.name, name, command));
    return 0;
  }
  const args = ((await command.args) ?? {}) as ArgsDef;
  checkArguments({ name, args, passesOn: PASS_ON.has(name) }, rest, process.env);
  // Not through a main command: citty drops what a subcommand returns, and with it the exit code.
  const { result } = await runCommand(command, { rawArgs: rest }).catch((error: unknown) => {
    // Where it is thrown, nobody knows where the user is.
    if (error instanceof UserError && "stack" in args) {
      error.message = commandsHere(error.message, placeOf(name, parseArgs(rest, args)));
    }
    throw error;
  });
  return typeof result === "number" ? result : 0;
}

function placeOf(command: string, { stack, sandbox }: Record<string, unknown>): Place {
  const named = { stack: String(stack), ...(typeof sandbox === "boolean" ? { sandbox } : {}) };
  return { stack: named.stack, sandboxed: PASS_ON.has(command) || isSandboxed(named) };
}
