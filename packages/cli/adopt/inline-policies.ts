import { urnOf } from "../../../components/declaration";
import { fieldsOf } from "../../base/json-values";
import type { Wire } from "../../cloudflare/account-api";
import { type Fields, KINDS, TYPES } from "../../cloudflare/kinds";
import { inProviderForm } from "../../cloudflare/kinds/api-form";
import { edited } from "./edited";
import type { Row } from "./types";

const FIELDS: Fields = KINDS.policy.fields;

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
function asImported(policy: Wire): Wire {
  const shown = Object.entries(inProviderForm(KINDS.policy, policy));
  return Object.fromEntries(
    shown.filter(([name, value]) => {
      const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
      const isRead = field !== undefined && field.unread !== true && field.bookkeeping === undefined;
      return isRead && !isEmpty(value);
    }),
  );
}

/** What the provider's import passes over; it keeps an object whose fields are all off. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === false || value === "" || isEmptyInside(value);
const isEmptyInside = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
