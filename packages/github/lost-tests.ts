import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { fieldsOf } from "../base/json-values";

/**
 * Access tests that one version of a stack file has and another has not, one line each.
 * @param after undefined when the file is gone
 * @throws {Error} when a file is not YAML, or its access tests are no list: what it tests cannot be told
 */
export function lostTests(file: string, before: string, after: string | undefined): string[] {
  const left = after === undefined ? [] : testsIn(file, after);
  return testsIn(file, before)
    .filter((test) => !left.some((other) => isDeepStrictEqual(test, other)))
    .map((test) => `${file}: ${JSON.stringify(test)}`);
}

/** The tests by any key that the program reads them from: the project's own name may change, too. */
function testsIn(file: string, text: string): unknown[] {
  const config = fieldsOf(fieldsOf(parse(text, { maxAliasCount: 100 }))["config"]);
  return Object.entries(config).flatMap(([key, value]) => {
    if (!/(^|:)accessTests$/.test(key)) return [];
    if (!Array.isArray(value)) throw new Error(`${key} of ${file} is no list`);
    return value;
  });
}
