import { accessDiff } from "../../packages/cli/access-diff/access-diff";
import { comparePreview } from "../../packages/cli/access-diff/preview";
import { type Needs, needsOf, SECTIONS, sectionsOf } from "../../packages/cli/access-diff/sections";
import { exported } from "./states";

/** Stands for a value that only the update tells. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource of a plan; without inputs of its own the program gives all of it. */
export interface Planned {
  urn: string;
  type: string;
  id: string;
  inputs?: object;
  outputs: object;
  /** Which instance of a provider keeps it, as the engine notes it. */
  provider?: string;
}

/** The usual stack's resources, whose inputs are their outputs. */
export function usual(): Planned[] {
  const { deployment } = JSON.parse(exported()) as { deployment: { resources: Planned[] } };
  return deployment.resources.map(({ urn, type, id, outputs }) => ({ urn, type, id, outputs }));
}

/** A resource that the usual stack does not have. */
export function other(type: string, name: string, outputs: object): Planned {
  return { urn: `urn:pulumi:t::t::${type}::${name}`, type, id: name, outputs };
}

/** What `pulumi preview --json --show-sames` prints of a change from one list of resources to another. */
export function planText(before: readonly Planned[], after: readonly Planned[]): string {
  const urns = [...new Set([...before, ...after].map(({ urn }) => urn))];
  const steps = urns.map((urn) => {
    const [old, now] = [before, after].map((list) => list.find((each) => each.urn === urn));
    const state = (each: Planned | undefined, isNew: boolean) =>
      each && { ...each, inputs: each.inputs ?? each.outputs, ...(isNew ? { id: undefined } : {}) };
    const isSame = JSON.stringify(old) === JSON.stringify(now);
    const op = old === undefined ? "create" : now === undefined ? "delete" : isSame ? "same" : "update";
    return { op, urn, oldState: state(old, false), newState: state(now, op === "create") };
  });
  return JSON.stringify({ steps });
}

/** What a review says of a plan: the verdict of each section that is not the same, its lines, and which labels it needs. */
export function reviewed(before: readonly Planned[], after: readonly Planned[]) {
  const { before: was, after: is, ...told } = comparePreview(planText(before, after), "the preview");
  const diff = accessDiff(was, is, told);
  const sections = sectionsOf(diff);
  const verdicts = Object.fromEntries(
    SECTIONS.flatMap((name) => {
      const { verdict } = sections[name];
      return verdict === "same" ? [] : [[name, verdict]];
    }),
  );
  const lines = SECTIONS.flatMap((name) =>
    sections[name].groups.flatMap((group) => group.lines.map((line) => `${name}: ${line}`)),
  );
  const needs: Needs = needsOf(sections);
  return { verdict: diff.verdict, verdicts, lines, needs, hash: diff.hash };
}

/** A copy of the usual stack in which each object of a kind, or the named one, is otherwise. */
export function with_(
  kind: string,
  change: (outputs: Record<string, unknown>) => object,
  id?: string,
): Planned[] {
  return usual().map((each) =>
    each.type.endsWith(`:${kind}`) && (id === undefined || each.id === id)
      ? {
          ...each,
          outputs: { ...each.outputs, ...change(structuredClone(each.outputs) as Record<string, unknown>) },
        }
      : each,
  );
}
