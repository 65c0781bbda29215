import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArgDef, ArgsDef } from "citty";
import { UsageError } from "./args";
import { choicesOf, hintOf } from "./options";

/** The options of ours that npm has itself: its settings, its defaults and the environment may set them. */
export const NPM_ALSO: ReadonlySet<string> = new Set(["browser", "json", "only", "yes"]);

/** The options of ours that npm takes for the beginning of a setting of its own. */
export const NPM_READS_AS: Readonly<Record<string, string>> = {
  local: "local-address",
  to: "token-description",
  token: "token-description",
};

/** What is called, and how. */
interface Called {
  name: string;
  args: ArgsDef;
  /** What reached the command. */
  rawArgs: readonly string[];
}

/**
 * Refuses a command of which npm has kept options to itself. Without `--`, npm takes every option behind `npm run x` for
 * a setting of its own: the command does not get it, and would answer another question. npm hands what it took to the
 * script as `npm_config_<name>`.
 *
 * @param env the environment; only that of a script which runs this program itself counts
 * @throws {UsageError} with the line that says the same to the command.
 */
export function refuseEaten({ name, args, rawArgs }: Called, env: NodeJS.ProcessEnv): void {
  const script = env["npm_lifecycle_script"] ?? "";
  if (!script.includes("packages/cli/main.ts") || !(env["npm_config_user_agent"] ?? "").startsWith("npm/"))
    return;
  const eaten = Object.entries(args).flatMap(([option, definition]) => {
    if (definition.type === "positional" || NPM_ALSO.has(option)) return [];
    const value = eatenValue(option, definition, args, env);
    if (value === undefined) return [];
    return [{ option, value, isFlag: definition.type === "boolean", hint: hintOf(option, definition) }];
  });
  if (eaten.length === 0) return;
  // A value that stood apart from its option has become a word.
  const places = Object.values(args).filter(({ type }) => type === "positional").length;
  const apart = eaten.filter(({ value, isFlag }) => !isFlag && value === "true");
  const words = rawArgs.filter((arg) => !arg.startsWith("-"));
  const stray = apart.length === 1 && words.length === places + 1 ? words.at(-1) : undefined;
  const kept = stray === undefined ? rawArgs : rawArgs.filter((arg) => arg !== stray);
  const written = eaten.map(({ option, value, isFlag, hint }) => {
    if (isFlag) return value === "" || value === "false" ? `--no-${option}` : `--${option}`;
    return value === "true"
      ? `--${option} ${stray === undefined ? hint : quoted(stray)}`
      : `--${option} ${quoted(value)}`;
  });
  const command = script.trim().endsWith("main.ts") ? [name] : [];
  const line = [
    "npm",
    "run",
    env["npm_lifecycle_event"] ?? name,
    "--",
    ...command,
    ...kept.map(quoted),
    ...written,
  ];
  const names = eaten.map(({ option }) => `--${option}`);
  throw new UsageError(
    `npm has kept ${names.join(", ")} to itself: ${name} did not get ${names.length === 1 ? "it" : "them"}`,
    `Put -- before the options: ${line.join(" ")}`,
  );
}

/** What npm has kept of an option; undefined when it has not been given to npm. */
function eatenValue(
  option: string,
  definition: ArgDef,
  args: ArgsDef,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const own = given(option, env);
  const setting = NPM_READS_AS[option];
  if (own !== undefined || setting === undefined) return own;
  const value = given(setting, env);
  if (value === undefined) return undefined;
  // Two options of one command that npm takes for the same: the value tells which it was.
  const rivals = Object.keys(args).filter((other) => other !== option && NPM_READS_AS[other] === setting);
  const fits = (choices: ReturnType<typeof choicesOf>) => choices?.names.includes(value.split(",")[0] ?? "");
  const choices = choicesOf(definition);
  if (choices !== undefined && rivals.length > 0) return fits(choices) ? value : undefined;
  return rivals.some((rival) => fits(choicesOf(args[rival] ?? {}))) ? undefined : value;
}

/** The value of one of npm's variables that stands in none of npm's files. */
function given(setting: string, env: NodeJS.ProcessEnv): string | undefined {
  const value = env[`npm_config_${setting.replaceAll("-", "_")}`];
  return value === undefined || isFromFile(setting, value, env) ? undefined : value;
}

const quoted = (word: string): string =>
  /^[\w@.:/=+<>,*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Whether one of npm's own files says so: what stands there was not meant for the command. */
function isFromFile(option: string, value: string, env: NodeJS.ProcessEnv): boolean {
  const folder = env["npm_config_local_prefix"];
  const files = [
    ...(folder === undefined ? [] : [join(folder, ".npmrc")]),
    ...["npm_config_userconfig", "npm_config_globalconfig"].flatMap((name) => env[name] || []),
  ];
  return files.some((file) =>
    textIn(file)
      .split("\n")
      .some((line) => {
        const [, key, set = "true"] = /^\s*([\w-]+)\s*(?:=\s*(.*?)\s*)?$/.exec(line) ?? [];
        const plain = set.replace(/^(["'])(.*)\1$/, "$2");
        return (
          key === option && (plain === value || plain.includes("${") || (plain === "false" && value === ""))
        );
      }),
  );
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
