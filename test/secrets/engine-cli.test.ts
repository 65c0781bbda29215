import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../packages/base/errors";
import { runEngine } from "../../packages/cli/secrets/engine-cli";

/** Runs the JavaScript in the variable RUN, as a program that fails in any wanted way. */
const PROGRAM = `#!${process.execPath}\neval(process.env.RUN);\n`;
const SECRET = "short-secret";
const HEX = "0123456789abcdef".repeat(4);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "engine-cli-"));
  writeFileSync(join(folder, "engine"), PROGRAM);
  chmodSync(join(folder, "engine"), 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(script: string, input?: string) {
  const engine = { command: join(folder, "engine"), env: { RUN: script }, cwd: folder };
  return runEngine(engine, { purpose: "set a key", args: ["config", "set", "key"], input });
}

describe("an engine command", () => {
  test("gets its secret on standard input and not among its arguments", async () => {
    const script = `console.log(JSON.stringify([process.argv.slice(2), require("fs").readFileSync(0, "utf8")]))`;
    expect(JSON.parse(await run(script, SECRET))).toEqual([
      ["config", "set", "key", "--non-interactive", "--color", "never"],
      SECRET,
    ]);
  });

  test("that ends before it reads a long input is judged by its own words", async () => {
    const script = `console.error("error: invalid key"); process.exit(255)`;
    await expect(run(script, "x".repeat(1_000_000))).rejects.toThrow(/could not set a key: invalid key/);
  });

  test("that fails is quoted with every secret masked", async () => {
    const said = `error: cannot use ${SECRET}, ${HEX}, ${HEX}.access and eyJhIjoiMSIsInQiOiIyIn0= in /some/folder/Pulumi.dev.yaml`;
    const error = await run(`console.error(${JSON.stringify(said)}); process.exit(1)`, SECRET).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain("cannot use ***, ***, *** and *** in /some/folder/Pulumi.dev.yaml");
  });

  test.each([
    ["error: incorrect passphrase", /PULUMI_CONFIG_PASSPHRASE/],
    ["error: no stack named 'x' found", /pulumi stack ls/],
    ["error: PULUMI_ACCESS_TOKEN must be set for login", /pulumi login/],
    ["warning: old version\nerror: something else", /could not set a key: something else\n/],
    ["", /pulumi ended with 7/],
  ])("that fails with %j gets a remedy", async (words, message) => {
    await expect(run(`console.error(${JSON.stringify(words)}); process.exit(7)`)).rejects.toThrow(message);
  });

  test("that is not installed, or has no project folder, is said to be so", async () => {
    const call = { purpose: "set a key", args: [] };
    const absent = runEngine({ command: "no-such-engine", env: { PATH: folder }, cwd: folder }, call);
    await expect(absent).rejects.toThrow(/no-such-engine does not start[\s\S]*Install Pulumi/);
    const lost = runEngine({ command: join(folder, "engine"), env: {}, cwd: join(folder, "no") }, call);
    await expect(lost).rejects.toThrow(UserError);
  });
});
