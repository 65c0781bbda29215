import { isDeepStrictEqual } from "node:util";
import { isHidden } from "../access/hidden";
import { UserError } from "../base/errors";
import { type Fields, fieldsOf, isFields, listOf } from "../base/json-values";

/** What is to become of one resource. */
export interface PlanStep {
  /** `same`, `create`, `update`, `replace`, … */
  op: string;
  urn: string;
  /** Its own type, without the components that it is part of. */
  type: string;
  /** Its name in the program. */
  name: string;
  /** As the state has it; secrets are masked. */
  oldState?: Fields;
  /** As the program wants it; secrets are masked, and what only the update tells is {@link UNKNOWN_VALUE}. */
  newState?: Fields;
  /** What the provider says differs, inputs and outputs alike, as paths where it gives them; empty when it says none. */
  paths: readonly string[];
}

/** What the engine would do. */
export interface StackPlan {
  steps: readonly PlanStep[];
  /** How many resources stay the same; their steps may be left out. */
  same: number;
}

/** The steps of {@link readPlan}. */
export const planSteps = (text: string, where: string): readonly PlanStep[] => readPlan(text, where).steps;

/**
 * Reads what `pulumi preview --json` or `pulumi refresh --preview-only --json` printed.
 * @param where where the text comes from, for messages.
 * @throws {UserError} when it is no plan, or one that failed.
 */
export function readPlan(text: string, where: string, remedy = "Use Pulumi 3.259 or newer."): StackPlan {
  const { steps, diagnostics, changeSummary } = fieldsOf(parsed(text, where, remedy));
  const failed = listOf(diagnostics)
    .map(fieldsOf)
    .find(({ severity }) => severity === "error");
  if (failed) throw new UserError(`${where} failed: ${failed["message"]}`, "Mend what it says first.");
  if (!Array.isArray(steps) || !steps.every(isStep)) {
    throw new UserError(`${where} is not in the known form: it holds no steps`, remedy);
  }
  return {
    steps: steps.map(({ op, urn, oldState, newState, detailedDiff, diffReasons }) => {
      return planStep({ op, urn, oldState, newState, detailedDiff, reasons: diffReasons });
    }),
    same: Number(fieldsOf(changeSummary)["same"] ?? 0),
  };
}

/** One step out of what the engine says of it, in a preview or in one of its events. */
export function planStep(said: {
  op: string;
  urn: string;
  oldState?: unknown;
  newState?: unknown;
  /** By path; empty from a provider that gives none. */
  detailedDiff?: unknown;
  /** Names of properties. */
  reasons?: unknown;
}): PlanStep {
  const { op, urn, oldState, newState, detailedDiff, reasons } = said;
  const [, , types = "", ...name] = urn.split("::");
  const paths = Object.keys(fieldsOf(detailedDiff));
  return {
    op,
    urn,
    type: types.split("$").at(-1) ?? "",
    name: name.join("::"),
    oldState: isFields(oldState) ? oldState : undefined,
    newState: isFields(newState) ? newState : undefined,
    paths: paths.length > 0 ? paths : listOf(reasons).map(String),
  };
}

/**
 * The inputs that a step changes: old against new, whatever becomes unknown by it.
 *
 * What a provider says differs is no measure of that: Cloudflare's names every output that the update will tell anew,
 * in some releases with the paths of a detailed diff and in others without. It decides where the inputs alone cannot:
 * - secrets look alike in a plan, so one that it names has changed, and so has every one when it names nothing at all;
 * - one that is no longer given goes back to what the object would have had, which may be what it has; one that is given
 *   for the first time, as after an import, may be what it has too;
 * - one that is as before and named all the same is not so in the account.
 */
export function changedInputs({ oldState, newState, paths }: PlanStep): string[] {
  const [before, after] = [bare(oldState?.["inputs"]), bare(newState?.["inputs"])];
  const held = bare(oldState?.["outputs"]);
  const named = new Set(paths.map((path) => /^[^.[]+/.exec(path)?.[0] ?? path));
  const isSilent = named.size === 0;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((property) => {
    const [then, now] = [before[property], after[property]];
    if (named.has(property)) return true;
    if (!isSilent && (then === undefined || now === undefined)) return false;
    if (isSilent && holdsHidden(now)) return true;
    return !isDeepStrictEqual(then, now) && !isDeepStrictEqual(held[property], now);
  });
}

/** Inputs without what stands for nothing, and without the engine's own note of the defaults. */
function bare(value: unknown): Fields {
  return fieldsOf(withoutNothing(value));
}

/** A value without what stands for nothing, and without the engine's own note of the defaults. */
export function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name === "__defaults" || inner === null || inner === undefined ? [] : [[name, withoutNothing(inner)]],
    ),
  );
}

function holdsHidden(value: unknown): boolean {
  if (isHidden(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsHidden);
}

function parsed(text: string, where: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words may quote the text, which may hold a secret.
    throw new UserError(`${where} is not in the known form: it is not JSON`, remedy);
  }
}

function isStep(step: unknown): step is Fields & { op: string; urn: string } {
  const { op, urn } = fieldsOf(step);
  return typeof op === "string" && typeof urn === "string";
}
