// `node --require` this to run TypeScript that was translated before: for a process that has to be there at once.
// Translation is what tools/cached-transpiler.cjs does, which also has Node keep what it compiles; nothing else is loaded.
const { registerHooks, _extensions: extensions } = require("node:module");
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const stop = (what, remedy) => {
  process.stderr.write(`\nerror: ${what}\n  → ${remedy}\n`);
  process.exit(1);
};
if (!existsSync(join(__dirname, "../node_modules/typescript"))) {
  stop("the packages are not installed", "npm ci");
}
if (registerHooks === undefined) {
  stop(
    `this is Node.js ${process.versions.node}, and 22.15 or newer is needed`,
    "Run it through npm (npm run cli -- …): `npm ci` has fetched a newer Node.js, which npm uses.",
  );
}

const { create } = require("./cached-transpiler.cjs");

const options = {
  // ts.ScriptTarget.ES2022 and ts.ModuleKind.CommonJS: the compiler itself is loaded only to translate.
  target: 9,
  module: 1,
  esModuleInterop: true,
};
const { transpile } = create({
  service: { config: { options } },
  directory: join(__dirname, "../node_modules/.cache/transpiled-cjs"),
});

extensions[".ts"] = (module, fileName) => {
  module._compile(transpile(readFileSync(fileName, "utf8"), { fileName }).outputText, fileName);
};

// `import()` names a module as it would be called after a build.
registerHooks({
  resolve(specifier, context, next) {
    const translated = specifier.startsWith(".") && specifier.endsWith(".js");
    const own = translated && context.parentURL?.endsWith(".ts");
    return next(own ? `${specifier.slice(0, -2)}ts` : specifier, context);
  },
});
