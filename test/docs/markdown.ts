import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOMS } from "../support/rooms";

export const root = join(__dirname, "../..");

/** One fenced block of a page. */
export interface Fence {
  /** Its page, from the project's root, e.g. `docs/design.md`. */
  page: string;
  /** Line of the opening fence, from 1. */
  line: number;
  /** What stands behind the opening fence, e.g. `sh`. */
  language: string;
  text: string;
  /** Whether `<!-- run -->` stands before it: its commands are run against the sandbox. */
  run: boolean;
}

/** The pages at the top, every page in docs/, and each room's README. */
export function pages(): string[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const rooms = ROOMS.flatMap(({ places }) => places).filter((place) => !place.includes("."));
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...docs.sort().map((name) => `docs/${name}`),
    ...rooms.map((room) => `${room}/README.md`),
  ];
}

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** Every fenced block; throws for one that is not closed. */
export function fencesOf(page: string, text = textOf(page)): Fence[] {
  const fences: Fence[] = [];
  let open: (Fence & { indent: string }) | undefined;
  let before = "";
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^(\s*)```(\S*)/.exec(line);
    if (open === undefined && fence) {
      const [, indent = "", language = ""] = fence;
      open = { page, line: index + 1, language, text: "", run: before === "<!-- run -->", indent };
    } else if (open !== undefined && fence) {
      const { indent: _, ...done } = open;
      fences.push(done);
      open = undefined;
    } else if (open !== undefined) {
      open.text += `${line.replace(open.indent, "")}\n`;
    }
    if (line.trim() !== "") before = line.trim();
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the fence is not closed`);
  return fences;
}

/** The page without its fenced blocks, line numbers kept. */
export function prose(page: string): string {
  let inside = false;
  return textOf(page)
    .split("\n")
    .map((line) => {
      if (/^\s*```/.test(line)) {
        inside = !inside;
        return "";
      }
      return inside ? "" : line;
    })
    .join("\n");
}

/** Commands that stand in the running text as inline code, e.g. `npm run demo`; those that are cut short with … are not. */
export function inlineCommands(page: string): string[] {
  return [...prose(page).matchAll(/`((?:npm|pulumi|docker|python3) [^`]+)`/g)]
    .map(([, command = ""]) => command)
    .filter((command) => !/[…<]/.test(command));
}
