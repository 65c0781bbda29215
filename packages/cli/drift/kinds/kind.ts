import type { Fields } from "../../../base/json-values";
import type { AccountSnapshot } from "../../../cloudflare/account-snapshot";
import type { Field, Kind as Table } from "../../../cloudflare/kinds";
import { apiFields, apiPath, inApiForm, withoutWithheld } from "../../../cloudflare/kinds/api-form";
import { openedBy } from "../../../cloudflare/kinds/opens";
import type { StackResource } from "../../stack/read-stack";
import type { Compared, Difference } from "../compare";
import type { Subject } from "../types";

/** What of the stack's settings an object's fields follow from. */
export interface KindContext {
  /** Host of the team's login pages. */
  authDomain: string;
  /** The time to judge by. */
  now: Date;
}

/** What only the comparison knows of a kind; everything of its fields is in the table. */
interface Ways {
  subject: Subject;
  /** What follows from other fields: the API shows it, and the state need not say it. */
  expected?(wire: Fields, context: KindContext): Fields;
  /** What the API shows, where it says one thing in several ways. */
  shown?(live: Fields, context: KindContext): Fields;
  /** Fields that are compared in a way of their own, in `compare`. */
  own?: readonly string[];
  compare?(expected: Fields, live: Fields): Compared;
  /** What a difference opens besides what the table says, where the comparison of who gets in cannot tell. */
  opens?(difference: Difference): string | undefined;
}

/** How objects of one kind are compared with what the state says of them. */
export interface Kind extends Pick<Ways, "subject" | "own" | "compare"> {
  table: Table;
  /** What a difference opens, where the comparison of who gets in cannot tell. */
  opens(difference: Difference): string | undefined;
  /** Path of the object in the API. */
  path(account: AccountSnapshot, resource: StackResource): string;
  /** What the API should show, in its own spelling, as far as `fields` goes. */
  expected(properties: Fields, context: KindContext): Fields;
  /** What the API shows, in the same form. */
  shown(live: Fields, context: KindContext): Fields;
  /** The fields to compare, by their name in the API. */
  fields: Readonly<Record<string, Field>>;
  /** Fields that say nothing of what the object does, and why. */
  bookkeeping: Readonly<Record<string, string>>;
}

/** How a kind of the table is compared. */
export function compared(table: Table, { expected, shown, opens, ...ways }: Ways): Kind {
  const fields = apiFields(table);
  const all = Object.entries(fields);
  return {
    ...ways,
    table,
    opens: (difference) => opens?.(difference) ?? openedBy(fields, difference),
    path: ({ accountId }, { id, inputs }) => apiPath(table, { ...inputs, accountId, id }),
    expected: (properties, context) => {
      const wire = withoutWithheld(table, inApiForm(table, properties));
      return expected?.(wire, context) ?? wire;
    },
    shown: (live, context) => {
      // What an answer should not hold is no text for a report either.
      const wire = withoutWithheld(table, live);
      return shown?.(wire, context) ?? wire;
    },
    fields: Object.fromEntries(
      all.filter(
        ([name, { bookkeeping, withheld }]) =>
          bookkeeping === undefined && withheld === undefined && !ways.own?.includes(name),
      ),
    ),
    bookkeeping: Object.fromEntries(
      all.flatMap(([name, { bookkeeping }]) => (bookkeeping === undefined ? [] : [[name, bookkeeping]])),
    ),
  };
}

/** The properties of a resource, as the provider last saw them. */
export const propertiesOf = ({ inputs, outputs }: StackResource): Fields => ({ ...inputs, ...outputs });
