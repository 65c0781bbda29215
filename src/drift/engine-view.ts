import { UserError } from "../errors";
import { isHidden } from "../explain/wire-rules";
import { fieldsOf, listOf } from "../json-values";
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
function refreshChanges(text: string, resources: readonly StackResource[]): Change[] {
  const steps = stepsOf(text);
  return steps.flatMap((step): Change[] => {
    const { op, urn, detailedDiff, diffReasons, newState } = step;
    const resource = resources.find((each) => each.urn === urn);
    if (resource === undefined || (op !== "update" && op !== "delete")) return [];
    const about = { subject: "Google Cloud" as const, name: resource.id, id: resource.id };
    if (op === "delete") return [{ ...about, what: "deleted" }];
    const fields = Object.keys(fieldsOf(detailedDiff));
    const names = fields.length > 0 ? fields : listOf(diffReasons).map(String);
    const now = fieldsOf(fieldsOf(newState)["outputs"]);
    return names.map((field) => ({
      ...about,
      what: "changed",
      field,
      ...shown("before", valueAt(resource.outputs, field)),
      ...shown("after", valueAt(now, field)),
    }));
  });
}

interface RefreshStep {
  op: string;
  urn: string;
  detailedDiff?: unknown;
  diffReasons?: unknown;
  newState?: unknown;
}

function stepsOf(text: string): RefreshStep[] {
  try {
    const { steps } = JSON.parse(text) as { steps?: unknown };
    if (Array.isArray(steps)) return steps as RefreshStep[];
  } catch {
    // Said below; the parser's own words may quote a secret.
  }
  throw new UserError("the engine's refresh is not in the known form", "Use Pulumi 3.259 or newer.");
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
