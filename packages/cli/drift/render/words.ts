import { describeRule } from "../../../access/rules";
import { fieldsOf, textOf } from "../../../base/json-values";
import type { Change } from "../types";

const LONGEST = 160;

/** A value as people read it; ids that have a name are called by it. */
function valueWords(value: unknown, names: Readonly<Record<string, string>>): string {
  const text = wordsOf(value, names);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function wordsOf(value: unknown, names: Readonly<Record<string, string>>): string {
  if (value === undefined || value === null) return "not set";
  if (typeof value === "string") return value === "" ? '""' : (names[value] ?? value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map((each) => wordsOf(each, names)).join(", ");
  const fields = fieldsOf(value);
  const keys = Object.keys(fields);
  const is = (...wanted: string[]) => keys.length === wanted.length && wanted.every((key) => key in fields);
  if (is("id", "precedence")) return `${wordsOf(fields["id"], names)} (${fields["precedence"]})`;
  if (is("type", "uri") && fields["type"] === "public") return String(fields["uri"]);
  if (is("id")) return wordsOf(fields["id"], names);
  if (textOf(fields["service"]) !== undefined && keys.every((key) => RULE.has(key)))
    return ingressWords(fields);
  if (keys.length === 1 && typeof Object.values(fields)[0] === "object") return describeRule(fields, names);
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "string" ? (names[each] ?? each) : each,
  );
}

const RULE = new Set(["hostname", "path", "service", "originRequest"]);

function ingressWords(rule: ReturnType<typeof fieldsOf>): string {
  const { required } = fieldsOf(fieldsOf(rule["originRequest"])["access"]);
  return `${rule["service"]}, ${required === true ? "with" : "without"} a check of Access's JWT`;
}

/** One line on a change, without the object; what it opens aside. */
export function changeWords(change: Change, names: Readonly<Record<string, string>>): string {
  const { what, field, before, after, list, detail } = change;
  const more = detail === undefined ? "" : field === undefined ? `; ${detail}` : detail;
  if (field === undefined) {
    const whole = what === "deleted" ? "is gone" : what === "added" ? "was added" : "was changed";
    return what === "added" && detail !== undefined ? detail : `${whole}${more}`;
  }
  if (before === undefined && after === undefined) return more === "" ? "changed" : more;
  const words = (value: unknown) => valueWords(value, names);
  if (!list) {
    const text = what === "added" ? words(after) : `${words(before)} → ${words(after)}`;
    return more === "" ? text : `${text}, ${more}`;
  }
  const [gone, come] = [before, after].map((value) => (Array.isArray(value) ? value : []));
  if (gone?.length === 1 && come?.length === 1) return `${words(gone[0])} → ${words(come[0])}`;
  return [
    ...(gone ?? []).map((each) => `− ${words(each)}`),
    ...(come ?? []).map((each) => `+ ${words(each)}`),
  ].join("  ");
}

/** What object a change is about, e.g. `application comfyui`. */
export const objectWords = ({ subject, name }: Pick<Change, "subject" | "name">): string =>
  subject === "Google Cloud" ? `${subject}: ${name}` : `${subject} ${name}`;

/** The changes of each object together, in the order of a report. */
export function byObject(changes: readonly Change[]): { object: string; changes: Change[] }[] {
  const found = new Map<string, Change[]>();
  for (const change of changes) {
    const key = `${objectWords(change)}\n${change.id}`;
    found.set(key, [...(found.get(key) ?? []), change]);
  }
  return [...found.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ object: objectWords(first), changes: group }];
  });
}
