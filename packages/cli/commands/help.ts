import type { ArgDef, ArgsDef, CommandDef, CommandMeta } from "citty";
import { wrapped } from "../../base/wrap";
import { hintOf } from "./options";

/** Where what an option means begins; longer options have it on the line below. */
const MEANING = 30;

/** What a command says of itself: what it does and its exit codes, how it is called, and each option's meaning. */
export async function helpOf(program: string, name: string, command: CommandDef): Promise<string> {
  const { description = "" } = (await command.meta) as CommandMeta;
  const args = Object.entries(((await command.args) ?? {}) as ArgsDef);
  const words = args.filter(([, { type }]) => type === "positional");
  const options = args.filter(([, { type }]) => type !== "positional");
  const usage = [`${program} ${name}`, ...words.map(([word]) => `[${word}]`), "[options]"].join(" ");
  return [
    ...wrapped(description, 0),
    "",
    `Usage: ${usage}`,
    "",
    ...words.map(([word, definition]) => row(`[${word}]`, definition)),
    ...options.map(([option, definition]) => row(written(option, definition), definition)),
    row("--help", { description: "This." }),
    "",
  ].join("\n");
}

/** As it is typed; of a flag that may be on without being given, both forms. */
function written(name: string, definition: ArgDef): string {
  if (definition.type !== "boolean") return `--${name} ${hintOf(name, definition)}`;
  // One without a default is on or off by what it is about.
  return definition.default !== false ? `--[no-]${name}` : `--${name}`;
}

function row(left: string, definition: ArgDef): string {
  const { description = "", type } = definition;
  // What a flag is without being given goes without saying; a word's default is not typed as it is called.
  const known = type === "boolean" || type === "positional" || definition.default === undefined;
  const says = known ? description : `${description} Default: ${definition.default}.`;
  const [first = "", ...rest] = wrapped(says, MEANING);
  const lines =
    left.length + 4 > MEANING
      ? [`  ${left}`, first, ...rest]
      : [`  ${left.padEnd(MEANING - 2)}${first.trimStart()}`, ...rest];
  return lines.join("\n");
}
