import { parseDuration } from "../src/duration";
import { UserError } from "../src/errors";
import { nearest } from "../src/nearest";
import { EXCEPTIONS_SCHEMA, type Exception } from "./exception";
import type { Limits, Rule } from "./rule";
import { RULES } from "./rules";

/** Config of the pack by rule name: its limits, and `exceptions`. What is left out has its default. */
export type PackConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** JSON schemas of what a rule's config can hold. */
export function schemasOf(rule: Rule): Record<string, Readonly<Record<string, unknown>>> {
  const limits = Object.entries(rule.limits ?? {}).map(([name, schema]) => [name, { ...schema }]);
  return { ...Object.fromEntries(limits), exceptions: EXCEPTIONS_SCHEMA };
}

/**
 * Checks what an engine or a file says. A rule cannot be switched off here: that is what exceptions are for.
 * @throws {UserError} for a rule or a setting that there is not, and for a value of another kind
 */
export function checkConfig(config: unknown): PackConfig {
  if (!isRecord(config)) throw new UserError("the guardrails' config is no object", "Give settings by rule.");
  for (const [name, settings] of Object.entries(config)) {
    const rule = RULES.find((each) => each.name === name);
    if (rule === undefined)
      throw unknownName(
        `rule ${name}`,
        name,
        RULES.map((each) => each.name),
      );
    if (!isRecord(settings)) {
      throw new UserError(`the config of ${name} is no object`, "Give its limits and exceptions by name.");
    }
    for (const [key, value] of Object.entries(settings)) checkSetting(rule, key, value);
  }
  return config as PackConfig;
}

function checkSetting(rule: Rule, key: string, value: unknown): void {
  if (key === "enforcementLevel") {
    if (value === "mandatory") return;
    const remedy = "Except the resources that are meant, each with a reason and an expiry date.";
    throw new UserError(`${rule.name} is set to ${String(value)}, but every rule is mandatory`, remedy);
  }
  const schemas = schemasOf(rule);
  const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
  if (schema === undefined) throw unknownName(`setting ${rule.name}.${key}`, key, Object.keys(schemas));
  const item = (schema["items"] as { type: string } | undefined)?.type;
  const good = Array.isArray(value)
    ? schema["type"] === "array" &&
      value.every((each) => (item === "object" ? isRecord(each) : typeof each === item))
    : typeof value === schema["type"];
  if (!good) {
    throw new UserError(`${rule.name}.${key} is of another kind`, `Give ${String(schema["description"])}`);
  }
  if (key === "max" && parseDuration(String(value)) === undefined) {
    throw new UserError(`${rule.name}.max is no duration: ${JSON.stringify(value)}`, "Give one such as 24h.");
  }
}

/** The limits of a rule, defaults filled in. */
export function limitsOf(rule: Rule, config: PackConfig): Limits {
  const set = config[rule.name] ?? {};
  const entries = Object.entries(rule.limits ?? {}).map(([name, schema]) => [
    name,
    set[name] ?? schema.default,
  ]);
  return Object.fromEntries(entries) as Limits;
}

/** The exceptions of a rule, good or bad. */
export function exceptionsOf(rule: Rule, config: PackConfig): Partial<Exception>[] {
  return (config[rule.name]?.["exceptions"] as Partial<Exception>[] | undefined) ?? [];
}

function unknownName(what: string, name: string, known: readonly string[]): UserError {
  return new UserError(`the guardrails have no ${what}`, `Did you mean ${nearest(name, known)}?`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
