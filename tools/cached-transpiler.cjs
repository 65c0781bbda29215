// A transpiler for ts-node that keeps its results: the engine starts a fresh Node for every command, and
// translating the program's files anew costs it more than everything else the program does before the first
// resource. Named by "ts-node" in tsconfig.json, so it serves whichever engine runs the program.
// https://typestrong.org/ts-node/docs/transpilers
const { createHash } = require("node:crypto");
const { enableCompileCache } = require("node:module");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join, relative } = require("node:path");

// Node keeps what it compiles too: of the program, that is all but the SDK's own start. A folder of the user's own,
// named by NODE_COMPILE_CACHE, goes before this one, and holds that as well. Node.js 20, in which the program runs when
// `pulumi` is called by itself, cannot keep it.
enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? join(__dirname, "../node_modules/.cache/compiled"));

const PROJECT = join(__dirname, "..");

/** Beside the packages: ignored by git, and gone with `npm ci`. */
const DEFAULT_DIRECTORY = join(PROJECT, "node_modules/.cache/transpiled");

const hash = (...parts) =>
  parts.reduce((sum, part) => sum.update(part).update("\0"), createHash("sha256")).digest("hex");

/**
 * What ts-node calls.
 * @param {{ service: { config: { options: object } }, directory?: string }} setup compiler options and, for
 *   tests, where to keep results
 */
exports.create = ({ service, directory = DEFAULT_DIRECTORY }) => {
  const { options } = service.config;
  const settings = sharedSettings(options);
  return {
    /** @returns {{ outputText: string, sourceMapText?: string }} */
    transpile(input, { fileName }) {
      const key = hash(settings, input);
      // One entry per source file, so that old versions do not pile up; by its place in the project, so that clones
      // with the same packages share it.
      const entry = join(directory, `${hash(relative(PROJECT, fileName))}.json`);
      return read(entry, key) ?? write(entry, key, translate(input, fileName, options));
    },
  };
};

/** What a translation depends on. Where the project is does not count, or clones that share the folder would undo each other's. */
const sharedSettings = (options) =>
  JSON.stringify([require("typescript/package.json").version, options], (_, value) =>
    typeof value === "string" && value.startsWith(PROJECT) ? relative(PROJECT, value) : value,
  );

function translate(input, fileName, compilerOptions) {
  const { outputText, sourceMapText } = require("typescript").transpileModule(input, {
    fileName,
    compilerOptions,
  });
  return { outputText, sourceMapText };
}

function read(entry, key) {
  try {
    const stored = JSON.parse(readFileSync(entry, "utf8"));
    return stored.key === key ? stored.result : undefined;
  } catch {
    return undefined;
  }
}

function write(entry, key, result) {
  try {
    mkdirSync(join(entry, ".."), { recursive: true });
    const draft = `${entry}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ key, result }));
    // In one step: another engine may be reading.
    renameSync(draft, entry);
  } catch {
    // A folder that cannot be written costs time, not the run.
  }
  return result;
}
