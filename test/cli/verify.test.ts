import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandDef, runCommand } from "citty";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { explainCommand } from "../../packages/cli/commands/explain";
import { start } from "../../packages/cli/commands/start";
import { verifyCommand } from "../../packages/cli/commands/verify";
import { application, exported, people, policy } from "../explain/state";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "verify-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs a command in this process, with what it printed. */
async function run(command: unknown, rawArgs: string[]): Promise<{ code: unknown; text: string }> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    const { result } = await runCommand(command as CommandDef, { rawArgs });
    return { code: result, text };
  } finally {
    write.mockRestore();
  }
}

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

describe("verify", () => {
  test.each([
    [["--timeout", "soon"], /--timeout is "soon"/],
    [["--env", "/nowhere/.env"], /could not read .*ENOENT/],
    [["--baseline", "/nowhere/b.json"], /could not read/],
  ])("%j is refused before anything is asked", async (args, said) => {
    await expect(run(verifyCommand, args)).rejects.toThrow(said);
  });

  test("rows that there are not are refused before anything is asked", async () => {
    await expect(start(["verify", "--only", "everybody"])).rejects.toThrow(/--only names "everybody"/);
  });

  test("test accounts that cannot be read are refused without being shown", async () => {
    const env = file("a.env", "COMFYUI_URL=https://comfyui.invalid\n");
    const people = file("people.json", '{"allowed":{"email":"a@b.c","password":"hunter2"}}');
    const refused = run(verifyCommand, ["--env", env, "--people", people]);
    await expect(refused).rejects.toThrow(/does not hold test accounts/);
    await refused.catch((error: Error) => expect(error.message).not.toContain("hunter2"));
  });

  test("local rows alone: nothing there to try is no success", async () => {
    const env = file("b.env", "COMFYUI_URL=https://comfyui.invalid\n");
    const args = ["--env", env, "--only", "docker", "--docker", "http://127.0.0.1:9", "--json"];
    const { code, text } = await run(verifyCommand, args);
    expect(code).toBe(1);
    expect(JSON.parse(text).summary).toMatchObject({ passed: 0, failed: 0, notApplicable: 5 });
  });
});

describe("explain", () => {
  const ask = (...args: string[]) => {
    const state = file("state.json", exported());
    return run(explainCommand, [...args, "--state", state]);
  };

  test("answers with 0, and with 1 when it is not as expected", async () => {
    const email = ["--email", "artist@datacrew.space"];
    expect((await ask("https://comfyui.datacrew.space/prompt?x=1", ...email)).text).toMatch(/^GRANTED/m);
    expect((await ask("comfyui.datacrew.space", ...email, "--expect", "refused")).code).toBe(1);
    expect((await ask("comfyui.datacrew.space", "--expect", "refused")).code).toBe(0);
  });

  test("ends with 3 when it hangs on what was not stated", async () => {
    const abroad = policy("abroad", "deny", [{ geo: { countryCode: "RU" } }]);
    const state = file("geo.json", exported([abroad, people, application(["abroad", "people"])]));
    const args = ["comfyui.datacrew.space", "--email", "artist@datacrew.space", "--state", state];
    expect((await run(explainCommand, args)).code).toBe(3);
    expect((await run(explainCommand, [...args, "--country", "de"])).code).toBe(0);
  });

  test("answers as JSON", async () => {
    const { text } = await ask("comfyui.datacrew.space", "--token", "comfyui-api", "--json");
    expect(JSON.parse(text)).toMatchObject({ verdict: "granted", policy: { name: "machines" } });
  });

  test.each([
    [["x", "--email", "a@b.c", "--nobody"], /more than one caller/],
    [["x", "--email", "nobody"], /--email is "nobody"/],
    [["x", "--country", "Germany"], /--country is "Germany"/],
    [["x", "--ip", "1.2.3"], /--ip is/],
    [["x", "--login-method", "Google"], /belongs to a person/],
  ])("%j is wrong use", async (args, said) => {
    await expect(ask(...args)).rejects.toThrow(said);
  });

  test("so is a verdict that is none", async () => {
    await expect(start(["explain", "x", "--expect", "maybe"])).rejects.toThrow(/--expect is "maybe"/);
  });
});
