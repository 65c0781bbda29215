import type { ArgDef, ArgsDef, CommandDef, CommandMeta } from "citty";
import { beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../packages/cli/commands/args";
import { checkArguments } from "../../packages/cli/commands/check-arguments";
import { commands, PASS_ON } from "../../packages/cli/commands/commands";
import { failureOf } from "../../packages/cli/commands/failure";
import { helpOf } from "../../packages/cli/commands/help";
import { choicesOf } from "../../packages/cli/commands/options";

interface Known {
  name: string;
  command: CommandDef;
  args: ArgsDef;
}

interface Option {
  name: string;
  args: ArgsDef;
  option: string;
  definition: ArgDef;
}

let known: Known[];
let options: Option[];
let flags: Option[];
let valued: Option[];

beforeAll(async () => {
  known = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => {
      const command = (await load()) as CommandDef;
      return { name, command, args: ((await command.args) ?? {}) as ArgsDef };
    }),
  );
  options = known.flatMap(({ name, args }) =>
    Object.entries(args)
      .filter(([, { type }]) => type !== "positional")
      .map(([option, definition]) => ({ name, args, option, definition })),
  );
  flags = options.filter(({ definition }) => definition.type === "boolean");
  valued = options.filter(({ definition }) => definition.type !== "boolean");
}, 60_000);

/** What is printed when a command is called so, and its exit code; undefined when the call is as it may be. */
function judged(name: string, args: ArgsDef, ...rawArgs: string[]) {
  try {
    checkArguments({ name, args, passesOn: PASS_ON.has(name) }, rawArgs);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return failureOf(error);
  }
}

/** A value that an option takes, as far as its definition says. */
function sample({ option, definition }: Option): string {
  return option === "stack" ? "dev" : (choicesOf(definition)?.names[0] ?? "something");
}

test("there are commands and options to judge", () => {
  expect(known.length).toBeGreaterThanOrEqual(16);
  expect(options.length).toBeGreaterThanOrEqual(80);
});

describe("each option of each command", () => {
  test("is taken as it is meant", () => {
    for (const { name, args, option } of flags) {
      for (const given of [`--${option}`, `--no-${option}`, `--${option}=true`])
        expect(judged(name, args, given), `${name} ${given}`).toBeUndefined();
    }
    for (const each of valued) {
      const { name, args, option } = each;
      expect(judged(name, args, `--${option}`, sample(each)), `${name} --${option}`).toBeUndefined();
      expect(judged(name, args, `--${option}=${sample(each)}`), `${name} --${option}=`).toBeUndefined();
    }
  });

  test("misspelt is refused, with the right name", () => {
    for (const { name, args, option } of options) {
      const wrong = `${option.slice(0, -1)}${option.endsWith("x") ? "y" : "x"}`;
      if (wrong in args) continue;
      const { text, exitCode } = judged(name, args, `--${wrong}`, "value") ?? {};
      expect(text, `${name} --${wrong}`).toContain(`error: there is no option --${wrong}\n`);
      expect(text).toMatch(new RegExp(`→ .*--${option}\\b`));
      expect(exitCode).toBe(2);
    }
  });

  test("with one dash is refused", () => {
    for (const { name, args, option } of options)
      expect(judged(name, args, `-${option}`)?.text).toMatch(/there is no option -\w/);
  });

  test("given twice is refused", () => {
    for (const each of options) {
      const { name, args, option, definition } = each;
      const given = definition.type === "boolean" ? [`--${option}`] : [`--${option}`, sample(each)];
      expect(judged(name, args, ...given, ...given)?.text).toContain(`--${option} is given twice`);
      if (definition.type !== "boolean") continue;
      expect(judged(name, args, `--${option}`, `--no-${option}`)?.text).toContain("both given");
    }
  });

  test("without its value, or with an empty one, is refused", () => {
    for (const { name, args, option } of valued) {
      for (const given of [[`--${option}`], [`--${option}`, "--json"]])
        expect(judged(name, args, ...given)?.text).toContain(`--${option} has no value`);
      for (const given of [[`--${option}`, ""], [`--${option}=`], [`--${option}`, " "]])
        expect(judged(name, args, ...given)?.text).toContain(`--${option} is empty`);
    }
  });

  test("that is a flag takes no value", () => {
    for (const { name, args, option } of flags) {
      for (const given of [`--${option}=`, `--${option}=perhaps`, `--no-${option}=true`])
        expect(judged(name, args, given)?.text, `${name} ${given}`).toContain("takes no value");
      // The word after it is nobody's, or the one argument that the command takes.
      const places = Object.values(args).filter(({ type }) => type === "positional").length;
      if (places > 0) continue;
      expect(judged(name, args, `--${option}`, "false")?.text).toContain('found "false"');
    }
  });

  test("that takes certain values takes no other", () => {
    const chosen = valued.filter(({ definition }) => choicesOf(definition) !== undefined);
    expect(chosen.length).toBeGreaterThanOrEqual(10);
    for (const { name, args, option, definition } of chosen) {
      const { names = [], list } = choicesOf(definition) ?? {};
      const [first = ""] = names;
      const { text, exitCode } = judged(name, args, `--${option}`, `${first}x`) ?? {};
      expect(text).toContain(list ? `--${option} names "${first}x"` : `--${option} is "${first}x"`);
      expect(text).toContain(`Did you mean ${first}?`);
      for (const each of names) expect(text).toContain(each);
      expect(exitCode).toBe(2);
      expect(judged(name, args, `--${option}`, names.join(",")) === undefined).toBe(list || names.length < 2);
    }
  });
});

describe("each command", () => {
  test("takes no word too many, and no empty one", () => {
    for (const { name, args } of known) {
      const places = Object.values(args).filter(({ type }) => type === "positional").length;
      const words = Array.from({ length: places }, (_, index) => `word${index}`);
      expect(judged(name, args, ...words)).toBeUndefined();
      expect(judged(name, args, ...words, "foo")?.text).toContain('found "foo"');
      expect(judged(name, args, "")?.text).toContain("an empty argument");
      expect(judged(name, args, ...words, "--", "foo") === undefined).toBe(PASS_ON.has(name));
    }
  });

  test("takes no path for a stack", () => {
    const staged = known.filter(({ args }) => "stack" in args);
    expect(staged.length).toBeGreaterThanOrEqual(14);
    for (const { name, args } of staged) {
      for (const stack of ["../dev", "a b", "dev\n", "-", "a/b/c/d", "Pülumi", "a;b", "..", "-rf"])
        expect(judged(name, args, `--stack=${stack}`)?.text, stack).toMatch(/--stack is "/);
      for (const stack of ["dev", "prod-2", "team/comfyui-access/prod"])
        expect(judged(name, args, "--stack", stack)).toBeUndefined();
    }
  });

  test.each(Object.keys(commands))(
    "%s says in its help, in 100 columns, what each option means",
    async (name) => {
      const { command, args } = known.find((each) => each.name === name) as Known;
      const help = await helpOf("comfyui-access", name, command);
      for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
      const flowing = help.replace(/\s+/g, " ");
      const { description = "" } = command.meta as CommandMeta;
      expect(flowing).toContain(description.replace(/\s+/g, " "));
      for (const [option, { description: meaning = "", type }] of Object.entries(args)) {
        expect(meaning.length, `${name} ${option}`).toBeGreaterThan(5);
        expect(flowing).toContain(meaning.replace(/\s+/g, " "));
        if (type === "positional") expect(help).toContain(`\n  [${option}] `);
        else expect(help).toMatch(new RegExp(`^  --(\\[no-\\])?${option}( |$)`, "m"));
      }
    },
  );
});
