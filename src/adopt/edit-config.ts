import { type Document, isMap, parseDocument } from "yaml";
import { UserError } from "../errors";
import { pathText } from "./propose";
import type { ConfigChange } from "./types";

/**
 * The text of a stack file with the changes in it; comments, order and all other values stay as they are.
 * @throws {UserError} when the text is not a stack file.
 */
export function editConfig(
  text: string,
  project: string,
  changes: readonly ConfigChange[],
  file: string,
): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    throw new UserError(
      `${file} is not a stack file that can be read as YAML`,
      "Mend it, then run the command again.",
    );
  }
  if (document.contents === null) document.contents = document.createNode({}) as never;
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const change of changes) edit(document, project, change);
  return document.toString({ lineWidth: 0 });
}

function edit(document: Document, project: string, { path, value }: ConfigChange): void {
  const [top = "", ...rest] = path;
  const key = `${project}:${top}`;
  // Values can also stand under a path for a key, as `pulumi new` writes them.
  const flat = flatKeys(document, key);
  if (rest.length === 0) for (const each of flat) document.deleteIn(["config", each]);
  const isFlat = rest.length > 0 && flat.length > 0 && !document.hasIn(["config", key]);
  const at = isFlat ? ["config", `${project}:${pathText(path)}`] : ["config", key, ...rest];
  if (value === undefined) document.deleteIn(at);
  else document.setIn(at, document.createNode(value));
}

function flatKeys(document: Document, key: string): string[] {
  const config = document.get("config");
  if (!isMap(config)) return [];
  const keys = config.items.map((item) => String(item.key));
  return keys.filter((each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`));
}
