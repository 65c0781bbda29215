import { urnOf } from "../../../components/declaration";
import { fieldsOf, isFields } from "../../base/json-values";
import { type Fields, KINDS, TYPES } from "../../cloudflare/kinds";
import { edited } from "./token-state";
import type { Row } from "./types";
import { isEmpty } from "./wire";

const FIELDS: Fields = KINDS.policy.fields;
/** Pulumi's names that do not follow from the API's. */
const ODD: Readonly<Record<string, string>> = {
  include: "includes",
  require: "requires",
  exclude: "excludes",
  azureAD: "azureAd",
};

/**
 * An exported state with the application's inline policies in it, as an import is going to find them once they are
 * reusable: before, none can be imported, since the provider looks for the reusable ones alone.
 * @param rows those of a plan
 */
export function withInlinePolicies(
  state: string,
  rows: readonly Row[],
  { project, stack }: { project: string; stack: string },
): string {
  return edited(state, (resources) => [
    ...resources,
    ...rows.flatMap(({ how, id, was, application, resource }) => {
      const owner = resources.find(
        (each) => each["type"] === TYPES.application && each["id"] === application,
      );
      if (how !== "convert, import" || was === undefined || resource === undefined || owner === undefined)
        return [];
      const { custom, parent, provider, inputs, outputs } = owner;
      const read = { accountId: fieldsOf(inputs)["accountId"], ...asImported(was) };
      const urn = urnOf(resource, project, stack);
      // The provider's own note of its version is the same for all of its kinds.
      const { __meta } = fieldsOf(outputs);
      const shown = { ...read, id, ...(__meta === undefined ? {} : { __meta }) };
      return [{ urn, custom, id, type: TYPES.policy, inputs: read, outputs: shown, parent, provider }];
    }),
  ]);
}

/** What an import reads of a policy: all that somebody set. */
function asImported(policy: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(policy).flatMap(([name, value]) => {
      const property = ODD[name] ?? camelCase(name);
      const field = Object.hasOwn(FIELDS, property) ? FIELDS[property] : undefined;
      if (field === undefined || field.unread === true || field.bookkeeping !== undefined) return [];
      return isEmpty(value) ? [] : [[property, inPulumi(value)]];
    }),
  );
}

function inPulumi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inPulumi);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [ODD[name] ?? camelCase(name), inPulumi(each)]),
  );
}

const camelCase = (name: string): string =>
  name.replace(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
