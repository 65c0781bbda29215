import { isDeepStrictEqual } from "node:util";
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { DEFAULT_TOKEN, type RotationNote, type StandInConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { rfc3339 } from "../../base/instant";
import { setInText } from "../adopt/yaml-edit";
import { layoutOf, quoteTimes, stackDocument } from "../stack/stack-document";
import { versionAfter } from "./version-after";

/** What the config says of a token, as far as a rotation reads it. */
interface TokenEntry {
  /** 1 where the config says none. */
  version: number;
  previousExpiresAt?: string;
  rotation?: RotationNote;
  standIn?: StandInConfig;
}

/** Changes one stack config's service tokens in place: comments and order stay as they are. */
export class ConfigEdit {
  private readonly document: Document;

  /**
   * @param yaml the text of `Pulumi.<stack>.yaml`.
   * @param project the project's name, which is the namespace of its keys.
   * @throws {UserError} when it is not YAML.
   */
  constructor(
    private readonly yaml: string,
    private readonly project: string,
  ) {
    const read = stackDocument(yaml);
    if ("line" in read) {
      throw new UserError(`the stack's config is not YAML, line ${read.line}`, "Mend the file.");
    }
    this.document = read.document;
  }

  /**
   * A token's entry, without a note that is of another version; undefined when the config does not list it. Its times
   * are RFC 3339, as the program gets them, however the engine has written them.
   */
  plain(token: string): TokenEntry | undefined {
    const found = this.find(token)?.toJSON() ?? (this.isDefault(token) ? DEFAULT_TOKEN : undefined);
    if (found === undefined) return undefined;
    const entry = withTimes(found) as Partial<TokenEntry>;
    const version = Number(entry.version ?? 1);
    // Somebody has raised the version by hand since: of the secret that this made, nothing is known.
    const rotation = Number(entry.rotation?.version) === version ? entry.rotation : undefined;
    return { ...entry, version, rotation };
  }

  /** Sets the version, and until when the secret before it is accepted. */
  setVersion(token: string, version: number, previousExpiresAt: Date): this {
    this.entry(token).set("version", version);
    return this.setEnd(token, previousExpiresAt);
  }

  /** Sets until when the secret before is accepted. */
  setEnd(token: string, previousExpiresAt: Date): this {
    const time = new Scalar(timeOf(previousExpiresAt));
    quoteTimes(time);
    replace(this.entry(token), "previousExpiresAt", time);
    return this;
  }

  /** Notes how far the rotation is; undefined: nothing is known of it. */
  setNote(token: string, note: RotationNote | undefined): this {
    if (note === undefined) this.entry(token).delete("rotation");
    else replace(this.entry(token), "rotation", this.flow(note));
    return this;
  }

  /** Declares a stand-in, or changes until when one is accepted. */
  setStandIn(name: string, duration: string, standIn: StandInConfig): this {
    const entry = this.find(name);
    if (entry === undefined) this.list().add(this.document.createNode({ name, duration, standIn: {} }));
    replace(this.entry(name), "standIn", this.flow(standIn));
    return this;
  }

  /** Takes a token out of the list. */
  remove(name: string): this {
    const list = this.list();
    list.items = list.items.filter((item) => !(isMap(item) && item.get("name") === name));
    return this;
  }

  toString(): string {
    const whole = this.document.toString(layoutOf(this.yaml));
    const spliced = this.spliced();
    if (spliced === undefined) return whole;
    // Only where that says the same: with an unusual layout the whole file is written anew.
    const read = parseDocument(spliced);
    const same = read.errors.length === 0 && isDeepStrictEqual(read.toJS(), this.document.toJS());
    return same && commentsOf(spliced) === commentsOf(whole) ? spliced : whole;
  }

  /** The text as it was read, with the list of tokens alone written anew. */
  private spliced(): string | undefined {
    const config = parseDocument(this.yaml).get("config");
    const key = `${this.project}:serviceTokens`;
    const old = isMap(config)
      ? config.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
      : undefined;
    if (old === undefined && isMap(config)) {
      const list = this.document.getIn(["config", key]);
      return isSeq(list) ? setInText(this.yaml, ["config", key], list.toJSON()) : undefined;
    }
    if (!isScalar(old?.key) || !isSeq(old.value) || !old.key.range || !old.value.range) return undefined;
    const only = new Document({ config: {} });
    only.setIn(["config", key], this.document.getIn(["config", key]));
    const [, ...lines] = only.toString(layoutOf(this.yaml)).split("\n");
    const start = this.yaml.lastIndexOf("\n", old.key.range[0]) + 1;
    const end = old.value.range[1];
    return `${this.yaml.slice(0, start)}${lines.join("\n").trimEnd()}\n${this.yaml.slice(end).replace(/^\n/, "")}`;
  }

  /** One line in the file. */
  private flow(value: RotationNote | StandInConfig): YAMLMap {
    const node = this.document.createNode(value) as YAMLMap;
    node.flow = true;
    quoteTimes(node);
    return node;
  }

  /** Whether the config lists no tokens, so that it has the one that is then taken for granted. */
  private isDefault(token: string): boolean {
    if (token !== DEFAULT_TOKEN.name) return false;
    const config = this.document.get("config");
    const key = `${this.project}:serviceTokens`;
    const keys = isMap(config) ? config.items.map((item) => String(item.key)) : [];
    if (keys.some((each) => each.startsWith(`${key}.`) || each.startsWith(`${key}[`))) return false;
    // As the program takes it: an empty list is one, and means none.
    const value: unknown = isMap(config) ? config.toJSON()[key] : undefined;
    return value === undefined || value === null || value === "";
  }

  private find(token: string): YAMLMap | undefined {
    const tokens = this.document.getIn(["config", `${this.project}:serviceTokens`]);
    if (!isSeq(tokens)) return undefined;
    return tokens.items.find((item): item is YAMLMap => isMap(item) && item.get("name") === token);
  }

  private entry(token: string): YAMLMap {
    const entry = this.find(token);
    if (entry !== undefined) return entry;
    if (!this.isDefault(token)) throw notListed(this.project, token);
    const list = this.document.createNode([{ name: token }]);
    this.document.setIn(["config", `${this.project}:serviceTokens`], list);
    return list.items[0] as YAMLMap;
  }

  private list(): YAMLSeq {
    const tokens = this.document.getIn(["config", `${this.project}:serviceTokens`]);
    if (isSeq(tokens)) return tokens;
    throw new UserError("the config lists no service tokens", `Declare ${this.project}:serviceTokens.`);
  }
}

/** Sets a value; the comment behind the old one, and those before it, stay. */
function replace(entry: YAMLMap, key: string, value: Node): void {
  const old: unknown = entry.get(key, true);
  if (isNode(old)) {
    const { comment, commentBefore, spaceBefore } = old;
    Object.assign(value, { comment, commentBefore, spaceBefore });
  }
  entry.set(key, value);
}

/** The same values with each time as the program gets it. */
function withTimes(value: unknown): unknown {
  if (typeof value === "string") return rfc3339(value);
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTimes(inner)]));
}

