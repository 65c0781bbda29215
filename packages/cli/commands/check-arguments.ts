import type { ArgDef, ArgsDef } from "citty";
import { didYouMean, UsageError } from "./args";
import { refuseEaten } from "./eaten-by-npm";
import { choicesOf, hintOf } from "./options";

/** A command, as far as what it is called with is judged by it. */
export interface CommandShape {
  name: string;
  args: ArgsDef;
  /** Whether what stands behind `--` is somebody else's. Default: it is a command's own, as any other word. */
  passesOn?: boolean;
}

/** What a stack may be called; the name becomes part of file names. */
const STACK_NAME = /^(?!.*\.\.)\w[\w.-]*(\/\w[\w.-]*){0,2}$/;

/**
 * Judges what a command is called with, before anything runs. citty takes whatever comes: a misspelt `--check` would
 * write, an option at the end without its value would be an empty one, and a word too many be dropped.
 *
 * @param env the environment, in which npm leaves the options that it has kept to itself
 * @throws {UsageError} naming what was found, and what is allowed.
 */
export function checkArguments(
  command: CommandShape,
  rawArgs: readonly string[],
  env: NodeJS.ProcessEnv = {},
): void {
  refuseEaten({ ...command, rawArgs }, env);
  const dashes = rawArgs.indexOf("--");
  const own = dashes === -1 ? rawArgs : rawArgs.slice(0, dashes);
  const given = new Map<string, string>();
  const words: string[] = [];
  for (let index = 0; index < own.length; index++) {
    const arg = own[index] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const { name, definition, negated, value } = optionOf(command, arg);
    const earlier = given.get(name);
    if (earlier !== undefined) throw twice(name, earlier, arg);
    given.set(name, arg);
    if (definition.type === "boolean") checkFlag(name, { negated, value });
    else checkValue(name, definition, value ?? valueAfter(name, definition, own[++index]));
  }
  if (dashes !== -1 && !command.passesOn) words.push(...rawArgs.slice(dashes + 1));
  checkWords(command, words);
}

interface Option {
  name: string;
  definition: ArgDef;
  /** It was given as `--no-<name>`. */
  negated: boolean;
  /** What stands behind `=`. */
  value?: string;
}

function optionOf(command: CommandShape, arg: string): Option {
  const options = Object.entries(command.args).filter(([, { type }]) => type !== "positional");
  const [, dashes = "", written = "", value] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  const named = (name: string) => options.find(([known]) => known === name)?.[1];
  const plain = named(written);
  if (dashes === "--" && plain !== undefined)
    return { name: written, definition: plain, negated: false, value };
  const positive = written.replace(/^no-/, "");
  const flag = named(positive);
  if (dashes === "--" && flag?.type === "boolean") {
    return { name: positive, definition: flag, negated: true, value };
  }
  const names = options.map(([name]) => name);
  throw new UsageError(
    `there is no option ${dashes}${written}`,
    `${didYouMean(positive, names, "--")}${command.name} takes ${names.map((name) => `--${name}`).join(", ")}.`,
  );
}

function checkFlag(name: string, { negated, value }: Pick<Option, "negated" | "value">): void {
  if (value === undefined || (!negated && (value === "true" || value === "false"))) return;
  const written = `--${negated ? "no-" : ""}${name}`;
  throw new UsageError(
    `${written} is ${JSON.stringify(value)}, and takes no value`,
    `Give --${name} or --no-${name}.`,
  );
}

/** The word after an option; another option there means that the value was forgotten. */
function valueAfter(name: string, definition: ArgDef, next: string | undefined): string {
  if (next !== undefined && (next === "-" || !next.startsWith("-"))) return next;
  throw new UsageError(`--${name} has no value`, `Give --${name} ${hintOf(name, definition)}.`);
}

function checkValue(name: string, definition: ArgDef, value: string): void {
  const give = `Give --${name} ${hintOf(name, definition)}.`;
  if (value.trim() === "") throw new UsageError(`--${name} is empty`, give);
  if (value.includes("\0")) throw new UsageError(`--${name} holds a NUL character`, give);
  if (name === "stack" && !STACK_NAME.test(value)) {
    throw new UsageError(`--stack is ${JSON.stringify(value)}`, "Use letters, digits, - and _, e.g. dev.");
  }
  const choices = choicesOf(definition);
  if (choices === undefined) return;
  const parts = choices.list ? value.split(",").map((part) => part.trim()) : [value];
  for (const part of parts) {
    if (choices.names.includes(part)) continue;
    throw new UsageError(
      choices.list ? `--${name} names "${part}"` : `--${name} is "${value}"`,
      `${didYouMean(part, choices.names)}Use ${listOf(choices.names)}${choices.list ? ", or several, separated by commas" : ""}.`,
    );
  }
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function twice(name: string, first: string, second: string): UsageError {
  const [one, other] = [first, second].map((arg) => arg.replace(/=.*$/s, ""));
  return new UsageError(
    one === other ? `${one} is given twice` : `${one} and ${other} are both given`,
    `Give --${name} once.`,
  );
}

function checkWords({ name, args }: CommandShape, words: readonly string[]): void {
  const places = Object.entries(args).filter(([, { type }]) => type === "positional");
  const empty = words.findIndex((word) => word.trim() === "" || word.includes("\0"));
  if (empty !== -1) {
    throw new UsageError(
      `an empty argument${places[empty] === undefined ? "" : ` for ${places[empty][0]}`}`,
      "Leave it out, or say what is meant.",
    );
  }
  const extra = words[places.length];
  if (extra === undefined) return;
  const options = Object.keys(args).filter((option) => args[option]?.type !== "positional");
  const takes = places.length === 0 ? "no argument" : `one argument, the ${places[0]?.[0]}`;
  throw new UsageError(
    `${name} takes ${takes}, and found ${JSON.stringify(extra)}`,
    `${didYouMean(extra.replace(/=.*$/s, ""), options, "--")}Leave it out; its options are ${options.map((option) => `--${option}`).join(", ")}.`,
  );
}
