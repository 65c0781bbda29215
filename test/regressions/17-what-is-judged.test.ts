import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ArgsDef, type CommandDef, runCommand } from "citty";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { accessDiffCommand } from "../../packages/cli/commands/access-diff";
import { UsageError } from "../../packages/cli/commands/args";
import { checkArguments } from "../../packages/cli/commands/check-arguments";
import { commands } from "../../packages/cli/commands/commands";
import { NPM_ALSO, NPM_READS_AS } from "../../packages/cli/commands/eaten-by-npm";
import { explainCommand } from "../../packages/cli/commands/explain";
import { guardrailsCommand } from "../../packages/cli/commands/guardrails";
import { verifyCommand } from "../../packages/cli/commands/verify";
import { root } from "../docs/markdown";
import { exported } from "../explain/state";

const HOST = "comfyui.datacrew.space";
const TIME = "2026-11-30T14:00:12.5Z";

let dir: string;
let state: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "judged-"));
  state = join(dir, "state.json");
  const { deployment } = JSON.parse(exported());
  writeFileSync(
    state,
    JSON.stringify({ version: 3, deployment: { manifest: { time: TIME }, ...deployment } }),
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What a command prints, run in this process. */
async function printed(command: unknown, ...rawArgs: string[]): Promise<string> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await runCommand(command as CommandDef, { rawArgs });
    return text;
  } finally {
    write.mockRestore();
  }
}

