// Loaded into every Node process of a searched run (NODE_OPTIONS): writes down what the process starts, and what its
// pages show when their pictures are taken. Where to: LEAKS_LOG, one JSON object a line.
const childProcess = require("node:child_process");
const { appendFileSync } = require("node:fs");
const Module = require("node:module");

const file = process.env.LEAKS_LOG;

function note(entry) {
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
}

// Every asynchronous way to start a process ends here.
const { spawn } = childProcess.ChildProcess.prototype;
childProcess.ChildProcess.prototype.spawn = function (options) {
  const result = spawn.call(this, options);
  note({ is: "process", pid: this.pid, argv: options.args ?? [options.file], env: options.envPairs ?? [] });
  return result;
};
for (const name of ["spawnSync", "execFileSync", "execSync"]) {
  const start = childProcess[name];
  childProcess[name] = function (command, args, ...rest) {
    note({ is: "process", argv: [command, ...(Array.isArray(args) ? args : [])].map(String), env: [] });
    return start.call(this, command, args, ...rest);
  };
}
Module.syncBuiltinESMExports?.();

// What somebody sees in the picture: the page's text, and what stands in its fields but the ones that show dots.
const VISIBLE = `[document.title, document.body?.innerText ?? "", ...[...document.querySelectorAll("input,textarea")]
  .filter((field) => field.type !== "password" && field.type !== "hidden").map((field) => field.value)].join("\\n")`;

const load = Module._load;
const wrapped = new WeakSet();
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  // By name from CommonJS, by path from an import.
  if (request.includes("playwright-core") && loaded?.chromium?.launch && !wrapped.has(loaded)) {
    wrapped.add(loaded);
    wrapLaunch(loaded.chromium);
  }
  return loaded;
};

function wrapLaunch(chromium) {
  const { launch } = chromium;
  chromium.launch = async function (...args) {
    const browser = await launch.apply(this, args);
    const { newContext } = browser;
    browser.newContext = async function (...given) {
      const context = await newContext.apply(this, given);
      context.on("page", wrapScreenshot);
      return context;
    };
    return browser;
  };
}

function wrapScreenshot(page) {
  const { screenshot } = page;
  page.screenshot = async function (...args) {
    const text = await page.evaluate(VISIBLE).catch((error) => `(no text: ${error.message})`);
    note({ is: "page", text });
    return screenshot.apply(this, args);
  };
}
