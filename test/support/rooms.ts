import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A room of the project, as a row of the table in docs/architecture.md says. */
export interface Room {
  /** Folders and files that it is made of, e.g. `packages/cli`. */
  places: string[];
  /** Folders and files of other rooms that it may import; `everything` for tests. */
  mayImport: string[] | "everything";
  /** The cell that says so, as it stands there. */
  cell: string;
}

const PAGE = readFileSync(join(__dirname, "../../docs/architecture.md"), "utf8");

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** Every room, from the one table that says them. */
export const ROOMS: readonly Room[] = (/^\| room \|.*\n\| --- .*\n((?:\|.*\n)+)/m.exec(PAGE)?.[1] ?? "")
  .split("\n")
  .filter((row) => row !== "")
  .map((row) => {
    const [, places = "", , may = ""] = row
      .split(" | ")
      .flatMap((cell, at) => (at === 0 ? ["", cell] : [cell]));
    const cell = may.replace(/ \|$/, "");
    return { places: codes(places), mayImport: cell === "everything" ? cell : codes(cell), cell };
  });

/** The arrows of the page's picture, from a room's last name to another's. */
export const ARROWS: readonly (readonly [string, string])[] = [
  ...(/```mermaid\n(.*?)```/s.exec(PAGE)?.[1] ?? "").matchAll(/^ {2}(\w+) --> (\w+)$/gm),
].map(([, from = "", to = ""]) => [from, to]);

/** Whether a path is in a folder, or is the file. */
export const isIn = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** The innermost room that a path is in. */
export const roomOf = (path: string): Room | undefined =>
  ROOMS.filter(({ places }) => places.some((place) => isIn(path, place))).sort(
    (a, b) => (b.places[0]?.length ?? 0) - (a.places[0]?.length ?? 0),
  )[0];
