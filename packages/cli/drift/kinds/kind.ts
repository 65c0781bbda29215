import type { Fields } from "../../../base/json-values";
import type { AccountSnapshot } from "../../../cloudflare/account-snapshot";
import type { StackResource } from "../../stack/read-stack";
import type { Compared, Difference, FieldRule } from "../compare";
import type { Subject } from "../types";

/** What of the stack's settings an object's fields follow from. */
export interface KindContext {
  /** Host of the team's login pages. */
  authDomain: string;
  /** The time to judge by. */
  now: Date;
}

/** How objects of one kind are compared with what the state says of them. */
export interface Kind {
  subject: Subject;
  /** Pulumi's type. */
  type: string;
  /** Path of the object in the API. */
  path(account: AccountSnapshot, resource: StackResource): string;
  /** What the API should show, in its own spelling, as far as `fields` goes. */
  expected(properties: Fields, context: KindContext): Fields;
  /** What the API shows, brought to the same form. Default: as it is. */
  shown?(live: Fields, context: KindContext): Fields;
  /** The fields to compare, by their name in the API. */
  fields: Readonly<Record<string, FieldRule>>;
  /** Fields of `fields` that not every answer holds: compared only where it does. */
  notAlwaysShown?: readonly string[];
  /** Fields that are compared in a way of their own, in `compare`. */
  own?: readonly string[];
  compare?(expected: Fields, live: Fields): Compared;
  /** Fields that say nothing of what the object does, and why. */
  bookkeeping: Readonly<Record<string, string>>;
  /** Fields of the API that it keeps to itself, and why. */
  withheld?: Readonly<Record<string, string>>;
  /** What a difference opens, where the comparison of who gets in cannot tell. */
  opens?(difference: Difference): string | undefined;
  /** When somebody last wrote the object, if the API says so. */
  writtenAt?: string;
}

/** Whether something was on and is off now. */
export const turnedOff = ({ before, after }: Difference): boolean =>
  before === true && (after === undefined || after === false);

/** Whether something was off and is on now. */
export const turnedOn = ({ before, after }: Difference): boolean =>
  after === true && (before === undefined || before === false);

/** The properties of a resource, as the provider last saw them. */
export const propertiesOf = ({ inputs, outputs }: StackResource): Fields => ({ ...inputs, ...outputs });

export const TIMES = "times that change with every write";
export const ID = "given by Cloudflare when the object was made";
