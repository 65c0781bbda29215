// Runs after `npm ci`, in whichever Node.js npm runs in. Where that one is too old for the commands, they get another:
// npm's package of it for this platform, checked against the lock file beside this, kept in the user's cache, and put
// where npm looks first. Where it is new enough, nothing is fetched.
const { execFileSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { homedir } = require("node:os");
const { join } = require("node:path");

const root = join(__dirname, "..", "..");
const pins = ["package.json", "package-lock.json"];

/** What the commands need came with 22.15: see tools/cached-typescript.cjs. */
const isNewEnough = require("node:module").registerHooks !== undefined;

function main() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "comfyui-access");
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const pin of pins) hash.update(fs.readFileSync(join(__dirname, pin)));
  const folder = join(cache, `node-${hash.digest("hex").slice(0, 12)}`);
  const node = join(folder, "node");
  // With `npm install`, the one that was fetched for an earlier lock file may be running this.
  const isFetched = process.execPath.startsWith(join(cache, "node-"));
  if (isNewEnough && (!isFetched || process.execPath === node)) return;
  if (!fs.existsSync(node)) fetch(cache, folder);
  const link = join(root, "node_modules", ".bin", "node");
  fs.mkdirSync(join(link, ".."), { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync(node, link);
}

/** Made beside its place and renamed into it, so that an interrupted attempt is never taken for a whole one. */
function fetch(cache, folder) {
  process.stderr.write(
    `Node.js ${process.versions.node} is too old for the commands: fetching another, once\n`,
  );
  fs.mkdirSync(cache, { recursive: true });
  const work = fs.mkdtempSync(`${folder}-`);
  try {
    for (const pin of pins) fs.copyFileSync(join(__dirname, pin), join(work, pin));
    const options = ["--include=optional", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
    execFileSync("npm", ["ci", ...options], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
    const packages = join(work, "node_modules");
    const name = fs.readdirSync(packages).find((each) => each.startsWith("node-"));
    if (name === undefined)
      throw new Error(`npm brought no package for ${process.platform} on ${process.arch}`);
    fs.renameSync(join(packages, name, "bin", "node"), join(work, "node"));
    fs.rmSync(packages, { recursive: true });
    execFileSync(join(work, "node"), ["--version"], { stdio: "ignore" });
    fs.renameSync(work, folder);
  } catch (error) {
    // Another process was faster: what it has put there is as good.
    if (!fs.existsSync(folder)) throw error;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(
    `\nerror: a Node.js for the commands could not be fetched: ${error.message}\n` +
      "  → Install Node.js 22.15 or newer, or make the npm registry reachable, and run this again.\n",
  );
  process.exitCode = 1;
}
