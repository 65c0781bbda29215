import { pathText } from "../../../config/config-paths";
import { StackDocument } from "../stack/stack-document";
import type { ConfigChange } from "./types";

/**
 * The text of a stack file with the changes in it; every other line stays byte for byte.
 * @param current the config's values by key, of which some may be defaults that the file does not say; a list that is
 *   changed within is then written with what it has.
 * @throws {UserError} when the text is not a stack file.
 */
export function editConfig(
  text: string,
  project: string,
  changes: readonly ConfigChange[],
  file: string,
  current: Readonly<Record<string, unknown>> = {},
): string {
  const document = new StackDocument(text, file);
  for (const { path, value } of changes) {
    const [top = "", ...rest] = path;
    const key = `${project}:${top}`;
    const parts = document.partsOf(key);
    const isThere = key in document.config();
    if (rest.length === 0) for (const each of parts) document.set([each], undefined);
    else if (parts.length === 0 && !isThere && typeof rest[0] === "number") {
      const list = current[String(top)];
      if (Array.isArray(list)) document.set([key], list);
    }
    const isPart = rest.length > 0 && parts.length > 0 && !isThere;
    document.set(isPart ? [`${project}:${pathText(path)}`] : [key, ...rest], value);
  }
  return document.toString();
}
