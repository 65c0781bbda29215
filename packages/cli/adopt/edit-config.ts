import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isScalar, parseDocument } from "yaml";
import { UserError } from "../../base/errors";
import { layoutOf, quoteTimes, stackDocument } from "../stack/stack-document";
import { pathText } from "./propose";
import type { ConfigChange } from "./types";
import { setInText } from "./yaml-edit";

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
  const read = stackDocument(text);
  if ("line" in read || !(read.document.contents === null || isMap(read.document.contents))) {
    throw new UserError(
      `${file} is not a stack file that can be read as YAML`,
      "Mend it, then run the command again.",
    );
  }
  const { document } = read;
  let spliced: string | undefined = text;
  for (const change of changes) {
    for (const { at, value } of edits(document, project, change, current)) {
      if (isDeepStrictEqual(valueAt(document, at), value)) continue;
      if (value === undefined) document.deleteIn(at);
      else setIn(document, at, value, file);
      spliced = spliced === undefined ? undefined : setInText(spliced, at, value);
    }
  }
  // Only where that says the same: with an unusual layout the whole file is written anew.
  return spliced !== undefined && saysTheSame(spliced, document)
    ? spliced
    : document.toString(layoutOf(text));
}

function valueAt(document: Document, at: (string | number)[]): unknown {
  return at.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | null)?.[key],
    document.toJS(),
  );
}

function setIn(document: Document, at: (string | number)[], value: unknown, file: string): void {
  if (document.contents === null) document.contents = document.createNode({}) as never;
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  try {
    const old = document.getIn(at, true);
    const node = document.createNode(value);
    quoteTimes(node);
    // A remark beside a value outlives it; those inside a list or a mapping go with what they are about.
    if (isScalar(old) && isScalar(node)) {
      node.commentBefore = old.commentBefore;
      node.comment = old.comment;
    }
    document.setIn(at, node);
  } catch {
    throw new UserError(
      `${file}: ${at[1]} is neither a list nor a map`,
      "Mend it, then run the command again.",
    );
  }
}

function saysTheSame(text: string, document: Document): boolean {
  const read = parseDocument(text);
  return read.errors.length === 0 && isDeepStrictEqual(read.toJS(), document.toJS());
}

interface Edit {
  at: (string | number)[];
  value: unknown;
}

function edits(
  document: Document,
  project: string,
  { path, value }: ConfigChange,
  current: Readonly<Record<string, unknown>>,
): Edit[] {
  const [top = "", ...rest] = path;
  const key = `${project}:${top}`;
  // Values can also stand under a path for a key, as `pulumi new` writes them.
  const flat = flatKeys(document, key);
  const replaced = rest.length === 0 ? flat : [];
  const isFlat = rest.length > 0 && flat.length > 0 && !document.hasIn(["config", key]);
  const at = isFlat ? ["config", `${project}:${pathText(path)}`] : ["config", key, ...rest];
  const list = current[String(top)];
  const isDefault = typeof rest[0] === "number" && flat.length === 0 && !document.hasIn(["config", key]);
  return [
    ...replaced.map((each) => ({ at: ["config", each], value: undefined })),
    ...(isDefault && Array.isArray(list) ? [{ at: ["config", key], value: list }] : []),
    { at, value },
  ];
}

function flatKeys(document: Document, key: string): string[] {
  const config = document.get("config");
  if (!isMap(config)) return [];
  const keys = config.items.map((item) => String(item.key));
  return keys.filter((each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`));
}
