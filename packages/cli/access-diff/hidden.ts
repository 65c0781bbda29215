import { isDeepStrictEqual } from "node:util";
import { isHidden, UNKNOWN_VALUE } from "../../access/hidden";
import type { NotJudged, Situation } from "../../access/situation";
import { notJudgedWords } from "../../access/words";
import { type Field, kindOfType } from "../../cloudflare/kinds";
import type { StateResource } from "../../cloudflare/state-resource";
import { bearsOf, byText, type Undecided } from "./undecided";

/** Names of properties whose unknown values do no harm: the program itself ties them to what they belong to. */
const HARMLESS = new Set(["audTags", "audTag"]);

/** One side of a change: its resources, and what they were read as. */
interface Side {
  resources: readonly StateResource[];
  situation: Situation;
}

/** What cannot be read on one of two sides, or is somebody else's and not the same on both. */
export function hiddenFacts(before: Side, after: Side): Undecided[] {
  const [then, now] = [factsOf(before), factsOf(after)];
  const differing = [
    ...[...now].filter(([key]) => !then.has(key)),
    ...[...then].filter(([key]) => !now.has(key)),
  ];
  return byText(differing.map(([, fact]) => fact));
}

/** What decides and cannot be read, where that or what else decides in the object is not the same on both sides. */
export function unreadFacts(before: Situation, after: Situation): Undecided[] {
  const [then, now] = [before, after].map(({ notJudged }) =>
    notJudged.filter(({ code }) => code === "hidden"),
  );
  const without = (list: readonly NotJudged[] = [], others: readonly NotJudged[] = []) =>
    list.filter((one) => !others.some((other) => isDeepStrictEqual(one, other)));
  return [...without(now, then), ...without(then, now)].map((each) => ({
    code: "cannot be read",
    bears: bearsOf(each.decides),
    text: notJudgedWords(each),
  }));
}

/**
 * Settings that say what counts as proof and cannot be read as a whole, as those of a login that are one secret, where they
 * differ. What they hold may be a client's secret alone, or whose addresses are believed.
 */
export function hiddenCredentials(
  before: readonly StateResource[],
  after: readonly StateResource[],
): Undecided[] {
  const [then, now] = [before, after].map(
    (list) => new Map(list.map((each) => [`${each.type} ${each.id}`, each])),
  );
  return [...(now ?? [])].flatMap(([key, { type, id, outputs, given }]) =>
    Object.entries(kindOfType(type)?.fields ?? {}).flatMap(([property, { decides, fields }]): Undecided[] => {
      const value = outputs[property];
      if (decides !== "credentials" || fields === undefined || !isHidden(value)) return [];
      if (value === UNKNOWN_VALUE && given?.has(property) === false) return [];
      const was = then?.get(key)?.outputs[property];
      if (isDeepStrictEqual(was, value)) return [];
      const name = typeof outputs["name"] === "string" ? outputs["name"] : id;
      const text = `${property} of ${type.split(":").at(-1)} ${name} cannot be read: ${namesOf(fields)} may be otherwise`;
      return [{ code: "cannot be read", bears: bearsOf(decides), text }];
    }),
  );
}

/** Names of what is not judged among the fields of an object, which decides. */
const namesOf = (fields: NonNullable<Field["fields"]>): string =>
  fields === "rules"
    ? "its rules"
    : Object.entries(fields)
        .filter(([, { decides }]) => decides !== "nothing")
        .map(([name]) => name)
        .join(", ");

function factsOf({ resources, situation }: Side): Map<string, Undecided> {
  const facts = new Map<string, Undecided>();
  for (const { type, id, outputs, given } of resources) {
    for (const [property, { mustBeKnown, decides }] of Object.entries(kindOfType(type)?.fields ?? {})) {
      if (mustBeKnown === undefined) continue;
      // What only the update tells, and the program does not say, is what the API makes of it by itself.
      const isGiven = outputs[property] !== UNKNOWN_VALUE || given?.has(property) !== false;
      if (mustBeKnown === "where given" && !isGiven) continue;
      for (const [path, value] of hiddenIn(outputs[property], property)) {
        const name = typeof outputs["name"] === "string" ? outputs["name"] : id;
        const kind = type.split(":").at(-1);
        facts.set(`${id} ${path} ${JSON.stringify(value)}`, {
          code: "cannot be read",
          bears: bearsOf(decides === "nothing" ? undefined : decides),
          text: `${path} of ${kind} ${name} cannot be read yet`,
        });
      }
    }
  }
  for (const { name, policies } of situation.applications) {
    for (const policy of policies.filter(({ foreign, id }) => foreign && !isHidden(id))) {
      const text = `application ${name} links a policy that is not the stack's own (${policy.id})`;
      facts.set(`${name} ${policy.id}`, { code: "foreign policy", bears: ["access"], text });
    }
  }
  return facts;
}

function hiddenIn(value: unknown, path: string): [path: string, value: unknown][] {
  if (isHidden(value)) return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    HARMLESS.has(name) ? [] : hiddenIn(inner, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`),
  );
}
