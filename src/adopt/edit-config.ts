import { type Document, isMap, isScalar } from "yaml";
import { UserError } from "../errors";
import { layoutOf, stackDocument } from "../stack/stack-document";
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
  const read = stackDocument(text);
  if ("line" in read || !(read.document.contents === null || isMap(read.document.contents))) {
    throw new UserError(
      `${file} is not a stack file that can be read as YAML`,
      "Mend it, then run the command again.",
    );
  }
  const { document } = read;
  if (document.contents === null) document.contents = document.createNode({}) as never;
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const change of changes) edit(document, project, change);
  return document.toString(layoutOf(text));
}

function edit(document: Document, project: string, { path, value }: ConfigChange): void {
  const [top = "", ...rest] = path;
  const key = `${project}:${top}`;
  // Values can also stand under a path for a key, as `pulumi new` writes them.
  const flat = flatKeys(document, key);
  if (rest.length === 0) for (const each of flat) document.deleteIn(["config", each]);
  const isFlat = rest.length > 0 && flat.length > 0 && !document.hasIn(["config", key]);
  const at = isFlat ? ["config", `${project}:${pathText(path)}`] : ["config", key, ...rest];
  if (value === undefined) {
    document.deleteIn(at);
    return;
  }
  const old = document.getIn(at, true);
  const node = document.createNode(value);
  // A remark beside a value outlives it; those inside a list or a mapping go with what they are about.
  if (isScalar(old) && isScalar(node)) {
    node.commentBefore = old.commentBefore;
    node.comment = old.comment;
  }
  document.setIn(at, node);
}

function flatKeys(document: Document, key: string): string[] {
  const config = document.get("config");
  if (!isMap(config)) return [];
  const keys = config.items.map((item) => String(item.key));
  return keys.filter((each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`));
}
