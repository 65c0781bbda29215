import { urnOf } from "../../../components/declaration";
import { MASKED_VALUE, UNKNOWN_VALUE } from "../../access/hidden";
import { fieldsOf, isFields } from "../../base/json-values";
import { HARMLESS, TYPES } from "../../cloudflare/kinds";
import { changedInputs, type PlanStep, withoutNothing } from "../../cloudflare/stack-plan";
import { SECRET } from "./declared";
import type { FieldChange, Row } from "./types";
import { alike, inner, objects, text, wireOf } from "./wire";

/** What the engine would do, as a table has it. */
export interface EngineTable {
  /** The plan's rows, each with the fields that the engine changes. */
  rows: Row[];
  /** What no adoption does: something deleted, replaced, or changed that no row is about. */
  refused: Refusal[];
  /** How many objects are updated and created, of whatever kind. */
  updates: number;
  creates: number;
}

/** Something that the engine would do and that is refused, or that it would not do although a row says so. */
interface Refusal {
  what: string;
  why: string;
}

/** Stands for a value that nothing shows. */
const NOT_SHOWN = "(not shown)";

/**
 * Makes a table out of the engine's own plan.
 * @param rows what of the account the stack takes, uses and makes
 * @param steps those of a preview after the imports
 */
export function engineTable(
  rows: readonly Row[],
  steps: readonly PlanStep[],
  project: string,
  stack: string,
): EngineTable {
  const table: EngineTable = { rows: [], refused: [], updates: 0, creates: 0 };
  const changes = new Map<Row, FieldChange[]>();
  const missing = byResource(rows, project, stack);
  for (const step of steps) {
    const harmless = HARMLESS.find(({ type }) => type.test(step.type));
    if (step.op === "same" || step.op === "read" || harmless?.isBracket === true) continue;
    const own = missing.get(step.urn) ?? [];
    missing.delete(step.urn);
    const refuse = (why: string) => void table.refused.push({ what: nameOf(step), why });
    if (step.op === "create") {
      table.creates += 1;
      if (own.length === 0 ? harmless === undefined : !isNew(own)) refuse("would be created");
    } else if (step.op === "update") {
      table.updates += 1;
      if (own.length === 0 || isNew(own)) refuse("would be updated");
      else for (const [row, fields] of changesOf(step, own)) changes.set(row, fields);
    } else refuse(`the plan says ${step.op}`);
  }
  for (const own of missing.values()) {
    const { resource } = own[0] ?? {};
    if (resource !== undefined && isNew(own)) {
      table.refused.push({ what: nameOf(resource), why: "would not be created" });
    }
  }
  return { ...table, rows: rows.map((row) => ({ ...row, changes: changes.get(row) ?? [] })) };
}

/** What a table came to, or where a preview differs from it. */
export interface Proof {
  /** Empty when the preview is what the table says. */
  mismatches: string[];
  updates: number;
  /** Fields over all updates. */
  fields: number;
  creates: number;
}

/**
 * Compares a preview with the table that was agreed to, field by field: nothing deleted, nothing replaced, nothing that
 * was not said, and nothing said that is not so.
 */
export function prove(agreed: readonly Row[], preview: EngineTable): Proof {
  return {
    mismatches: [
      ...preview.refused.map(({ what, why }) => `${what}: ${why}`),
      ...preview.rows.flatMap((row, index) => partings(agreed[index]?.changes ?? [], row)),
    ],
    updates: preview.updates,
    fields: preview.rows.flatMap(({ changes }) => changes).length,
    creates: preview.creates,
  };
}

function partings(agreed: readonly FieldChange[], { kind, name, resource, changes }: Row): string[] {
  const what = resource === undefined ? `${kind} ${name}` : nameOf(resource);
  if (agreed.length > 0 && changes.length === 0) {
    return [`${what}: would not be updated (${agreed.map(({ field }) => field).join(", ")})`];
  }
  const said = new Map(agreed.map((change) => [change.field, change]));
  const lines = changes.flatMap(({ field, now, next }) => {
    const change = said.get(field);
    said.delete(field);
    if (change === undefined) return [`${field} would change too`];
    if (!alike(change.next, next)) return [`${field} would become something else`];
    return alike(change.now, now) ? [] : [`${field} is not what it was when the table was made`];
  });
  return [...lines, ...[...said.keys()].map((field) => `${field} would not change`)].map(
    (line) => `${what}: ${line}`,
  );
}

const nameOf = ({ type, name }: { type: string; name: string }): string =>
  `${type.split(":").at(-1)} ${name}`;

/** A resource that no row takes is made anew; one rule that is added to a list changes the list. */
const isNew = (rows: readonly Row[]): boolean => rows.every(({ how }) => how === "created new");

