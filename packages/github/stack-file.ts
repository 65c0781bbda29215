import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { fieldsOf } from "../base/json-values";

/**
 * Access tests that one version of a stack file has and another has not, one line each.
 * @param before undefined when the file is new
 * @param after undefined when it is gone
 * @throws {Error} when a file is not YAML, or its access tests are no list: what it tests cannot be told
 */
export function lostTests(file: string, before: string | undefined, after: string | undefined): string[] {
  return onlyIn(before, after, { file, key: "accessTests" });
}

/**
 * Differences that drift is not to report any more: those that the new version of a stack file accepts and the old
 * one did not in the same words, one line each.
 * @throws {Error} as for access tests
 */
export function newAcceptances(
  file: string,
  before: string | undefined,
  after: string | undefined,
): string[] {
  return onlyIn(after, before, { file, key: "driftAccepted" });
}

interface Setting {
  file: string;
  /** Without the project's name: that may change, too. */
  key: string;
}

function onlyIn(one: string | undefined, other: string | undefined, setting: Setting): string[] {
  const there = itemsIn(other, setting);
  return itemsIn(one, setting)
    .filter((item) => !there.some((each) => isDeepStrictEqual(item, each)))
    .map((item) => `${setting.file}: ${JSON.stringify(item)}`);
}

function itemsIn(text: string | undefined, setting: Setting): unknown[] {
  if (text === undefined) return [];
  const config = fieldsOf(fieldsOf(parse(text, { maxAliasCount: 100 }))["config"]);
  return Object.entries(config).flatMap(([key, value]) => {
    if (key.split(":").at(-1) !== setting.key) return [];
    if (!Array.isArray(value)) throw new Error(`${key} of ${setting.file} is no list`);
    return value;
  });
}
