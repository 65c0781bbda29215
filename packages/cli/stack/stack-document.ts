import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isNode, parseDocument } from "yaml";
import { UserError } from "../../base/errors";
import { type Fields, fieldsOf } from "../../base/json-values";
import { type Layout, quoteTimes, setInText, type YamlPath } from "./set-in-text";

/** A stack's config file that is changed in place: comments and order stay, and so does every line that is not changed. */
export class StackDocument {
  /** What the file is to say. */
  private readonly document: Document;
  /** The text that says it; undefined once a change met a layout that is not known. */
  private text: string | undefined;

  /**
   * @param read the file's text; it may be empty.
   * @param name what errors call it.
   * @throws {UserError} when it is no YAML, or not a mapping.
   */
  constructor(
    private readonly read: string,
    private readonly name: string,
  ) {
    this.document = parseDocument(read);
    this.text = read;
    const flaw = flawOf(this.document);
    if (flaw !== undefined) {
      throw new UserError(`${name} is not a stack file: ${flaw}`, "Mend it, then run the command again.");
    }
  }

  /** The config as it now is, by whole key (`comfyui-access:zone`). */
  config(): Fields {
    return fieldsOf(fieldsOf(this.document.toJS())["config"]);
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
   * @throws {UserError} when there is no place for it.
   */
  set(path: YamlPath, value: unknown, layout: Layout = {}): this {
    const at = ["config", ...path];
    if (isDeepStrictEqual(valueAt(this.document.toJS(), at), value)) return this;
    try {
      if (value === undefined) this.document.deleteIn(at);
      else this.setNode(at, value, layout);
    } catch {
      throw new UserError(
        `${this.name}: ${path[0]} is neither a list nor a map`,
        "Mend it, then run the command again.",
      );
    }
    if (this.text !== undefined) this.text = setInText(this.text, at, value, layout);
    return this;
  }

  /** The file's text. */
  toString(): string {
    const { text, document, read } = this;
    // What was spliced counts where it says the same; else the whole file is written anew.
    if (text !== undefined && saysTheSame(text, document)) return text;
    const plain = read.replaceAll("\r\n", "\n");
    const whole = document.toString({ lineWidth: 0, indentSeq: indentsLists(plain) });
    return plain === read ? whole : whole.replaceAll("\n", "\r\n");
  }

  private setNode(at: YamlPath, value: unknown, layout: Layout): void {
    const { document } = this;
    document.contents ??= document.createNode({}) as never;
    if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
    const node = document.createNode(value, layout);
    quoteTimes(node);
    const old = document.getIn(at, true);
    // A remark beside a value outlives it; those inside a list or a mapping go with what they are about.
    if (isNode(old)) {
      const { comment, commentBefore, spaceBefore } = old;
      Object.assign(node, { comment, commentBefore, spaceBefore });
    }
    document.setIn(at, node);
  }
}

/** Why a document is no stack file. */
function flawOf(document: Document): string | undefined {
  const [error] = document.errors;
  if (error !== undefined) return `it is not YAML, line ${error.linePos?.[0]?.line ?? 1}`;
  try {
    // Only then are aliases looked up: one that leads nowhere is an error too.
    document.toJS();
  } catch {
    return "it is not YAML, line 1";
  }
  return document.contents === null || isMap(document.contents) ? undefined : "it is not a mapping";
}

function valueAt(whole: unknown, at: YamlPath): unknown {
  return at.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key], whole);
}

function saysTheSame(text: string, document: Document): boolean {
  const read = parseDocument(text);
  return read.errors.length === 0 && isDeepStrictEqual(read.toJS(), document.toJS());
}

/** Whether lists stand further in than their key: the engine writes them at its column, others do not. */
function indentsLists(text: string): boolean {
  return !/^( *)[^\s#-][^#\n]*:[ \t]*(?:#.*)?\n(?:\s*#.*\n)*\1- /m.test(text);
}
