import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { circlesIn, declaredFor, sources } from "./support/imports";
import { ARROWS, isIn, ROOMS, type Room, roomOf } from "./support/rooms";

const ROOT = join(__dirname, "..");
const SOURCES = sources();
const nameOf = ({ places: [name = ""] }: Room): string => name;

/** Imports that the table does not allow yet, as `room → room`, each with its reason. None now. */
const IMPORT_EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Folders that hold folders alone, with the files that stand there all the same. */
const FOLDERS_ALONE: Readonly<Record<string, readonly string[]>> = {
  packages: [],
  "packages/cli": ["main.ts"],
  "packages/client": [],
  "packages/provider": [],
  "packages/sandbox": [],
};

/** Rooms that `pulumi up` runs: what they import has to be there without the packages of development. */
const OF_THE_STACK = [
  "index.ts",
  "config",
  "components",
  "policies",
  "packages/base",
  "packages/access",
  "packages/cloudflare",
  "packages/provider",
];

test("there are rooms, sources and arrows to judge", () => {
  expect(ROOMS.length).toBeGreaterThan(10);
  expect(SOURCES.length).toBeGreaterThan(500);
  expect(ARROWS.length).toBeGreaterThan(10);
  expect(SOURCES.filter(({ broken }) => broken.length > 0)).toEqual([]);
});

describe("rooms", () => {
  test("are there, and what they may import too", () => {
    const paths = ROOMS.flatMap(({ places, mayImport }) =>
      mayImport === "everything" ? places : [...places, ...mayImport],
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("hold every file", () => {
    expect(SOURCES.map(({ file }) => file).filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test("lead downwards only", () => {
    const graph = new Map(ROOMS.map((room) => [nameOf(room), below(room)]));
    expect(circlesIn(graph)).toEqual([]);
  });

  test("are imported as the table allows", () => {
    const found = SOURCES.flatMap(({ file, files }) =>
      files.flatMap((imported) => {
        const [from, to] = [roomOf(file), roomOf(imported)];
        if (from === undefined || to === undefined || from === to || allows(from, imported)) return [];
        return [{ rooms: `${nameOf(from)} → ${nameOf(to)}`, files: `${file} imports ${imported}` }];
      }),
    );
    expect(found.filter(({ rooms }) => !(rooms in IMPORT_EXCEPTIONS)).map(({ files }) => files)).toEqual([]);
    const needed = new Set(found.map(({ rooms }) => rooms));
    expect([...needed].sort()).toEqual(Object.keys(IMPORT_EXCEPTIONS).sort());
  });

  test("use each import that the table allows", () => {
    const unused = ROOMS.flatMap((room) =>
      room.mayImport === "everything"
        ? []
        : room.mayImport.filter(
            // Whole rooms may be allowed ahead; a single file is an opening that somebody needs.
            (place) =>
              !ROOMS.some((each) => nameOf(each) === place) &&
              !SOURCES.some(
                ({ file, files }) => roomOf(file) === room && files.some((imported) => isIn(imported, place)),
              ),
          ),
    );
    expect(unused).toEqual([]);
  });

  test("say in their README what the table says", () => {
    for (const { places, cell } of ROOMS) {
      for (const place of places.filter((each) => !each.includes("."))) {
        expect(readFileSync(join(ROOT, place, "README.md"), "utf8"), place).toContain(
          `\nMay import: ${cell}.\n`,
        );
      }
    }
  });

  test("are drawn as the table says", () => {
    const byName = new Map(ROOMS.map((room) => [basename(nameOf(room)).replace(/\.ts$/, ""), room]));
    const graph = new Map<string, string[]>();
    for (const [from, to] of ARROWS) graph.set(from, [...(graph.get(from) ?? []), to]);
    const short = (name: string) => basename(name).replace(/\.ts$/, "");
    for (const [name, room] of byName) {
      if (room.mayImport === "everything") continue;
      const allowed = below(room).map(short);
      const arrows = graph.get(name) ?? [];
      expect(
        arrows.filter((to) => !allowed.includes(to)),
        name,
      ).toEqual([]);
      expect(
        allowed.filter((to) => !reachable(graph, name).has(to)),
        name,
      ).toEqual([]);
      // One that another way leads to as well only hides the picture.
      const twice = arrows.filter((to) => arrows.some((by) => by !== to && reachable(graph, by).has(to)));
      expect(twice, name).toEqual([]);
    }
  });
});

describe("files", () => {
  test("lead to none that leads back", () => {
    expect(circlesIn(new Map(SOURCES.map(({ file, files }) => [file, files])))).toEqual([]);
  });

  test.each(Object.entries(FOLDERS_ALONE))("none lies loose in %s", (folder, allowed) => {
    const loose = SOURCES.map(({ file }) => file).filter((file) => dirname(file) === folder);
    expect(loose.map((file) => basename(file))).toEqual(allowed);
  });

  test("import packages that are declared, and those of the stack not only for development", () => {
    const undeclared = SOURCES.flatMap(({ file, packages }) => {
      const { run, development } = declaredFor(file);
      const room = roomOf(file);
      const isStack = room !== undefined && OF_THE_STACK.includes(nameOf(room));
      const declared = new Set(isStack ? run : [...run, ...development]);
      return packages.filter((name) => !declared.has(name)).map((name) => `${file} imports ${name}`);
    });
    expect(undeclared).toEqual([]);
  });
});

describe("a mistake is found", () => {
  test("of a circle", () => {
    const graph = { a: ["b"], b: ["c"], c: ["b"], d: ["a", "d"] };
    expect(circlesIn(new Map(Object.entries(graph)))).toEqual([["b", "c"], ["d"]]);
  });

  test("of an import upwards", () => {
    const [access, sandbox] = [roomOf("packages/access/any.ts"), roomOf("packages/sandbox/any.ts")];
    expect(access && allows(access, "packages/cli/main.ts")).toBe(false);
    expect(access && allows(access, "packages/base/errors.ts")).toBe(true);
    expect(sandbox && allows(sandbox, "packages/client/typescript/index.ts")).toBe(false);
    expect(sandbox && allows(sandbox, "packages/client/typescript/network.ts")).toBe(true);
  });
});

/** Whether a room may import a file of another one. */
function allows({ mayImport }: Room, file: string): boolean {
  return mayImport === "everything" || mayImport.some((place) => isIn(file, place));
}

/** The names of the rooms that a room may import from. */
function below({ places, mayImport }: Room): string[] {
  if (mayImport === "everything") return ROOMS.map(nameOf).filter((name) => name !== places[0]);
  return [...new Set(mayImport.flatMap((place) => roomOf(place) ?? []).map(nameOf))];
}

function reachable(
  graph: ReadonlyMap<string, readonly string[]>,
  from: string,
  seen = new Set<string>(),
): Set<string> {
  for (const next of graph.get(from) ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(graph, next, seen);
  }
  return seen;
}
