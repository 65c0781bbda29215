import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isExecutable } from "./run-program";

/** The engine this project is written and measured against; the CLI module is pinned to it. */
export const engineVersion = "3.259.0";

/** Where the Go module files are that pin what is built. */
export const modulesDir = join(__dirname, "modules");

/**
 * What is built, from which module. The Node.js host is the last one released inside the SDK module:
 * newer ones cannot be had from the Go module proxy.
 */
export const programs = [
  {
    name: "pulumi",
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without it the CLI takes itself for a development build and prints an empty version.
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`,
  },
  {
    name: "pulumi-language-nodejs",
    module: "nodejs-host",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    ldflags: "-s -w",
  },
] as const;

/** Changes with everything that decides what a build contains. */
export async function buildKey(): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(programs));
  for (const { module } of programs) {
    for (const file of ["go.mod", "go.sum"]) hash.update(await readFile(join(modulesDir, module, file)));
  }
  return `${engineVersion}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 12)}`;
}

/** Size of each program as it was built. */
const SIZES = "sizes.json";

/** Notes how long each program is, when all are built. */
export async function noteSizes(dir: string): Promise<void> {
  await writeFile(join(dir, SIZES), JSON.stringify(await sizesIn(dir)));
}

async function sizesIn(dir: string): Promise<Record<string, number>> {
  const sizes = programs.map(async ({ name }) => [name, (await stat(join(dir, name))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}

/** Whether every program is there, and as long as it was built. */
export async function isWhole(dir: string): Promise<boolean> {
  try {
    const sizes = await sizesIn(dir);
    for (const { name } of programs) {
      if (!(await isExecutable(join(dir, name))) || sizes[name] === 0) return false;
    }
    const built = await readFile(join(dir, SIZES), "utf8").catch(() => undefined);
    // Earlier versions did not note the sizes.
    return built === undefined || isDeepStrictEqual(JSON.parse(built), sizes);
  } catch {
    return false;
  }
}