function commentsOf(yaml: string): string {
  return [...yaml.matchAll(/#.*$/gm)].join("\n");
}

/** A time as the config has it: RFC 3339, whole seconds, UTC. */
export function timeOf(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * The config with the token's next version, for one who cannot see its secret: the config does not tell a token that
 * was adopted, so without a note of a secret that the stack knows, the version is raised as for one.
 * @param until when the secret before it stops being accepted.
 * @throws {UserError} when the config does not list the token.
 */
export function nextVersion(yaml: string, project: string, token: string, until: Date): string {
  const { version, rotation, previousExpiresAt = "" } = tokenEntry(yaml, project, token);
  if (rotation?.replaces !== undefined && Date.parse(previousExpiresAt) > Date.now()) {
    throw new UserError(
      `a rotation of ${token} is under way`,
      "Bring it to its end: npm run rotate -- --finish; or wait until its previousExpiresAt is over.",
    );
  }
  const next = versionAfter(version, rotation?.proven ?? rotation?.replaces);
  const edit = new ConfigEdit(yaml, project).setVersion(token, next, until);
  // What was proven is what this version replaces: with that, `rotate` can tell whether the new secret arrived.
  if (rotation?.proven === undefined) return edit.setNote(token, undefined).toString();
  return edit.setNote(token, { version: next, replaces: rotation.proven }).toString();
}

/**
 * What the config notes of a token.
 * @throws {UserError} when the config does not list it.
 */
export function tokenEntry(yaml: string, project: string, token: string): TokenEntry {
  const entry = new ConfigEdit(yaml, project).plain(token);
  if (entry === undefined) throw notListed(project, token);
  return entry;
}

function notListed(project: string, token: string): UserError {
  return new UserError(
    `the config lists no service token ${token}`,
    `Give the name of one that it lists under ${project}:serviceTokens.`,
  );
}
