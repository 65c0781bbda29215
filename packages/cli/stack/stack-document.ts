import { isDeepStrictEqual } from "node:util";
import { Document, parseDocument } from "yaml";
import { UserError } from "../../base/errors";
import { type Fields, fieldsOf, isFields } from "../../base/json-values";
import { type Layout, setInText, type YamlPath } from "./set-in-text";

/** A stack's config file that is changed in place: every line that is not changed stays as it is written. */
export class StackDocument {
  /** What the text says. */
  private content: Fields;

  /**
   * @param text the file's text; it may be empty.
   * @param name what errors call the file.
   * @throws {UserError} when it is no YAML, or not a mapping.
   */
  constructor(
    private text: string,
    private readonly name: string,
  ) {
    const found = contentOf(text);
    if ("flaw" in found) {
      throw new UserError(
        `${name} is not a stack file: ${found.flaw}`,
        "Mend it, then run the command again.",
      );
    }
    this.content = found.content;
  }

  /** The config as it now is, by whole key (`comfyui-access:zone`). */
  config(): Fields {
    return fieldsOf(this.content["config"]);
  }

  /** The keys that say a part of one each (`comfyui-access:tunnel.name`), as `pulumi new` writes them. */
  partsOf(key: string): string[] {
    return Object.keys(this.config()).filter(
      (each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`),
    );
  }

  /**
   * Sets a value of the config, or takes it away (undefined).
   * @param path from the whole key on.
   * @throws {UserError} when there is no place for it, or the file is laid out in a way that is not known.
   */
  set(path: YamlPath, value: unknown, layout: Layout = {}): this {
    const at = ["config", ...path];
    const given: unknown = value === undefined ? undefined : new Document(value).toJS();
    if (isDeepStrictEqual(valueAt(this.content, at), given)) return this;
    const wanted = withValue(this.content, at, given);
    if (wanted === undefined) {
      throw new UserError(
        `${this.name}: ${path[0]} is neither a list nor a map`,
        "Mend it, then run the command again.",
      );
    }
    const text = setInText(this.text, at, given, layout);
    // What is written is read again: a file that says something else than was meant is worse than none.
    const said = text === undefined ? undefined : contentOf(text);
    if (
      text === undefined ||
      said === undefined ||
      "flaw" in said ||
      !isDeepStrictEqual(said.content, wanted)
    ) {
      throw new UserError(
        `${this.name}: ${path.join(".")} cannot be changed in place, as the file is laid out`,
        "Write that part of it in plain YAML, without anchors, tags and the like, and run the command again.",
      );
    }
    this.text = text;
    this.content = said.content;
    return this;
  }

  /** The file's text. */
  toString(): string {
    return this.text;
  }
}

/** What a text says, or why it is no stack file. */
function contentOf(text: string): { content: Fields } | { flaw: string } {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { flaw: `it is not YAML, line ${error.linePos?.[0]?.line ?? 1}` };
  try {
    // Only then are aliases looked up: one that leads nowhere is an error too.
    const content: unknown = document.toJS() ?? {};
    if (!isFields(content)) return { flaw: "it is not a mapping" };
    return isFields(content["config"] ?? {}) ? { content } : { flaw: "its config is not a mapping" };
  } catch {
    return { flaw: "it is not YAML, line 1" };
  }
}

function valueAt(whole: unknown, at: YamlPath): unknown {
  return at.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], whole);
}

/** The same with one value set, or without it; undefined: there is neither a list nor a mapping that it could be in. */
function withValue(whole: unknown, [key, ...rest]: YamlPath, value: unknown): unknown {
  if (key === undefined) return value;
  const place = whole ?? (typeof key === "number" ? [] : {});
  const isLast = rest.length === 0;
  if (Array.isArray(place) && typeof key === "number") {
    const inner = isLast ? value : withValue(place[key], rest, value);
    if (inner === undefined) return isLast ? place.toSpliced(key, 1) : undefined;
    return key < place.length ? place.with(key, inner) : [...place, inner];
  }
  if (!isFields(place) || typeof key === "number") return undefined;
  if (isLast && value === undefined) {
    const { [key]: _, ...others } = place;
    return others;
  }
  const inner = withValue(place[key], rest, value);
  return inner === undefined ? undefined : { ...place, [key]: inner };
}
