import type { Decides } from "../../access/situation";

/**
 * A field: what it decides and how far the model judges it, how the API calls it, and what it takes to compare it. One
 * that decides nothing may hold what it likes; of the others each value that the model does not judge is named, and what
 * hangs on it is undecided.
 */
export interface Field {
  decides: Decides;
  /**
   * `all`: the model reads it, whatever it holds. A list, or a function that says so: these values are judged, and no
   * other. In each case a field that is not set is, as are `null`, `false`, an empty text, an empty list and an object of
   * such.
   */
  judged: "all" | readonly unknown[] | ((value: unknown) => boolean);
  /**
   * True for a field that decides nothing of who gets in, but what a visitor or a receiver gets, or whether it can be
   * written: an adoption keeps it.
   */
  delivers?: true;
  /** The fields of an object, or of each object in a list; `rules`: each is one rule of a policy. */
  fields?: Fields | "rules";
  /** True where the model says by itself what hangs on a value of it that cannot be read. */
  readHidden?: true;
  /**
   * True when nothing can be said where it cannot be read yet; of others the model says what hangs on them. `where given`:
   * unless the program leaves it to the API.
   */
  mustBeKnown?: true | "where given";
  /** The API's name for it, where that is not Pulumi's in snake case. */
  api?: string;
  /** True where the API spells the names below it as Pulumi does: cloudflared's own configuration is in camel case. */
  camelCase?: true;
  /** What the API takes where nobody sets it. Default: the same as `false`, an empty text and an empty list. */
  default?: unknown;
  /** True for a time, which may be written in several ways. */
  time?: true;
  /** Why it says nothing of what the object does; nobody declares it. */
  bookkeeping?: string;
  /** Why no answer of the API shows it. */
  withheld?: string;
  /** True when the answers may be silent on it, together with the kind's other such fields. */
  notAlwaysShown?: true;
  /** True when the provider's import does not read it, whatever the API shows. */
  unread?: true;
  /** True for what nobody may see; the engine keeps it encrypted. */
  secret?: true;
  /** What a change of it opens, where the comparison of who gets in cannot tell. */
  opens?: Opening;
}

/** A change that takes a guard away, or lets something in. */
export interface Opening {
  /** Whether it is such a change; undefined: there was or is nothing. */
  when(before: unknown, after: unknown): boolean;
  /** What it opens, in one clause. */
  what: string;
  /** The name below the field that it is about, in the API's spelling; absent: any, and the field itself. */
  at?: string;
}

/** Fields by Pulumi's names, or by the API's where the engine keeps those. */
export type Fields = Readonly<Record<string, Field>>;

/** A kind of object, with every field that the provider's schema has. */
export interface Kind {
  /** Pulumi's types of it, the present one first, then those of older versions of the package. */
  types: readonly [string, ...string[]];
  /** Where the API has such an object; what stands in braces is the resource's own. */
  path: string;
  fields: Fields;
  /** Fields that answers of the API have and the provider has not, by the API's names. */
  onlyInApi: Fields;
  /** The API's name of the time at which it was last written; absent where it says none. */
  writtenAt?: string;
}

export const NOTHING: Field = { decides: "nothing", judged: "all" };

/** Decides nothing of who gets in, and is kept all the same. */
export const DELIVERS: Field = { ...NOTHING, delivers: true };

/** Read by the model, whatever it holds. */
export const judged = (decides: Decides, fields?: Field["fields"]): Field => ({
  decides,
  judged: "all",
  fields,
});

/** Decides, and the model does not read it: judged only where it is not set, or has one of these values. */
export const unjudged = (decides: Decides, ...values: unknown[]): Field => ({ decides, judged: values });

/** Nothing can be said where it cannot be read yet. */
export const known = (field: Field): Field => ({ ...field, mustBeKnown: true });

export const all = (field: Field, ...names: string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, field]));

export const nothing = (...names: string[]): Fields => all(NOTHING, ...names);

/** Decides nothing, and says nothing of what the object does either. */
export const bookkeeping = (why: string, ...names: string[]): Fields =>
  all({ ...NOTHING, bookkeeping: why }, ...names);

/** Never in an answer. */
export const withheld = (why: string): Field => ({ ...NOTHING, withheld: why, secret: true, unread: true });

export const GIVEN = "given by Cloudflare when the object was made";
export const TIMES = "times that change with every write";

/** Of states that older versions of the package wrote. */
export const OLD_TIMES: Fields = all(
  { ...NOTHING, bookkeeping: TIMES, unread: true },
  "createdAt",
  "updatedAt",
);

/** Where an object is, and what Cloudflare calls it. */
export const given = (...names: string[]): Fields => bookkeeping(GIVEN, ...names);
