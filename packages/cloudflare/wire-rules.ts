import { createHash } from "node:crypto";
import type { Rule } from "../access";
import { isHidden } from "../access/hidden";
import { UNREAD_RULE } from "../access/rules";
import { fieldsOf, isFields } from "../base/json-values";

/** The two names that the API does not spell in snake case. */
const ODD_NAMES: Readonly<Record<string, string>> = {
  azureAd: "azureAD",
  githubOrganization: "github-organization",
};

/** Rules in the API's form, out of a policy as Pulumi has it. */
export function rulesOf(value: unknown): Rule[] {
  if (isHidden(value)) return [hiddenRule("rules", value)];
  return Array.isArray(value) ? value.map((rule) => wireRule(rule)) : [];
}

/**
 * A rule in the API's form: Pulumi spells its names in camel case and keeps empty ones. One whose value cannot be
 * read becomes a rule of a type of its own, which no decision takes for a match or for none.
 */
function wireRule(rule: unknown): Rule {
  if (isHidden(rule)) return hiddenRule("rule", rule);
  const entries = Object.entries(fieldsOf(rule)).filter(([, value]) => value !== null && value !== undefined);
  const hidden = entries.find(
    ([, value]) => isHidden(value) || Object.values(fieldsOf(value)).some(isHidden),
  );
  if (hidden !== undefined) return hiddenRule(hidden[0], hidden[1]);
  return Object.fromEntries(
    entries.map(([name, value]) => [ODD_NAMES[name] ?? snakeCase(name), wireFields(value)]),
  );
}

/** Rules in the API's form by the provider's names: `rulesOf` turns them back. */
export function providerRules(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((rule) =>
    Object.fromEntries(
      Object.entries(fieldsOf(rule)).map(([type, inner]) => [providerName(type), providerFields(inner)]),
    ),
  );
}

function providerFields(value: unknown): unknown {
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camelCase(name), inner]));
}

const providerName = (type: string): string =>
  Object.entries(ODD_NAMES).find(([, odd]) => odd === type)?.[0] ?? camelCase(type);

/** Whether a rule stands for one that cannot be read: what it asks is not known. */
export const cannotBeRead = (rule: Rule): boolean => Object.hasOwn(rule, UNREAD_RULE);

/** Two that hide the same are the same; what they hide is not repeated, not even encrypted. */
export function hiddenRule(name: string, value: unknown): Rule {
  const mark = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 8);
  return { [UNREAD_RULE]: { of: ODD_NAMES[name] ?? snakeCase(name), mark } };
}

function wireFields(value: unknown): unknown {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, inner]) => [snakeCase(name), inner]));
}

/** A name of Pulumi's as the API spells most of them. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A name of the API's as Pulumi spells most of them. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
