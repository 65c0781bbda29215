import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../../sandbox/server";
import { projectDir } from "../../src/sandboxed/workspace";

const FILES = globSync("test/**/*.ts", { cwd: projectDir }).map((file) => join(projectDir, file));

/** Where random cases are drawn: with the one seed of the run. */
const SHARED = join(projectDir, "test", "support", "properties.ts");

/** The calls in a file, with what is called and its arguments, as written. */
function callsIn(file: string): { called: string; given: string[]; place: string }[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const found: { called: string; given: string[]; place: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({
        called: node.expression.getText(source),
        given: node.arguments.map((argument) => argument.getText(source)),
        place: `${relative(projectDir, file)}:${line + 1}`,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
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

  test("22: no engine test slows a request down by a length of time", () => {
    const files = FILES.filter((file) => file.includes("/test/engine/"));
    const slowed = files
      .flatMap(callsIn)
      .filter(({ called }) => /\baddFaults$/.test(called))
      .filter(({ given }) => given.some((text) => text.includes("delayMs")));
    expect(slowed.map(({ place }) => place)).toEqual([]);
  });
});