/** `npm run …` in the project's folder, as a user types it. */
async function npm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return promisify(execFile)("npm", args, { cwd: root }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe("17: options that npm has kept to itself", () => {
  test.each([
    [
      ["explain", HOST, "--email=artist@datacrew.space", "--stack=prod"],
      /explain -- \S+ --email artist@datacrew\.space --stack prod$/m,
    ],
    [["explain", HOST, "--stack", "prod"], /explain -- comfyui\.datacrew\.space --stack prod$/m],
    [["drift", "--no-sandbox"], /drift -- --no-sandbox$/m],
    [
      ["cli", "access-diff", "--from=a.json", "--to=b.json"],
      /cli -- access-diff --from a\.json --to b\.json$/m,
    ],
  ])("npm run %j is refused, with the line that is meant", async (args, line) => {
    const { code, stderr, stdout } = await npm("run", "--silent", ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(line);
  });

  let shapes: { name: string; args: ArgsDef }[];
  beforeAll(async () => {
    shapes = await Promise.all(
      Object.entries(commands).map(async ([name, load]) => {
        const command = (await load()) as CommandDef;
        return { name, args: ((await command.args) ?? {}) as ArgsDef };
      }),
    );
  }, 60_000);

  const under = (script: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    npm_config_user_agent: "npm/11.19.1 node/v24.0.0 linux x64 workspaces/false",
    npm_lifecycle_event: "explain",
    npm_lifecycle_script: script,
    ...more,
  });
  const OWN = "node --require ./tools/cached-typescript.cjs packages/cli/main.ts explain";

  test("of every command each option is missed, and none of npm's own settings is taken for one", () => {
    const settings = {
      npm_config_json: "true",
      npm_config_yes: "",
      npm_config_browser: "firefox",
      npm_config_local_prefix: dir,
      npm_config_userconfig: join(dir, "none"),
      npm_config_cache: dir,
      npm_config_node_gyp: "x",
    };
    for (const { name, args } of shapes) {
      const given = (env: NodeJS.ProcessEnv) => checkArguments({ name, args }, [], under(OWN, env));
      expect(() => given(settings)).not.toThrow();
      for (const [option, { type }] of Object.entries(args)) {
        if (type === "positional" || NPM_ALSO.has(option)) continue;
        const variable = `npm_config_${option.replaceAll("-", "_")}`;
        expect(() => given({ ...settings, [variable]: "x" }), `${name} --${option}`).toThrow(UsageError);
        expect(() => given({ ...settings, [variable]: "x" })).toThrow(
          new RegExp(`-- (.* )?--(no-)?${option}`),
        );
      }
    }
  });

  test("what stands in npm's own files, or is meant for another script, is not refused", () => {
    const [shape] = shapes.filter(({ name }) => name === "explain");
    if (shape === undefined) throw new Error("there is no explain");
    const check = (env: NodeJS.ProcessEnv) => () => checkArguments(shape, [HOST], env);
    writeFileSync(join(dir, ".npmrc"), '; a comment\nemail = "me@example.org"\nsave-exact=true\n');
    const file = { npm_config_local_prefix: dir, npm_config_email: "me@example.org" };
    expect(check(under(OWN, file))).not.toThrow();
    expect(check(under(OWN, { ...file, npm_config_email: "artist@datacrew.space" }))).toThrow("--email");
    expect(check(under("vitest run", { npm_config_email: "x" }))).not.toThrow();
    expect(check({ npm_config_email: "x" })).not.toThrow();
  });

  test("the options that npm has too, or takes for the beginning of its own, are those that are known", async () => {
    const { stdout } = await npm("config", "list", "--long", "--json");
    const settings = Object.keys(JSON.parse(stdout));
    const options = new Set(
      shapes.flatMap(({ args }) => Object.keys(args).filter((name) => args[name]?.type !== "positional")),
    );
    for (const option of options) {
      if (settings.includes(option)) expect([...NPM_ALSO]).toContain(option);
      const longer = settings.filter((setting) => setting.startsWith(option) && setting !== option);
      // npm completes what only one setting begins with.
      if (longer.length === 1 && !settings.includes(option)) expect(NPM_READS_AS[option]).toBe(longer[0]);
    }
  });
});

describe("17: what is judged is said first", () => {
  const as = /^Judged: [^\n]*state\.json[^\n]*as of 2026-11-30 14:00:12 UTC[^\n]*not the live account/;

  test("by explain, by its access tests' sibling guardrails, and by access-diff", async () => {
    expect(await printed(explainCommand, HOST, "--state", state)).toMatch(as);
    expect(await printed(guardrailsCommand, "--state", state)).toMatch(as);
    expect(await printed(accessDiffCommand, "--from", state, "--to", state)).toMatch(as);
    expect(await printed(accessDiffCommand, "--from", state, "--to", state, "--markdown")).toMatch(
      /^Judged: .*not the live account/,
    );
  });

  test("as fields of JSON too", async () => {
    const judged = { read: "state", files: [state], asOf: { time: "2026-11-30T14:00:12.500Z" } };
    const json = async (command: unknown, ...args: string[]) =>
      JSON.parse(await printed(command, ...args, "--json"));
    expect(await json(explainCommand, HOST, "--state", state)).toMatchObject({ judged, verdict: "refused" });
    expect(await json(guardrailsCommand, "--state", state)).toMatchObject({
      judged,
      violations: expect.any(Array),
    });
    expect(await json(accessDiffCommand, "--from", state, "--to", state)).toMatchObject({
      judged: { ...judged, files: [state, state] },
      verdict: "no change",
    });
  });

  test("a preview in a file does not say as of when, and that is said", async () => {
    const preview = join(dir, "preview.json");
    writeFileSync(preview, JSON.stringify({ steps: [], changeSummary: {} }));
    const text = await printed(accessDiffCommand, "--preview", preview);
    expect(text).toMatch(/^Judged: the plan in \S*preview\.json, .*as of when; only the plan/);
  });

  test("verify says so before it tries anything", async () => {
    const env = join(dir, "a.env");
    writeFileSync(env, "COMFYUI_URL=https://comfyui.invalid\n");
    const args = ["--env", env, "--only", "docker", "--docker", "http://127.0.0.1:9"];
    expect(await printed(verifyCommand, ...args)).toMatch(/^Judged: the answers of \S*a\.env/);
    expect(JSON.parse(await printed(verifyCommand, ...args, "--json"))).toMatchObject({
      judged: { read: "live", files: [env] },
    });
  });
});
