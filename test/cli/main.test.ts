import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withTypeScript } from "../../packages/cli/sandboxed/workspace";

const root = join(__dirname, "..", "..");

function cli(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...withTypeScript, "packages/cli/main.ts", ...args],
    {
      cwd: root,
      encoding: "utf8",
      // Without an engine: nothing here may get as far as needing one.
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  return { status, text: stdout + stderr };
}

describe("the command line", () => {
  test("help lists every command and ends with 0", () => {
    const { status, text } = cli("--help");
    expect(status).toBe(0);
    for (const command of ["demo", "sandbox", "up", "preview", "destroy", "env", "doctor", "adopt", "rotate"])
      expect(text).toMatch(new RegExp(`^  ${command} +\\w`, "m"));
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("each command explains itself", () => {
    const { status, text } = cli("env", "--help");
    expect(status).toBe(0);
    expect(text).toContain("--check");
  });

  test.each([
    [["frobnicate"], /no command frobnicate/],
    [["env", "--chekc"], /no option --chekc.*\n.*--check/],
    [["demo", "--provider", "imaginary"], /--provider is "imaginary"/],
    [["sandbox", "--port", "http"], /--port is "http"/],
    [["drift", "--fail-on", "everything"], /--fail-on is "everything"/],
    [["env", "--to", "vault"], /--to is "vault"/],
    [["env", "foo"], /env takes no argument, and found "foo"/],
    [["env", "--to", "config", "--file", ".env"], /--file belongs to --to file/],
  ])("%j is wrong use: exit 2, and says what to use", (args, said) => {
    const { status, text } = cli(...args);
    expect(text).toMatch(said);
    expect(text).toMatch(/^error: /m);
    expect(text).toMatch(/^ {2}→ \S/m);
    expect(text).not.toMatch(/^\s+at /m);
    expect(status).toBe(2);
  });
});
