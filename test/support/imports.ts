import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../..");

/** A source file, and what it imports in whatever way: `import`, `export`, `import()`, `require`, types too. */
export interface Source {
  /** From the project's root. */
  file: string;
  /** The files of ours, from the project's root. */
  files: string[];
  /** The packages, by name. */
  packages: string[];
  /** Paths that lead nowhere. */
  broken: string[];
}

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowJs: true,
  resolveJsonModule: true,
};

/** Every TypeScript and CommonJS file that git has or would take, with its imports. */
export function sources(): Source[] {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.mts", "*.cjs"];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  const cache = ts.createModuleResolutionCache(ROOT, (name) => name, OPTIONS);
  // A file that was moved away is listed until the change is added.
  return files.filter((file) => existsSync(join(ROOT, file))).map((file) => sourceOf(file, cache));
}

function sourceOf(file: string, cache: ts.ModuleResolutionCache): Source {
  const path = join(ROOT, file);
  const source: Source = { file, files: [], packages: [], broken: [] };
  const format = ts.getImpliedNodeFormatForFile(path, cache.getPackageJsonInfoCache(), ts.sys, OPTIONS);
  for (const name of namedIn(readFileSync(path, "utf8"))) {
    if (isBuiltin(name)) continue;
    if (!/^[.#/]/.test(name)) {
      source.packages.push(packageOf(name));
      continue;
    }
    const { resolvedModule } = ts.resolveModuleName(name, path, OPTIONS, ts.sys, cache, undefined, format);
    if (resolvedModule === undefined) source.broken.push(name);
    else source.files.push(relative(ROOT, resolvedModule.resolvedFileName));
  }
  return source;
}

/** The modules that a file names. Read by TypeScript's scanner alone: a whole tree of each file takes five times as long. */
function namedIn(text: string): Set<string> {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  // `config.require("zone")` names a setting.
  const isModule = ({ pos }: ts.FileReference) => !/\.\s*require\(\s*$/.test(text.slice(0, pos));
  return new Set(importedFiles.filter(isModule).map(({ fileName }) => fileName));
}

/** `@pulumi/gcp/secretmanager/secret.js` → `@pulumi/gcp`. */
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

/** What the package.json nearest to a file declares. */
export function declaredFor(file: string): { run: string[]; development: string[] } {
  let folder = dirname(join(ROOT, file));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string> | undefined>;
  return { run: Object.keys(dependencies ?? {}), development: Object.keys(devDependencies ?? {}) };
}

/** Circles of what leads to what: each group whose members all lead to each other (Tarjan). */
export function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    order.set(node, order.size);
    let lowest = order.size - 1;
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (open.includes(next)) lowest = Math.min(lowest, order.get(next) ?? lowest);
    }
    if (lowest === order.get(node)) {
      const group = open.splice(open.indexOf(node));
      if (group.length > 1 || (graph.get(node) ?? []).includes(node)) circles.push(group.sort());
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}
