import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(__dirname, "..", "..");

/** Runs code with the project's own way to load TypeScript, and reads the JSON that it prints. */
function run(code: string, env: NodeJS.ProcessEnv = {}): unknown {
  const args = ["--require", "./tools/cached-typescript.cjs", "--eval", code];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

describe("npm's installer, which the SDK imports", () => {
  const withoutIt = `require("./packages/base/process/without-installer.ts");`;
  const loaded = `
    const isLoaded = () => Object.values(require.cache).some(({ filename, children }) =>
      filename.endsWith("@npmcli/arborist/lib/index.js") && children.length > 0);
    require("@pulumi/pulumi");`;
  const codePaths = `
    const { computeCodePaths } = require("@pulumi/pulumi/runtime");
    const before = isLoaded();
    computeCodePaths({ extraExcludePackages: [] }).then(
      (paths) => console.log(JSON.stringify({ before, after: isLoaded(), paths: paths.size })),
    );`;

  test("is loaded at the import without what puts it off, which is needed as long as that is so", () => {
    expect(run(`${loaded} console.log(isLoaded());`)).toBe(true);
  });

  test("is loaded when the packages of a function are looked for, and finds the same", () => {
    const plain = run(loaded + codePaths) as { paths: number };
    expect(plain.paths).toBeGreaterThan(100);
    expect(run(withoutIt + loaded + codePaths)).toEqual({ before: false, after: true, paths: plain.paths });
  });
});

describe("stack traces", () => {
  const code = `
    Error.prepareStackTrace = (_, frames) => "looked up: " + frames.length;
    require("./packages/base/process/short-stack-traces.ts");
    function debuggablePromise() { return new Error().stack; }
    function other() { return new Error().stack; }
    console.log(JSON.stringify([debuggablePromise(), other()]));`;

  test("of the SDK's promises are not looked up, and of others one frame is", () => {
    expect(run(code, { PULUMI_DEBUG_PROMISE_LEAKS: "" })).toEqual(["", "looked up: 1"]);
  });

  test("are whole where somebody looks for promises that never end", () => {
    const traces = run(code, { PULUMI_DEBUG_PROMISE_LEAKS: "1" }) as string[];
    expect(traces.every((trace) => /^looked up: ([2-9]|10)$/.test(trace))).toBe(true);
  });
});
