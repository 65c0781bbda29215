import { type CommandDef, runCommand } from "citty";
import { expect, test } from "vitest";
import { doctorCommand } from "../../packages/cli/commands/doctor";

test("a purpose that is none is refused before anything is opened", async () => {
  const refused = runCommand(doctorCommand as CommandDef, { rawArgs: ["--for", "destroy"] });
  await expect(refused).rejects.toThrow(/--for is "destroy"\n.*--for preview or --for up/);
});
