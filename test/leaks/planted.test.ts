import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spellingsOf } from "../../packages/cli/secrets/spellings";
import { type Allowance, findingLines, searchPlaces } from "./findings";
import type { PlaceKind } from "./places";
import { SearchedRun } from "./run";

const SECRET = `s3cret+/${randomBytes(20).toString("hex")}"<&`;
const SPELLINGS = spellingsOf(SECRET);

/** Ways to leak, each as a program that finds what to leak, in Base64, in the file `what`. */
const WHAT = 'const what = Buffer.from(require("fs").readFileSync("what", "utf8"), "base64");';
const PLANTS: Record<string, { kind: PlaceKind; program: string; where?: RegExp }> = {
  "standard output": { kind: "standard output", program: "process.stdout.write(what);" },
  "standard error": { kind: "standard error", program: "process.stderr.write(what);" },
  "crash output": { kind: "standard error", program: "throw new Error(what.toString('latin1'));" },
  "a rejected promise": {
    kind: "standard error",
    program: "Promise.reject(new Error(what.toString('latin1')));",
  },
  state: {
    kind: "file",
    program:
      "const fs = require('fs'); fs.mkdirSync('.pulumi/stacks', { recursive: true }); fs.writeFileSync('.pulumi/stacks/dev.json', what);",
    where: /stacks\/dev\.json/,
  },
  "a compressed backup": {
    kind: "file",
    program: "require('fs').writeFileSync('dev.json.gz', require('zlib').gzipSync(what));",
    where: /dev\.json\.gz/,
  },
  "a plan": { kind: "file", program: "require('fs').writeFileSync('plan.json', what);", where: /plan\.json/ },
  "a report": {
    kind: "file",
    program: "require('fs').writeFileSync('report.html', what);",
    where: /report\.html/,
  },
  "a temporary file": {
    kind: "file",
    program:
      "require('fs').writeFileSync(require('path').join(require('os').tmpdir(), 'x'), what, { mode: 0o600 });",
    where: /tmp\/x/,
  },
  "a temporary file of a process that is killed": {
    kind: "file",
    program:
      "const file = require('path').join(require('os').tmpdir(), 'y'); require('fs').writeFileSync(file, what); process.kill(process.pid, 'SIGKILL');",
    where: /tmp\/y/,
  },
  "the home": {
    kind: "file",
    program: "require('fs').writeFileSync(require('os').homedir() + '/.npm-log', what);",
    where: /home\/\.npm-log/,
  },
  "a link": { kind: "file", program: "require('fs').symlinkSync(what, 'link');", where: /project\/link/ },
  "a process argument": {
    kind: "process arguments",
    program: "require('child_process').execFileSync('true', [what.toString('latin1')]);",
  },
  "an argument of a process that Node did not start": {
    kind: "process arguments",
    program:
      "require('child_process').execFileSync('sh', ['-c', 'sh -c \"sleep 0.2; true\" \"$(cat what-text)\"']);",
  },
  "an environment as an argument": {
    kind: "process arguments",
    program: "require('child_process').execFileSync('env', ['TOKEN=' + what.toString('latin1'), 'true']);",
  },
  "a process environment": {
    kind: "process environment",
    program:
      "require('child_process').spawn('true', [], { env: { ...process.env, TOKEN: what.toString('latin1') } });",
  },
};

let run: SearchedRun;

beforeEach(async () => {
  run = await SearchedRun.open();
});

afterEach(() => run.close());

/** Runs a program that leaks, and searches. */
async function leak(program: string, bytes: Buffer, allowed: Allowance[] = []) {
  mkdirSync(run.project, { recursive: true });
  writeFileSync(join(run.project, "what"), bytes.toString("base64"));
  writeFileSync(join(run.project, "what-text"), bytes);
  writeFileSync(join(run.project, "leak.cjs"), `${WHAT}\n${program}`);
  await run.begin();
  await run.run("leak", process.execPath, ["leak.cjs"]);
  await run.watch.stop();
  return searchPlaces(run.places(), [{ label: "secret", value: SECRET }], allowed).findings;
}

/** All that can stand in such a place: no NUL, as UTF-16 has, in an argument, a name or an environment. */
const spellingsFor = (plant: string) =>
  SPELLINGS.filter(({ name }) => name !== "in UTF-16" || !/argument|environment|link/.test(plant));

test.each(Object.entries(PLANTS))(
  "a secret in %s is found in every spelling",
  async (plant, { kind, program, where }) => {
    const spellings = spellingsFor(plant);
    const findings = await leak(
      program,
      Buffer.from(spellings.map(({ bytes }) => bytes.toString("latin1")).join("\n")),
    );
    const there = findings.filter(
      (each) => each.kind === kind && (where ?? /./).test(each.place) && each.part === "whole",
    );
    expect(new Set(there.map(({ spelling }) => spelling))).toEqual(
      new Set(spellings.map(({ name }) => name)),
    );
    const lines = findingLines(findings).join("\n");
    expect(lines).not.toContain(SECRET.slice(8, 20));
    expect(lines).not.toContain(SECRET.slice(-20, -8));
  },
);

describe("what a run shows elsewhere", () => {
  test.each<[PlaceKind, string]>([
    ["comment", "of the pull request"],
    ["page text", "of picture 0"],
    ["sandbox", "/__sandbox__/requests"],
  ])("is searched: %s", (kind, name) => {
    for (const { name: spelling, bytes } of SPELLINGS) {
      run.keep(kind, name, bytes.toString("latin1"));
      const { findings } = searchPlaces(run.places(), [{ label: "secret", value: SECRET }], []);
      expect(findings).toContainEqual(expect.objectContaining({ kind, place: name, spelling }));
    }
  });
});

describe("a file that may hold a secret", () => {
  const allowed: Allowance[] = [
    {
      kind: "file",
      place: /^project\/\.env$/,
      secrets: /^secret$/,
      because: "It is what the command writes.",
    },
  ];
  const write = (mode: string) =>
    `require('fs').writeFileSync('.env', what); require('fs').chmodSync('.env', 0o${mode});`;

  test("is none to be told of while its owner alone may read it", async () => {
    expect(await leak(write("600"), Buffer.from(SECRET), allowed)).toEqual([]);
  });

  test.each(["640", "604", "644", "620", "666"])("is told of with mode %s", async (mode) => {
    const findings = await leak(write(mode), Buffer.from(SECRET), allowed);
    expect(findingLines(findings)).toContainEqual(
      expect.stringMatching(`^file project/.env, byte 0: secret, in clear: its mode is ${mode}, not 600$`),
    );
  });

  test("is told of when its mode was too wide between two commands only", async () => {
    await leak(write("644"), Buffer.from(SECRET), allowed);
    chmodSync(join(run.project, ".env"), 0o600);
    await run.look();
    const { findings } = searchPlaces(run.places(), [{ label: "secret", value: SECRET }], allowed);
    expect(findings.map(({ openTo }) => openTo)).toContain("644");
  });

  test("may hold no other secret", () => {
    run.keep("file", "project/.env", SECRET);
    const { findings } = searchPlaces(run.places(), [{ label: "other", value: SECRET }], allowed);
    expect(findings[0]).toMatchObject({ label: "other", kind: "file" });
  });
});