function byResource(rows: readonly Row[], project: string, stack: string): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.resource === undefined) continue;
    const urn = urnOf(row.resource, project, stack);
    found.set(urn, [...(found.get(urn) ?? []), row]);
  }
  return found;
}

/** The fields of one resource that an update changes, by row: a list of tunnel rules has one for each rule. */
function changesOf(step: PlanStep, rows: readonly Row[]): Map<Row, FieldChange[]> {
  const [first] = rows;
  if (first === undefined) return new Map();
  const before = { ...bare(step.oldState?.["inputs"]), ...bare(step.oldState?.["outputs"]) };
  const after = fieldsOf(named(bare(step.newState?.["inputs"]), first.resource?.properties));
  const found = new Map(rows.map((row): [Row, FieldChange[]] => [row, []]));
  for (const property of changedInputs(step).sort()) {
    if (step.type === TYPES.sharedIngress && property === "rules") {
      const [old, next] = [objects(before, property), objects(after, property)];
      const at = (rules: typeof old, name: string) => rules.find((rule) => text(rule, "hostname") === name);
      for (const row of rows) {
        found.get(row)?.push(...ruleChanges(at(old, row.name), at(next, row.name)));
      }
      const gone = old.filter((rule) => at(next, text(rule, "hostname")) === undefined);
      if (gone.length > 0) found.get(first)?.push({ field: "rules", now: gone, next: undefined });
    } else found.get(first)?.push(...fieldChanges(step.type, property, before[property], after[property]));
  }
  return found;
}

/** A rule is written as a whole, with all that it holds; one that is added is said to be. */
function ruleChanges(now: Fields | undefined, next: Fields | undefined): FieldChange[] {
  if (now === undefined || next === undefined) return [];
  const differing = (one: Fields, other: Fields, prefix: string): FieldChange[] =>
    namesOf(one, other).flatMap((name) => {
      if (alike(one[name], other[name])) return [];
      if (name === "originRequest") return differing(inner(one, name), inner(other, name), "originRequest.");
      return [{ field: `${prefix}${name}`, now: one[name], next: other[name] }];
    });
  return differing(now, next, "");
}

type Fields = Readonly<Record<string, unknown>>;

const namesOf = (one: Fields, other: Fields): string[] => [
  ...new Set([...Object.keys(one), ...Object.keys(other)]),
];

function fieldChanges(type: string, property: string, before: unknown, after: unknown): FieldChange[] {
  // A list that is not there is not an empty one.
  const spelled = (value: unknown) => {
    const [[name = property, wire] = []] = Object.entries(
      wireOf({ type, properties: { [property]: value } }),
    );
    return [name, value === undefined ? undefined : wire] as const;
  };
  const [[, old], [field, next]] = [spelled(before), spelled(after)];
  // A login's settings are many; its callback follows from the team.
  if (field !== "config" || !isFields(next)) return [{ field, now: shown(old), next }];
  const now = fieldsOf(shown(old));
  const differing = namesOf(now, next).filter(
    (name) => name !== "redirect_url" && next[name] !== SECRET && !alike(now[name], next[name]),
  );
  // Two secrets look alike: one that the state has differs where nothing else does.
  const secrets = Object.keys(next).filter(
    (name) => next[name] === SECRET && (now[name] === undefined || differing.length === 0),
  );
  return [...differing, ...secrets].map((name) => ({
    field: `${field}.${name}`,
    now: next[name] === SECRET ? NOT_SHOWN : now[name],
    next: next[name],
  }));
}

const bare = (properties: unknown): Fields => fieldsOf(withoutNothing(properties));

/** A value of the state without secrets. */
function shown(value: unknown): unknown {
  if (value === MASKED_VALUE || value === UNKNOWN_VALUE) return NOT_SHOWN;
  if (Array.isArray(value)) return value.map(shown);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)]));
}

/** A value of the plan, in which the declaration names what the engine does not: an id that is to come, or a secret. */
function named(value: unknown, declared: unknown): unknown {
  if (value === MASKED_VALUE) return SECRET;
  if (value === UNKNOWN_VALUE) return declared ?? "(known after the up)";
  if (Array.isArray(value)) {
    return value.map((each, index) => named(each, Array.isArray(declared) ? declared[index] : undefined));
  }
  if (!isFields(value)) return value;
  const said = fieldsOf(declared);
  // In the declaration's order, which people know.
  const names = [...Object.keys(said).filter((name) => Object.hasOwn(value, name)), ...Object.keys(value)];
  return Object.fromEntries(names.map((name) => [name, named(value[name], said[name])]));
}
