import type { Wire } from "../../cloudflare/account-api";
import { isUnset } from "../../cloudflare/kinds/unset";
import type { StackResource } from "../stack/read-stack";
import { type Compared, compareFields, type Difference } from "./compare";
import { kindOf } from "./kinds";
import { type Kind, type KindContext, propertiesOf } from "./kinds/kind";
import type { Account } from "./read-account";
import { nameOf } from "./read-account";
import type { Change, Unseen } from "./types";

/** What comparing the stack's own objects came to. */
export interface ObjectsCompared {
  changes: Change[];
  unseen: Unseen[];
  objects: number;
  fields: number;
}

/** Compares each object of the stack with what its state says, field by field. */
export function compareObjects(
  account: Account,
  resources: readonly StackResource[],
  context: KindContext,
): ObjectsCompared {
  const found: ObjectsCompared = { changes: [], unseen: [], objects: 0, fields: 0 };
  for (const resource of resources) {
    const kind = kindOf(resource.type);
    const live = account.objects.get(resource.urn);
    if (kind === undefined || live === undefined) continue;
    found.objects += 1;
    if (live === null) {
      found.changes.push(goneChange(kind, resource, account.successors.get(resource.urn)));
      continue;
    }
    found.fields += Object.keys(kind.fields).length + (kind.own?.length ?? 0);
    const { differences, hidden } = compareObject(kind, resource, live, context);
    found.changes.push(...differences.map((difference) => fieldChange(kind, resource, difference)));
    found.unseen.push(
      ...hidden.map((field) => ({
        what: `${field} of ${kind.subject} ${nameOf(resource)}`,
        why: "its former value is encrypted in the state",
        result: "open" as const,
      })),
      ...strangers(kind, resource, live),
    );
  }
  found.changes.sort(
    (a, b) => SUBJECTS.indexOf(a.subject) - SUBJECTS.indexOf(b.subject) || compareNames(a, b),
  );
  return found;
}

/** Zero for the same object, so that its fields stay in their order. */
const compareNames = (a: Change, b: Change): number => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1);

const SUBJECTS: Change["subject"][] = [
  "organization",
  "application",
  "policy",
  "identity provider",
  "service token",
  "tunnel",
  "tunnel configuration",
  "DNS record",
  "notification policy",
  "Google Cloud",
];

function compareObject(kind: Kind, resource: StackResource, live: Wire, context: KindContext): Compared {
  const expected = kind.expected(propertiesOf(resource), context);
  const shown = kind.shown(live, context);
  // An answer that holds none of those that it need not show does not speak of them at all.
  const isSilent = Object.entries(kind.fields).every(
    ([field, { notAlwaysShown }]) => !notAlwaysShown || (live[field] ?? null) === null,
  );
  const fields = Object.fromEntries(
    Object.entries(kind.fields).filter(([, { notAlwaysShown }]) => !(isSilent && notAlwaysShown)),
  );
  const compared = compareFields(fields, expected, shown);
  const own = kind.compare?.(expected, shown) ?? { differences: [], hidden: [] };
  return {
    differences: withoutFollowers([...compared.differences, ...own.differences]),
    hidden: [...compared.hidden, ...own.hidden],
  };
}

/** Fields that the API moves together with the first one: one change, told once. */
const FOLLOWERS = { destinations: ["domain", "self_hosted_domains"] };

function withoutFollowers(differences: readonly Difference[]): Difference[] {
  const leading = differences.some(({ field }) => field === "destinations");
  return leading
    ? differences.filter(({ field }) => !FOLLOWERS.destinations.includes(field))
    : [...differences];
}

function fieldChange(kind: Kind, resource: StackResource, difference: Difference): Change {
  const opens = kind.opens(difference);
  const { path: _, ...told } = difference;
  return {
    subject: kind.subject,
    name: nameOf(resource),
    id: resource.id,
    what: "changed",
    ...told,
    ...(opens === undefined ? {} : { opens }),
  };
}

function goneChange(kind: Kind, resource: StackResource, successor: Wire | undefined): Change {
  return {
    subject: kind.subject,
    name: nameOf(resource),
    id: resource.id,
    what: "deleted",
    ...(successor === undefined ? {} : { detail: `another one of that name is there: ${successor["id"]}` }),
  };
}

/** Fields that this version does not know: nothing says how they were. */
function strangers(kind: Kind, resource: StackResource, live: Wire): Unseen[] {
  const known = new Set([...Object.keys(kind.fields), ...Object.keys(kind.bookkeeping), ...(kind.own ?? [])]);
  return Object.entries(live)
    .filter(([field, value]) => !known.has(field) && !isUnset(value))
    .map(([field]) => ({
      what: `${field} of ${kind.subject} ${nameOf(resource)}`,
      why: "a field that this version does not know, so the state does not say how it was",
      result: "open" as const,
    }));
}
