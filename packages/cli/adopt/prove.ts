import { type Resource, urnOf } from "../../../components/declaration";
import { MASKED_VALUE, UNKNOWN_VALUE } from "../../access/hidden";
import { fieldsOf, isFields } from "../../base/json-values";
import { changedInputs, type PlanStep, planSteps } from "../../cloudflare/stack-plan";
import { SECRET } from "./declared";
import { toWire } from "./fields";
import type { Plan } from "./plan";
import { type FieldChange, isNewId, type Row } from "./types";
import { alike, inner, objects, text } from "./wire";

/** What a preview was found to be. */
export interface Proof {
  /** Where it differs from the table; empty when the table is right. */
  mismatches: string[];
  updates: number;
  /** Fields over all updates. */
  fields: number;
  creates: number;
}

/** Of these nothing is there before or after: components are only names, providers only settings. */
const NOT_OBJECTS = /^(pulumi:|comfyui-access:components:)/;

/**
 * Compares a preview (`pulumi preview --json`) with what the table says of it, resource by resource and field by
 * field: nothing deleted, nothing replaced, nothing that was not said, and nothing said that is not so.
 * @throws {UserError} when it is no preview.
 */
export function prove(preview: string, plan: Plan, project: string, stack: string): Proof {
  const expected = expectations(plan, project, stack);
  const proof: Proof = { mismatches: [], updates: 0, fields: 0, creates: 0 };
  const say = (line: string) => void proof.mismatches.push(line);
  for (const step of planSteps(preview, "the preview")) {
    const { type } = step;
    if (step.op === "same" || step.op === "read" || NOT_OBJECTS.test(type)) continue;
    const what = `${type.split(":").at(-1)} ${step.name}`;
    const wanted = expected.get(step.urn);
    expected.delete(step.urn);
    if (step.op === "create") {
      proof.creates++;
      if (wanted === undefined ? !isCompanion(type, plan) : !wanted.isNew) say(`${what}: would be created`);
    } else if (step.op === "update") {
      proof.updates++;
      if (wanted === undefined || wanted.isNew || wanted.changes.length === 0) {
        say(`${what}: would be updated`);
        continue;
      }
      proof.fields += wanted.changes.length;
      for (const line of compared(step, wanted)) say(`${what}: ${line}`);
    } else say(`${what}: the plan says ${step.op}`);
  }
  for (const { resource, changes, isNew } of expected.values()) {
    const what = `${resource.type.split(":").at(-1)} ${resource.name}`;
    if (isNew) say(`${what}: would not be created`);
    else if (changes.length > 0)
      say(`${what}: would not be updated (${changes.map(({ field }) => field).join(", ")})`);
  }
  return proof;
}

interface Expectation {
  resource: Resource;
  changes: FieldChange[];
  rows: Row[];
  isNew: boolean;
}

function expectations({ rows }: Plan, project: string, stack: string): Map<string, Expectation> {
  const expected = new Map<string, Expectation>();
  for (const row of rows) {
    if (row.resource === undefined) continue;
    const urn = urnOf(row.resource, project, stack);
    const isNew = row.how === "created new";
    const known = expected.get(urn) ?? { resource: row.resource, changes: [], rows: [], isNew: true };
    // A rule that is added to a list that is there is a change of that list.
    const added =
      isNew && row.kind === "ingress rule"
        ? [{ field: row.name, property: "rules", now: undefined, next: "added" }]
        : [];
    expected.set(urn, {
      ...known,
      changes: [...known.changes, ...row.changes, ...added],
      rows: [...known.rows, row],
      isNew: known.isNew && isNew,
    });
  }
  return expected;
}

/** What comes with a tunnel or a store that the stack makes: the table names those as one. */
function isCompanion(type: string, { rows }: Plan): boolean {
  const makes = (kind: Row["kind"]) => rows.some((row) => row.kind === kind && row.how === "created new");
  return (
    (type.startsWith("gcp:") && makes("secret store")) || (type.startsWith("random:") && makes("tunnel"))
  );
}

function compared(step: PlanStep, { resource, changes, rows }: Expectation): string[] {
  const lines: string[] = [];
  const said = new Set(changes.map(({ property }) => property));
  const planned = new Set(changedInputs(step));
  for (const property of planned) if (!said.has(property)) lines.push(`${property} would change too`);
  for (const property of said) if (!planned.has(property)) lines.push(`${property} would not change`);
  const inputs = fieldsOf(step.newState?.["inputs"]);
  for (const property of said) {
    if (!fits(resource.properties[property], inputs[property]))
      lines.push(`${property} would become something else`);
  }
  const outputs = fieldsOf(step.oldState?.["outputs"]);
  for (const row of rows) {
    for (const change of row.changes) {
      if (!wasSo(change, row, outputs))
        lines.push(`${change.field} is not what it was when the table was made`);
    }
  }
  return lines;
}

/** Whether the engine's value is the declared one, as far as it shows it. */
function fits(declared: unknown, planned: unknown): boolean {
  if (typeof declared === "string" && (isNewId(declared) || declared.includes("(new ")))
    return planned === UNKNOWN_VALUE;
  if (planned === MASKED_VALUE) return JSON.stringify(declared ?? null).includes(SECRET);
  if (Array.isArray(declared)) {
    return (
      Array.isArray(planned) &&
      planned.length === declared.length &&
      declared.every((each, index) => fits(each, planned[index]))
    );
  }
  if (isFields(declared) && isFields(planned)) {
    const names = new Set(
      [...Object.keys(declared), ...Object.keys(planned)].filter((name) => name !== "__defaults"),
    );
    return [...names].every((name) => fits(declared[name], planned[name]));
  }
  return alike(declared, planned);
}

function wasSo({ field, property, now }: FieldChange, row: Row, outputs: Record<string, unknown>): boolean {
  if (now === "(not shown)") return true;
  if (property === "rules") {
    const rule = objects(outputs, "rules").find((each) => text(each, "hostname") === row.name) ?? {};
    const [first = "", ...rest] = field.split(".");
    return alike(rest.length === 0 ? rule[first] : inner(rule, first)[rest.join(".")], now);
  }
  const [top = "", ...rest] = field.split(".");
  const wire = toWire({ [property]: outputs[property] });
  return alike(rest.length === 0 ? wire[top] : inner(wire, top)[rest.join(".")], now);
}
