import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { changesBetween, isMap, type PropertyMap, type PropertyValue } from "../../../packages/provider/host";

/** A difference from the real provider that stays. */
export interface Listed {
  /** Which recorded line; absent: any. */
  line?: string;
  /** Where in what is compared. */
  path: RegExp;
  why: string;
}

/** The lines of a recording. */
export function recording<Line>(name: string): Line[] {
  const text = readFileSync(join(__dirname, "../../fixtures", name), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** Compares what was recorded with what is found, line by line: equal, listed or different. */
export class Replay {
  private readonly said: string[] = [];
  private readonly used = new Set<Listed>();

  constructor(private readonly listed: readonly Listed[]) {}

  /** Says what a line is, and fails when it is different. */
  line(name: string, recorded: object, found: object): void {
    const open: string[] = [];
    const reasons = new Set<string>();
    for (const { path, kind } of changesBetween(recorded as PropertyMap, found as PropertyMap)) {
      const known = this.listed.find((each) => (each.line ?? name) === name && each.path.test(path));
      if (known === undefined) {
        const side = { add: "only here", delete: "only in the recording", update: "another value" }[kind];
        open.push(`${path}: ${side}: ${at(recorded, path)} → ${at(found, path)}`);
      } else {
        this.used.add(known);
        reasons.add(`${path}: ${known.why}`);
      }
    }
    const word = open.length > 0 ? "different" : reasons.size > 0 ? "listed" : "equal";
    this.said.push([`${word.padEnd(9)}  ${name}`, ...open, ...reasons].join("\n             "));
    expect(open, name).toEqual([]);
  }

  /** Prints what each line was, and fails for a listed difference that is none any more. */
  end(title: string): void {
    console.log([title, ...this.said].join("\n  "));
    const idle = this.listed.filter((each) => !this.used.has(each));
    expect(
      idle.map(({ line, path }) => `${line ?? "any"}: ${path}`),
      "listed, and no longer different",
    ).toEqual([]);
  }
}

function at(whole: object, path: string): string {
  const names = path.match(/(?<=\[")(?:[^"\\]|\\.)*(?="\])|[^.[\]"]+/g) ?? [];
  let value: PropertyValue | undefined = whole as PropertyMap;
  for (const name of names) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = value !== undefined && isMap(value) ? value[name] : undefined;
  }
  return value === undefined ? "nothing" : JSON.stringify(value);
}
