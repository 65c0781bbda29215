import type { CommandDef, CommandMeta } from "citty";

const WIDTH = 100;

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
  const lines = known.map(({ command, says }) => `  ${command.padEnd(indent - 2)}${wrapped(says, indent)}`);
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

function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && indent + last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
