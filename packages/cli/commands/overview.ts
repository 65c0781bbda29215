import type { CommandDef, CommandMeta } from "citty";
import { wrapped } from "../../base/wrap";

/** Every command with the first sentence of what it says of itself; the rest is in its own help. */
export async function overview(
  { name, description }: CommandMeta,
  commands: Readonly<Record<string, () => Promise<CommandDef<never>>>>,
): Promise<string> {
  const known = await Promise.all(
    Object.entries(commands).map(async ([command, load]) => {
      const meta = (await (await load()).meta) as CommandMeta | undefined;
      return { command, says: meta?.description?.split(/(?<=\.) (?=[A-Z])/)[0] ?? "" };
    }),
  );
  const indent = Math.max(...known.map(({ command }) => command.length)) + 4;
  const lines = known.flatMap(({ command, says }) => {
    const [first = "", ...rest] = wrapped(says, indent);
    return [`  ${command.padEnd(indent - 2)}${first.trimStart()}`, ...rest];
  });
  return [
    description,
    "",
    `Usage: ${name} <command> [options]`,
    "",
    ...lines,
    "",
    `${name} <command> --help says what each takes, and its exit codes.`,
    "",
  ].join("\n");
}
