import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf } from "../../packages/cli/commands/failure";
import { start } from "../../packages/cli/commands/start";

/** Stands in every damaged file, as a secret could: none of it may be printed. */
const SECRET = "5ec2e7-of-a-stack";

/** What a file that a command reads may turn out to be. */
const DAMAGED: Readonly<Record<string, string | undefined>> = {
  "nothing there": undefined,
  empty: "",
  "cut off": `{"version":3,"deployment":{"resources":[{"urn":"${SECRET}`,
  "no text": "\0\xff\xfe\x01",
  "a list": `["${SECRET}"]`,
  null: "null",
  "a number": "7",
  "another shape": `{"deployment":{"resources":"${SECRET}"},"steps":"${SECRET}","hosts":7}`,
  "members of another shape": `{"deployment":{"resources":[null,7,{"urn":5,"type":["${SECRET}"]}]},"steps":[null,{"op":3}],"hosts":[null]}`,
};

/** Every option that names a file to read, and what else its command needs to get as far. */
const READERS: [command: string, before: string[], option: string, after?: string[]][] = [
  ["guardrails", [], "--state"],
  ["guardrails", [], "--config"],
  ["explain", ["comfyui.example.org"], "--state"],
  ["access-diff", [], "--preview"],
  ["access-diff", ["--to", "FILE"], "--from"],
  ["verify", [], "--env", ["--only", "nobody", "--no-browser"]],
  ["verify", [], "--baseline"],
  ["audit", [], "FILE"],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bad input ü-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in this process; what it printed, and its exit code. */
async function run(...args: string[]): Promise<{ exitCode: number; text: string }> {
  let text = "";
  const write = (chunk: unknown) => {
    text += String(chunk);
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation(write as never),
  );
  try {
    return { exitCode: await start(args), text };
  } catch (error) {
    const failure = failureOf(error);
    return { exitCode: failure.exitCode, text: text + failure.text };
  } finally {
    for (const stream of streams) stream.mockRestore();
  }
}

function expectPlainError({ exitCode, text }: { exitCode: number; text: string }, said: RegExp): void {
  expect(text).toMatch(/^error: \S/m);
  expect(text).toMatch(/^ {2}→ \S/m);
  expect(text).toMatch(said);
  expect(text).not.toMatch(/^\s+at /m);
  expect(text).not.toMatch(/mistake|undefined|\[object|TypeError|ZodError/);
  expect(text).not.toContain(SECRET);
  expect(exitCode).toBe(1);
}

describe.each(READERS)("%s %j %s", (command, before, option, after = []) => {
  const given = (file: string) => {
    const rest = option === "FILE" ? [file] : [option, file];
    return [command, ...before.map((word) => (word === "FILE" ? file : word)), ...rest, ...after];
  };

  test.each(Object.keys(DAMAGED))("a file that is %s", async (kind) => {
    const file = join(folder, `file of ${kind}`);
    const content = DAMAGED[kind];
    if (content !== undefined) writeFileSync(file, content, "latin1");
    const found = await run(...given(file));
    expectPlainError(found, new RegExp(`file of ${kind}`));
  });

  test("a folder", async () => {
    const file = join(folder, "a folder");
    mkdirSync(file, { recursive: true });
    if (command === "audit") return expect((await run(...given(file), "--output", "-")).exitCode).toBe(0);
    expectPlainError(await run(...given(file)), /a folder.*\(EISDIR\)/);
  });
});

test("a report that cannot be written says where, and leaves nothing half written", async () => {
  const code = join(folder, "code");
  mkdirSync(code);
  for (const output of [join(folder, "no", "such", "report.md"), folder]) {
    expectPlainError(await run("audit", code, "--output", output), /could not write .*\((ENOENT|EISDIR)\)/);
  }
  expect(readdirSync(code)).toEqual([]);
});
