import { DEFAULT_TOKEN, type RotationNote, type StandInConfig } from "../../../config/stack-config";
import { UserError } from "../../base/errors";
import { rfc3339 } from "../../base/instant";
import { fieldsOf } from "../../base/json-values";
import { StackDocument } from "../stack/stack-document";
import { versionAfter } from "./version-after";

/** What the config says of a token, as far as a rotation reads it. */
interface TokenEntry {
  /** 1 where the config says none. */
  version: number;
  previousExpiresAt?: string;
  rotation?: RotationNote;
  standIn?: StandInConfig;
}

/** Changes one stack config's service tokens in place. */
export class ConfigEdit {
  private readonly document: StackDocument;
  /** The key of the list of tokens. */
  private readonly key: string;

  /**
   * @param yaml the text of `Pulumi.<stack>.yaml`.
   * @param project the project's name, which is the namespace of its keys.
   * @throws {UserError} when it is not a stack file.
   */
  constructor(
    yaml: string,
    private readonly project: string,
  ) {
    this.document = new StackDocument(yaml, "the stack's config");
    this.key = `${project}:serviceTokens`;
  }

  /**
   * A token's entry, without a note that is of another version; undefined when the config does not list it. Its times
   * are RFC 3339, as the program gets them, however the engine has written them.
   */
  plain(token: string): TokenEntry | undefined {
    const found = this.list()?.find(isNamed(token)) ?? (this.isDefault(token) ? DEFAULT_TOKEN : undefined);
    if (found === undefined) return undefined;
    const entry = withTimes(found) as Partial<TokenEntry>;
    const version = Number(entry.version ?? 1);
    // Somebody has raised the version by hand since: of the secret that this made, nothing is known.
    const rotation = Number(entry.rotation?.version) === version ? entry.rotation : undefined;
    return { ...entry, version, rotation };
  }

  /** Sets the version, and until when the secret before it is accepted. */
  setVersion(token: string, version: number, previousExpiresAt: Date): this {
    this.document.set(this.at(token, "version"), version);
    return this.setEnd(token, previousExpiresAt);
  }

  /** Sets until when the secret before is accepted. */
  setEnd(token: string, previousExpiresAt: Date): this {
    this.document.set(this.at(token, "previousExpiresAt"), timeOf(previousExpiresAt));
    return this;
  }

  /** Notes how far the rotation is; undefined: nothing is known of it. */
  setNote(token: string, note: RotationNote | undefined): this {
    this.document.set(this.at(token, "rotation"), note, { flow: true });
    return this;
  }

  /** Declares a stand-in, or changes until when one is accepted. */
  setStandIn(name: string, duration: string, standIn: StandInConfig): this {
    const list = this.list();
    if (list === undefined) {
      throw new UserError("the config lists no service tokens", `Declare ${this.key}.`);
    }
    if (!list.some(isNamed(name))) this.document.set([this.key, list.length], { name, duration });
    this.document.set(this.at(name, "standIn"), standIn, { flow: true });
    return this;
  }

  /** Takes a token out of the list. */
  remove(name: string): this {
    const index = this.list()?.findIndex(isNamed(name)) ?? -1;
    if (index !== -1) this.document.set([this.key, index], undefined);
    return this;
  }

  toString(): string {
    return this.document.toString();
  }

  /** Whether the config lists no tokens, so that it has the one that is then taken for granted. */
  private isDefault(token: string): boolean {
    if (token !== DEFAULT_TOKEN.name) return false;
    if (this.document.partsOf(this.key).length > 0) return false;
    // As the program takes it: an empty list is one, and means none.
    const value = this.document.config()[this.key];
    return value === undefined || value === null || value === "";
  }

  /** Where a token's setting stands; the token that is taken for granted is listed with that. */
  private at(token: string, setting: string): [key: string, index: number, setting: string] {
    const index = this.list()?.findIndex(isNamed(token)) ?? -1;
    if (index !== -1) return [this.key, index, setting];
    if (!this.isDefault(token)) throw notListed(this.project, token);
    this.document.set([this.key], [{ name: token }]);
    return [this.key, 0, setting];
  }

  private list(): unknown[] | undefined {
    const list = this.document.config()[this.key];
    return Array.isArray(list) ? list : undefined;
  }
}

const isNamed =
  (token: string) =>
  (entry: unknown): boolean =>
    fieldsOf(entry)["name"] === token;

/** The same values with each time as the program gets it. */
function withTimes(value: unknown): unknown {
  if (typeof value === "string") return rfc3339(value);
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTimes(inner)]));
}

/** A time as the config has it: RFC 3339, whole seconds, UTC. */
export function timeOf(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * The config with the token's next version, for one who cannot see its secret: the config does not tell a token that
 * was adopted, so its version is raised as for one, once. The note says so: from then on the account has this version.
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
  const isKnown = rotation !== undefined && rotation.replaces === undefined;
  const next = isKnown ? version + 1 : versionAfter(version, rotation?.replaces);
  // What was proven is what this version replaces: with that, `rotate` can tell whether the new secret arrived.
  const replaces = rotation?.proven;
  return new ConfigEdit(yaml, project)
    .setVersion(token, next, until)
    .setNote(token, replaces === undefined ? { version: next } : { version: next, replaces })
    .toString();
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
