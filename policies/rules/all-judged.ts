import { MASKED_VALUE, UNKNOWN_VALUE } from "../../packages/access/hidden";
import { notJudgedIn } from "../../packages/cloudflare/not-judged";
import { isMap, mapValues, type PropertyValue, Secret, Unknown } from "../../packages/provider/host/values";
import type { Resource } from "../resource";
import type { Fault, ResourceRule } from "../rule";

/** What nobody has judged may let anybody in: it is never passed over in silence. */
export const allJudged: ResourceRule = {
  name: "all-judged",
  description:
    "Every resource is of a kind, and has fields and rules, of which it is known what they decide.",
  kinds: "all",
  limits: {
    kinds: {
      type: "array",
      items: { type: "string" },
      description: "Types of resources that somebody has looked at and that decide nothing about access.",
      default: [],
    },
  },
  judge: (resource, { kinds = [] }) =>
    kinds.includes(resource.type)
      ? []
      : notJudgedIn(asStored(resource)).map(({ code, field }): Fault => {
          const property = code === "kind" ? "type" : (field ?? "type");
          return { resource, property, ...WORDS[code](resource) };
        }),
};

type Words = Pick<Fault, "found" | "remedy">;

const LOOK = "Leave it out, or except it by its name once somebody has looked at what it does";

const WORDS: Readonly<Record<ReturnType<typeof notJudgedIn>[number]["code"], (resource: Resource) => Words>> =
  {
    kind: ({ type }) => ({
      found: `is ${type}, which may decide who gets in, and is not judged`,
      remedy: `${LOOK}, or name its type in "kinds" of all-judged.`,
    }),
    field: () => ({ found: "may decide who gets in, and is not judged", remedy: `${LOOK}.` }),
    "unknown field": () => ({ found: "is a field that is not known here", remedy: `${LOOK}.` }),
    "rule type": () => ({ found: "is a type of rule that is not known here", remedy: `${LOOK}.` }),
  };

/** The resource as a state has it: what is not known yet and what is secret has a mark in its place. */
function asStored({ type, name, properties }: Resource): Parameters<typeof notJudgedIn>[0] {
  return {
    type,
    id: name,
    outputs: mapValues(properties, stored) as Record<string, unknown>,
    given: new Set(Object.keys(properties)),
  };
}

function stored(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return MASKED_VALUE;
  if (value instanceof Unknown) return UNKNOWN_VALUE;
  if (Array.isArray(value)) return value.map(stored);
  return isMap(value) ? mapValues(value, stored) : value;
}
