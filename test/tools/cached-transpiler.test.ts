import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

interface Transpiler {
  transpile(input: string, options: { fileName: string }): { outputText: string; sourceMapText?: string };
}

interface Module {
  create(setup: { service: { config: { options: object } }; directory?: string }): Transpiler;
}
const root = join(__dirname, "..", "..");
const { create } = createRequire(__filename)("../../tools/cached-transpiler.cjs") as Module;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "transpiled-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const transpiler = (options: object = { module: 1, target: 9, sourceMap: true }, folder = directory) =>
  create({ service: { config: { options } }, directory: folder });

const file = { fileName: "/program/index.ts" };

/** Marks the kept result, so that its use shows. */
function mark(): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace("exports.answer = 42", "exports.answer = 42 /* kept */"),
    );
  }
}

test("translates to CommonJS with a source map", () => {
  const { outputText, sourceMapText } = transpiler().transpile("export const answer: number = 42;", file);
  expect(outputText).toContain("exports.answer = 42");
  expect(sourceMapText).toContain("index.ts");
});

test("uses the kept result for the same text, in a later process too", () => {
  transpiler().transpile("export const answer = 42;", file);
  mark();
  expect(transpiler().transpile("export const answer = 42;", file).outputText).toContain("/* kept */");
});

test("translates anew when the text or the compiler's options change, and keeps one result per file", () => {
  transpiler().transpile("export const answer = 42;", file);
  mark();
  expect(transpiler().transpile("export const answer = 43;", file).outputText).toContain(
    "exports.answer = 43",
  );
  expect(
    transpiler({ module: 1, target: 2 }).transpile("export const answer = 42;", file).outputText,
  ).not.toContain("kept");
  expect(readdirSync(directory)).toHaveLength(1);
});

test("a damaged result is replaced", () => {
  transpiler().transpile("export const answer = 42;", file);
  for (const name of readdirSync(directory)) writeFileSync(join(directory, name), "{");
  expect(transpiler().transpile("export const answer = 42;", file).outputText).toContain(
    "exports.answer = 42",
  );
});

test("a folder that cannot be written does not stop the run", () => {
  const occupied = join(directory, "file");
  writeFileSync(occupied, "");
  const { outputText } = transpiler(undefined, join(occupied, "below")).transpile(
    "export const answer = 42;",
    file,
  );
  expect(outputText).toContain("exports.answer = 42");
});

test("clones that share their packages share what was translated", () => {
  const results = join(directory, "results");
  const clone = (name: string) => {
    const folder = join(directory, name);
    mkdirSync(join(folder, "tools"), { recursive: true });
    cpSync(join(root, "tools", "cached-transpiler.cjs"), join(folder, "tools", "cached-transpiler.cjs"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const cloned = createRequire(__filename)(join(folder, "tools", "cached-transpiler.cjs")) as Module;
    // As ts-node hands them over: with places in the clone.
    const options = {
      module: 1,
      configFilePath: join(folder, "tsconfig.json"),
      outDir: join(folder, ".out"),
    };
    const setup = { service: { config: { options } }, directory: results };
    return cloned
      .create(setup)
      .transpile("export const answer = 42;", { fileName: join(folder, "index.ts") });
  };
  const first = clone("one");
  const [kept = ""] = readdirSync(results);
  const written = statSync(join(results, kept), { bigint: true }).mtimeNs;
  expect(clone("other")).toEqual(first);
  expect(readdirSync(results)).toEqual([kept]);
  expect(statSync(join(results, kept), { bigint: true }).mtimeNs).toBe(written);
});
