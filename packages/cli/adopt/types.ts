import type { Kind as DeclaredKind, Resource } from "../../../components/declaration";
import type { Wire } from "../../cloudflare/account-api";

/** What an object of the table is: all that the program declares, but for what comes with it. */
export type Kind = Exclude<
  DeclaredKind,
  "component" | "tunnel secret" | "stored secret" | "secret version" | "secret reader"
>;

/** How an object is taken. */
type How =
  /** Into the stack's state, under its id. */
  | "import"
  /** First from inline to reusable, under its id, then into the state. */
  | "convert, import"
  /** From inline to reusable, so that it outlives its place in the application; the stack does not get it. */
  | "convert, leave"
  /** The state has it already. */
  | "in the state"
  /** The stack names it and leaves it as it is. */
  | "by id"
  | "left alone"
  /** There is none that may be taken: the next `up` makes it. */
  | "created new";

/** One field that the next `up` changes. */
export interface FieldChange {
  /** As the API spells it, e.g. `config.client_secret`. */
  field: string;
  /** Undefined: nothing is there. */
  now: unknown;
  /** Undefined: taken away. */
  next: unknown;
}

/** One object of the account, or one to be made. */
export interface Row {
  kind: Kind;
  /** What it is called there; of a new one, what it is going to be called. */
  name: string;
  id?: string;
  how: How;
  /** Why it is taken so, where that is not plain. */
  why?: string;
  /** The object as the API shows it; absent for a rule of a tunnel, and for what is not there. */
  was?: Wire;
  /** Of an application's policy: the application's id. */
  application?: string;
  /** The resource that it is or becomes. */
  resource?: Resource;
  /** What `pulumi import` takes. */
  importId?: string;
  /** Empty as long as the engine has not been asked. */
  changes: FieldChange[];
}

/** Something only the operator can decide; nothing is changed before. */
export interface Decision {
  what: string;
  why: string;
  /** What to do: an option, or a change of the config. */
  remedy: string;
  /** The field that it is about, as the API spells it. */
  field?: string;
  /** That field's value, without secrets. */
  found?: unknown;
}

/** A config value to be written; undefined takes it away. */
export interface ConfigChange {
  path: readonly (string | number)[];
  value: unknown;
  /** Where it comes from. */
  why: string;
}

/** What cannot be read, and how to get a new one. */
export interface Unreadable {
  what: string;
  next: string;
}

/** Stands for the id of an object that the next `up` makes. */
export const newId = (kind: DeclaredKind, name: string): string => `(new ${kind} ${name})`;

/** What the operator allowed. */
export interface Choices {
  /** `<kind>:<id>` of objects that others use too, and that are to be taken all the same. */
  take: ReadonlySet<string>;
  /** Inline policies may become reusable ones. */
  convertInline: boolean;
  /** The Google login to use, where there are several. */
  identityProvider?: string;
}

/** Words of `--take`, by kind. */
export const TAKE_WORDS = {
  application: "application",
  policy: "policy",
  "identity provider": "idp",
  "service token": "token",
  "DNS record": "dns",
} as const satisfies Partial<Record<Kind, string>>;

export function takeFlag(kind: keyof typeof TAKE_WORDS, id: string): string {
  return `${TAKE_WORDS[kind]}:${id}`;
}
