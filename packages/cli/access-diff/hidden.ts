import { isHidden } from "../../access/hidden";
import type { NotJudged, Situation } from "../../access/situation";
import { notJudgedWords } from "../../access/words";
import { kindOfType } from "../../cloudflare/kinds";
import type { StateResource } from "../../cloudflare/state-resource";

/** Names of properties whose unknown values do no harm: the program itself ties them to what they belong to. */
const HARMLESS = new Set(["audTags", "audTag"]);

/** One side of a change: its resources, and what they were read as. */
interface Side {
  resources: readonly StateResource[];
  situation: Situation;
}

/** What cannot be read on one of two sides, or is somebody else's and not the same on both: one sentence each. */
export function hiddenFacts(before: Side, after: Side): string[] {
  const [then, now] = [factsOf(before), factsOf(after)];
  const differing = [
    ...[...now].filter(([key]) => !then.has(key)),
    ...[...then].filter(([key]) => !now.has(key)),
  ];
  return [...new Set(differing.map(([, sentence]) => sentence))].sort();
}

function factsOf({ resources, situation }: Side): Map<string, string> {
  const facts = new Map<string, string>();
  for (const { type, id, outputs } of resources) {
    for (const [property, { mustBeKnown }] of Object.entries(kindOfType(type)?.fields ?? {})) {
      if (mustBeKnown === undefined) continue;
      for (const [path, value] of hiddenIn(outputs[property], property)) {
        const name = typeof outputs["name"] === "string" ? outputs["name"] : id;
        const kind = type.split(":").at(-1);
        facts.set(`${id} ${path} ${JSON.stringify(value)}`, `${path} of ${kind} ${name} cannot be read yet`);
      }
    }
  }
  for (const { name, policies } of situation.applications) {
    for (const policy of policies.filter(({ foreign, id }) => foreign && !isHidden(id))) {
      const sentence = `application ${name} links a policy that is not the stack's own (${policy.id})`;
      facts.set(`${name} ${policy.id}`, sentence);
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

/** What the model does not judge and that is not the same on both sides: one sentence each. */
export function notJudgedFacts(before: readonly NotJudged[], after: readonly NotJudged[]): string[] {
  const without = (list: readonly NotJudged[], others: readonly NotJudged[]) =>
    list.filter((one) => !others.some((other) => isSame(one, other)));
  return [
    ...new Set([...without(after, before), ...without(before, after)].map((each) => notJudgedWords(each))),
  ].sort();
}

const isSame = (one: NotJudged, other: NotJudged): boolean =>
  one.code === other.code &&
  one.kind === other.kind &&
  one.name === other.name &&
  one.field === other.field &&
  one.mark === other.mark;
