import { isDeepStrictEqual } from "node:util";
import { fieldsOf } from "../base/json-values";

/** What a guardrail's settings may be called. */
const SETTINGS = ["exceptions", "enforcementLevel", "max", "stacks", "hosts", "domains", "kinds"];

/**
 * What one version of a JSON file sets for the guardrails and another does not, one line each: an exception, a limit,
 * something that is named in a limit or no longer named. An exception that goes is none.
 * @returns nothing for a file that is no config of the guardrails on either side, nor JSON
 */
export function guardrailChanges(
  file: string,
  before: string | undefined,
  after: string | undefined,
): string[] {
  const then = settingsIn(before);
  const now = settingsIn(after);
  return [...new Set([...then.keys(), ...now.keys()])].flatMap((key) =>
    changes(key, then.get(key), now.get(key)).map((line) => `${file}: ${line}`),
  );
}

function changes(key: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  const isList = [before, after].every((each) => each === undefined || Array.isArray(each));
  if (!isList) return [`${key}: ${shown(after)} instead of ${shown(before)}`];
  const more = without(after, before).map((item) => `${key}: ${shown(item)}`);
  const isExceptions = key.endsWith(".exceptions");
  return [
    ...more,
    ...(isExceptions ? [] : without(before, after).map((item) => `${key} without ${shown(item)}`)),
  ];
}

const without = (items: unknown, others: unknown): unknown[] =>
  ((items ?? []) as unknown[]).filter(
    (item) => !((others ?? []) as unknown[]).some((other) => isDeepStrictEqual(item, other)),
  );

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** By `<rule>.<setting>`. */
function settingsIn(text: string | undefined): Map<string, unknown> {
  const settings = new Map<string, unknown>();
  for (const [rule, values] of Object.entries(fieldsOf(jsonOf(text)))) {
    for (const [name, value] of Object.entries(fieldsOf(values))) {
      if (/^[a-z]+(-[a-z]+)+$/.test(rule) && SETTINGS.includes(name)) settings.set(`${rule}.${name}`, value);
    }
  }
  return settings;
}

/** What is not JSON the guardrails cannot read either. */
function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return undefined;
  }
}
