import { EXCEPTIONS_SCHEMA, type Exception } from "../config/exception";
import { DEFAULT_LIMITS, type StackLimit } from "../config/limits";
import { parseDuration } from "../packages/base/duration";
import { UserError } from "../packages/base/errors";
import { nearest } from "../packages/base/nearest";
import type { Limits, Rule } from "./rule";
import { RULES } from "./rules";

/** Config of the pack by rule name: its limits, and `exceptions`. What is left out has its default. */
export type PackConfig = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** JSON schemas of what a rule's config can hold. */
export function schemasOf(rule: Rule): Record<string, Readonly<Record<string, unknown>>> {
  const limits = Object.entries(rule.limits ?? {}).map(([name, { fromStack, default: usual, ...schema }]) => [
    name,
    // The engine hands a default over as if somebody had set it, which would go before the stack's own limit.
    { ...schema, ...(fromStack === undefined && usual !== undefined ? { default: usual } : {}) },
  ]);
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

/** Limits that a stack's config sets, as text. */
export type StackLimits = Readonly<Partial<Record<StackLimit, string>>>;

/**
 * Those of a stack's settings that are limits, as the program reads them.
 * @param setting gives the value of a key of the project's config
 */
export function stackLimitsOf(setting: (key: StackLimit) => unknown): StackLimits {
  const keys = Object.keys(DEFAULT_LIMITS) as StackLimit[];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = setting(key);
      // What is no duration the program refuses; here the default holds.
      const isLimit =
        typeof value === "string" && (value === "forever" || parseDuration(value) !== undefined);
      return isLimit ? [[key, value]] : [];
    }),
  );
}

/** The limits of a rule: as the pack's config says, or else the stack's, or else its default. */
export function limitsOf(rule: Rule, config: PackConfig = {}, stackLimits: StackLimits = {}): Limits {
  const set = config[rule.name] ?? {};
  const entries = Object.entries(rule.limits ?? {}).map(([name, { fromStack, default: usual }]) => [
    name,
    set[name] ?? (fromStack === undefined ? undefined : stackLimits[fromStack]) ?? usual,
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
