import { createHash } from "node:crypto";
import type { Rule } from "../access";
import { fieldsOf } from "../base/json-values";

/** What the engine writes in a preview for a value that only the update will tell. */
export const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** What the engine writes instead of a secret in a preview. */
export const MASKED_VALUE = "[secret]";
/** Marks a secret in an exported state. */
export const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** The two names that the API does not spell in snake case. */
const ODD_NAMES: Readonly<Record<string, string>> = {
  azureAd: "azureAD",
  githubOrganization: "github-organization",
};

/** Whether a value cannot be read: only the update tells it, or it is a secret. */
export function isHidden(value: unknown): boolean {
  if (typeof value === "string") return value === UNKNOWN_VALUE || value.startsWith(MASKED_VALUE);
  return typeof value === "object" && value !== null && SECRET_SIGNATURE in value;
}

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

/** Two that hide the same are the same; what they hide is not repeated, not even encrypted. */
function hiddenRule(type: string, value: unknown): Rule {
  const mark = createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 8);
  return { [`${snakeCase(type)} that cannot be read yet`]: { mark } };
}

function wireFields(value: unknown): unknown {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, inner]) => [snakeCase(name), inner]));
}

/** A name of Pulumi's as the API spells most of them. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
