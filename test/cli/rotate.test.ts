import { type CommandDef, runCommand } from "citty";
import { describe, expect, test } from "vitest";
import { rotateCommand } from "../../packages/cli/commands/rotate";
import { start } from "../../packages/cli/commands/start";
import { toEnd, toLine, toStatus } from "../../packages/cli/rotate/report";

const run = (...rawArgs: string[]) => runCommand(rotateCommand as CommandDef, { rawArgs });

describe("wrong use is refused before anything is looked at", () => {
  test.each([
    [["--overlap", "soon", "--yes"], /--overlap is "soon"/],
    [["--overlap", "5s", "--yes"], /from 10m to 720h/],
    [["--to", "gcp", "--file", "x", "--yes"], /--file belongs to --to file/],
    [["--no-probe", "--end", "now", "--yes"], /would end the old secret untried/],
    [["--no-probe", "--finish", "--yes"], /would end the old secret untried/],
    [["--when-older-than", "old", "--yes"], /--when-older-than is "old"/],
    [["--if-expiring-within", "-1d", "--yes"], /--if-expiring-within is/],
    [["--json"], /add --yes/],
  ])("%j", async (args, said) => {
    await expect(run(...args)).rejects.toThrow(said);
  });

  test.each([
    [["--end", "later", "--yes"], /--end is "later"/],
    [["--to", "file,vault", "--yes"], /--to names "vault"/],
  ])("%j, which is none of the choices", async (args, said) => {
    await expect(start(["rotate", ...args])).rejects.toThrow(said);
  });
});

test("what is printed is aligned", () => {
  expect(toLine({ did: "up", detail: "1 updated" })).toBe("  up        1 updated\n");
  expect(toLine({ did: "sink", detail: "open to git", warning: true })).toBe("  warning   open to git\n");
  const report = {
    stack: "dev",
    token: "t",
    steps: [],
    outcome: "done",
    exitCode: 0,
    detail: "version 2",
  } as const;
  expect(toEnd({ ...report, steps: [] })).toBe("done: version 2\n");
  const status = {
    stack: "dev",
    token: "t",
    version: { config: 3, state: 2 },
    expiresAt: "2030-01-01T00:00:00Z",
    secret: "passes",
    newest: "in doubt",
    previousAcceptedUntil: "2030-01-01T00:00:00Z",
    standIn: { inUse: true, until: null },
    next: "wait",
  } as const;
  expect(toStatus(status)).toBe(
    [
      "  version   3 in the config, 2 in the state",
      "  expires   2030-01-01 00:00 UTC",
      "  secret    passes; newest: in doubt",
      "  before    accepted until 2030-01-01 00:00 UTC",
      "  stand-in  in use",
      "  next run  wait",
      "",
    ].join("\n"),
  );
});
