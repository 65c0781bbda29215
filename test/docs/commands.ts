import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArgsDef, CommandDef } from "citty";
import { CONFIG_KEYS, ConfigError, parseConfig } from "../../config/stack-config";
import { commands } from "../../packages/cli/commands/commands";
import { root } from "./markdown";

const scripts = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

/** Programs of others, which these checks only know by name. */
const OTHERS = new Set([".", "cd", "cloudflared", "curl", "docker", "export", "git", "python", "set"]);

/** npm's own commands that a reader needs. */
const NPM = new Set(["ci", "install", "pack", "test", "version"]);

/** Splits what a reader types into commands of words, without comments, redirections, and `A=b` in front. */
export function commandsIn(text: string): string[][] {
  const lines = text.replace(/\\\n\s*/g, " ").split("\n");
  return lines
    .flatMap((line) => splitOutsideQuotes(line.replace(/(^|\s)# .*$/, ""), /^(&&|\|\||[|;])/))
    .map((command) => splitOutsideQuotes(command.trim().replace(/\s+\d?>+\s*\S+/g, ""), /^\s+/).map(unquote))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter(([first]) => first !== undefined && first !== "");
}

/** Splits at a separator, but not inside quotes or `$(…)`. */
function splitOutsideQuotes(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const split = separator.exec(rest)?.[0];
    const taken = split ?? /^('[^']*'|"[^"]*"|\$\([^)]*\)|.)/s.exec(rest)?.[0] ?? "";
    if (split !== undefined) parts.push(part);
    part = split === undefined ? part + taken : "";
    at += taken.length;
  }
  return [...parts, part].filter((each) => each.trim() !== "");
}

const unquote = (word: string): string => word.replace(/^(['"])(.*)\1$/s, "$2");

/** What is wrong with a command, in words; undefined when nothing is. */
export async function faultOf([program = "", ...rest]: string[]): Promise<string | undefined> {
  if (OTHERS.has(program)) return undefined;
  if (program === "npm") return npmFault(rest);
  if (program === "pulumi") return pulumiFault(rest);
  if (program === "python3") return pythonFault(rest);
  return `nobody knows the program ${program}`;
}

async function npmFault([verb = "", ...rest]: string[]): Promise<string | undefined> {
  if (verb !== "run") return NPM.has(verb) ? undefined : `npm ${verb}`;
  const [name = "", dashes, ...args] = rest;
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name}`;
  const command = / packages\/cli\/main\.ts ?(.*)$/.exec(script)?.[1];
  if (command === undefined) return dashes === undefined ? undefined : `${name} takes no options`;
  if (dashes !== undefined && dashes !== "--") return `options of npm run ${name} stand behind --`;
  const words = [...command.split(" ").filter((word) => word !== ""), ...args];
  return cliFault(words);
}

/** The arguments that a command declares; undefined when there is no such command. */
async function argsOf(name: string): Promise<ArgsDef | undefined> {
  const command = (await commands[name]?.()) as CommandDef | undefined;
  return command && (((await command.args) ?? {}) as ArgsDef);
}

async function cliFault([name = "", ...words]: string[]): Promise<string | undefined> {
  const known = await argsOf(name);
  if (known === undefined) return `there is no command ${name}`;
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  let positionals = Object.values(known).filter(({ type }) => type === "positional").length;
  for (let index = 0; index < own.length; index++) {
    const word = own[index] ?? "";
    if (!word.startsWith("--")) {
      if (positionals-- <= 0) return `${name} takes no ${word}`;
      continue;
    }
    const [option = "", value] = word.slice(2).split("=");
    const definition = known[option] ?? known[option.replace(/^no-/, "")];
    if (option === "help") continue;
    if (definition === undefined) return `${name} has no option --${option}`;
    if (definition.type !== "boolean" && value === undefined) {
      index++;
      if (own[index] === undefined || own[index]?.startsWith("--")) return `--${option} has no value`;
    }
  }
  return undefined;
}

function pulumiFault(words: string[]): string | undefined {
  const [verb, sub] = words;
  if (verb !== "config" || sub === undefined || !["set", "rm"].includes(sub)) return undefined;
  const plain = words.slice(2).filter((word, index, all) => !isOption(word) && all[index - 1] !== "--stack");
  const [key = "", value] = plain;
  if (key.includes(":")) return undefined;
  if (sub === "set" && value === undefined && !words.includes("--secret")) return `${key} has no value`;
  return configFault(key, value ?? "secret");
}

const isOption = (word: string): boolean => word.startsWith("-");

/** Whether the stack config knows the key and takes the value, by the program's own parser. */
function configFault(path: string, value: string): string | undefined {
  const typed = /^\d+$/.test(value) ? Number(value) : /^(true|false)$/.test(value) ? value === "true" : value;
  const [top = ""] = path.split(/[.[]/);
  if (value.includes("…")) return undefined;
  if (!(CONFIG_KEYS as string[]).includes(top)) return `the stack config has no ${top}`;
  try {
    parseConfig({ [path]: typed });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fault = error.problems.find(
      (problem) => problem.found === "unknown key" || (problem.path === path && problem.found !== "not set"),
    );
    return fault && `${fault.path}: ${fault.found}`;
  }
  return undefined;
}

function pythonFault([file = "", ...options]: string[]): string | undefined {
  if (!existsSync(join(root, file))) return `there is no ${file}`;
  const source = readFileSync(join(root, file), "utf8");
  const unknown = options.find((option) => isOption(option) && !source.includes(`"${option}"`));
  return unknown && `${file} has no option ${unknown}`;
}
