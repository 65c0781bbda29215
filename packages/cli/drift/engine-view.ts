import { isHidden } from "../../access/hidden";
import { UserError } from "../../base/errors";
import { canonical, type Fields, fieldsOf } from "../../base/json-values";
import { changedInputs, type PlanStep, planSteps } from "../../cloudflare/stack-plan";
import { configFileArgs, type EngineAccess, runEngine } from "../secrets/engine-cli";
import type { StackResource } from "../stack/read-stack";
import type { Change, Failure } from "./types";

/** Google's objects, as the engine's own provider reads them. */
export interface EngineView {
  changes: Change[];
  failures: Failure[];
  objects: number;
}

/** Whether an object is read through the engine's provider rather than by this project. */
export const isReadByEngine = ({ type }: StackResource): boolean => type.startsWith("gcp:");

/**
 * Compares Google's objects with the state by the engine's refresh, without writing the state: that provider reads
 * back what it wrote, and has the way to log in.
 */
export async function readByEngine(
  engine: EngineAccess,
  stack: string,
  resources: readonly StackResource[],
): Promise<EngineView> {
  const own = resources.filter(isReadByEngine);
  if (own.length === 0) return { changes: [], failures: [], objects: 0 };
  const targets = own.flatMap(({ urn }) => ["--target", urn]);
  try {
    const text = await runEngine(engine, {
      purpose: "read the objects in Google Cloud",
      args: ["refresh", "--preview-only", "--json", "--stack", stack, ...configFileArgs(engine), ...targets],
    });
    return { changes: refreshChanges(text, own), failures: [], objects: own.length };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = error.message.split("\n")[0] ?? "";
    return { changes: [], failures: [{ what: "the objects in Google Cloud", why }], objects: 0 };
  }
}

/**
 * Reads what `pulumi refresh --preview-only --json` printed.
 * @throws {UserError} when it is not that.
 */
export function refreshChanges(text: string, resources: readonly StackResource[]): Change[] {
  return planSteps(text, "the engine's refresh").flatMap((step): Change[] => {
    const { op, urn, newState } = step;
    const resource = resources.find((each) => each.urn === urn);
    if (resource === undefined || (op !== "update" && op !== "delete")) return [];
    const about = { subject: "Google Cloud" as const, name: resource.id, id: resource.id };
    if (op === "delete") return [{ ...about, what: "deleted" }];
    const now = fieldsOf(newState?.["outputs"]);
    return differing(step, resource.outputs, now).map((field) => ({
      ...about,
      what: "changed",
      field,
      ...shown("before", valueAt(resource.outputs, field)),
      ...shown("after", valueAt(now, field)),
    }));
  });
}

/**
 * What was read otherwise than it was written. Providers name it, some of them with outputs that an update would tell
 * anew: those are as they were. When one names nothing, what it reads as inputs tells.
 */
function differing(step: PlanStep, before: Fields, after: Fields): readonly string[] {
  if (step.paths.length === 0) return step.oldState === undefined ? [] : changedInputs(step);
  const seen = step.paths.filter((path) => {
    const [then, now] = [valueAt(before, path), valueAt(after, path)];
    return isHidden(then) || isHidden(now) || canonical(then ?? null) !== canonical(now ?? null);
  });
  // Named, and nothing of it is seen: then it is told as it was named.
  return seen.length > 0 ? seen : step.paths;
}

/** The value at a path such as `replication.auto` or `labels["team"]`. */
function valueAt(value: unknown, path: string): unknown {
  const names = path.match(/[^.[\]"]+/g) ?? [];
  return names.reduce((inner: unknown, name) => {
    return Array.isArray(inner) ? inner[Number(name)] : fieldsOf(inner)[name];
  }, value);
}

/** A secret is told to have changed, never what it is. */
function shown(side: "before" | "after", value: unknown): Partial<Pick<Change, "before" | "after">> {
  if (value === undefined || value === null) return {};
  return { [side]: isHidden(value) ? "[secret]" : value };
}
