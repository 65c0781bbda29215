import { type ArgsDef, type CommandDef, runCommand } from "citty";
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
  checkArguments({ name, args, passesOn: PASS_ON.has(name) }, rest);
  // Not through a main command: citty drops what a subcommand returns, and with it the exit code.
  const { result } = await runCommand(command, { rawArgs: rest });
  return typeof result === "number" ? result : 0;
}
