import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, onTestFinished, test } from "vitest";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import { startSandbox } from "../../packages/sandbox/server/server";

const FILES = globSync("test/**/*.ts", { cwd: projectDir }).map((file) => join(projectDir, file));

/** Where random cases are drawn: with the one seed of the run. */
const SHARED = join(projectDir, "test", "support", "properties.ts");

interface Call {
  /** What is called, and with what, as written. */
  called: string;
  given: string[];
  place: string;
  /** Whether it stands below an `await`. */
  awaited: boolean;
  inLoop: boolean;
}

/** The calls in a file. */
function callsIn(file: string): Call[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const found: Call[] = [];
  const visit = (node: ts.Node, awaited: boolean, inLoop: boolean): void => {
    if (ts.isCallExpression(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({
        called: node.expression.getText(source),
        given: node.arguments.map((argument) => argument.getText(source)),
        place: `${relative(projectDir, file)}:${line + 1}`,
        awaited,
        inLoop,
      });
    }
    const isAwait = ts.isAwaitExpression(node);
    const isLoop = ts.isIterationStatement(node, false);
    ts.forEachChild(node, (child) => visit(child, awaited || isAwait, inLoop || isLoop));
  };
  visit(source, false, false);
  return found;
}

describe("22: a run of the tests can be repeated", () => {
  test("22: random cases are drawn with the one seed of the run, never with one from the clock", () => {
    const draws = new Set(["fc.assert", "fc.check", "fc.sample", "fc.statistics"]);
    const calls = FILES.filter((file) => file !== SHARED).flatMap(callsIn);
    const own = calls
      .filter(({ called }) => draws.has(called))
      .filter(({ given }) => !given.some((text) => text.includes("seed: PROPERTY_SEED")));
    expect(own.map(({ place }) => place)).toEqual([]);
    const clocks = /\b(?:Date\.now|performance\.now|Math\.random)\(\)/;
    // A line that names a seed and a clock.
    const seeded = FILES.filter((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .some((line) => /seed/i.test(line.replace(/seed:? ?Seed/g, "")) && clocks.test(line)),
    );
    expect(seeded.map((file) => relative(projectDir, file))).toEqual([]);
    // Or the search above finds nothing at all.
    expect(calls.some(({ called }) => called === "holds")).toBe(true);
  });
});

describe("22: what is made to wait, waits for an event", () => {
  test("22: a request that is held goes on when it is released, and not before", async () => {
    const sandbox = await startSandbox();
    onTestFinished(sandbox.close);
    const asked = `${sandbox.apiUrl}/zones`;
    const headers = { authorization: `Bearer ${sandbox.tokens.admin}` };
    sandbox.faults.add({ pathRegex: "/zones$", action: "hold" });
    let isAnswered = false;
    const held = fetch(asked, { headers }).then(({ status }) => {
      isAnswered = true;
      return status;
    });
    await expect.poll(() => sandbox.faults.list()).toEqual([]);
    // Who comes later is served meanwhile.
    expect((await fetch(asked, { headers })).status).toBe(200);
    expect(isAnswered).toBe(false);
    expect((await fetch(`${sandbox.url}/__sandbox__/faults/release`, { method: "POST" })).status).toBe(200);
    expect(await held).toBe(200);
  });

  test("22: no engine test waits for a length of time, or slows a request down by one", () => {
    const files = FILES.filter((file) => /\/test\/(engine|regressions\/engine)\//.test(file));
    const calls = files.flatMap(callsIn);
    const slowed = calls
      .filter(({ called }) => /\baddFaults$/.test(called))
      .filter(({ given }) => given.some((text) => text.includes("delayMs")));
    // In a loop something is looked at again and again, and the pause is only how often.
    const waits = calls
      .filter(({ called, awaited }) => awaited && /^(sleep|pause|setTimeout)$/.test(called))
      .filter(({ inLoop }) => !inLoop);
    expect([...slowed, ...waits].map(({ place }) => place)).toEqual([]);
  });
});
