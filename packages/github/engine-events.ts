import type { AccessTestFinding } from "../../config/access-test-finding";
import type { Finding } from "../base/finding";
import { type Fields, fieldsOf } from "../base/json-values";
import type { WrittenFinding } from "../base/process/findings-file";
import { TYPES } from "../cloudflare/kinds";
import { changedInputs, type PlanStep, planStep } from "../cloudflare/stack-plan";
import type { Review, Step, Violation } from "./plain/review";

/** What a review takes from the engine's own report of a preview. */
export type Planned = Pick<
  Review,
  "completed" | "accessTests" | "guardrails" | "counts" | "steps" | "lowered" | "diagnostics"
>;

/** The engine's events that are read here, as `pulumi preview --json` streams them (sdk/go/common/apitype/events.go). */
interface EngineEvent {
  preludeEvent?: { config?: Record<string, string> };
  diagnosticEvent?: { severity: string; message: string; urn?: string };
  policyEvent?: { resourceUrn?: string; message: string; policyName: string; enforcementLevel: string };
  resourcePreEvent?: {
    metadata: {
      op: string;
      urn: string;
      type: string;
      diffs?: string[];
      detailedDiff?: Record<string, unknown>;
      old?: unknown;
      new?: unknown;
    };
  };
  summaryEvent?: { resourceChanges?: Record<string, number>; result?: string };
}

/** Asks the engine for its events, one JSON object a line, in place of a digest that leaves the policies out. */
export const streamedEvents = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" } as const;

/**
 * Reads what a preview streamed. Values of properties are left out: some become secret only by what is previewed.
 *
 * @param exitCode how the engine ended; a preview that broke off is no review
 * @param project the namespace of the stack's config keys
 * @param findings what the program wrote down that it found
 */
export function readEvents(
  stdout: string,
  exitCode: number,
  project: string,
  findings: readonly WrittenFinding[] = [],
): Planned {
  const events = stdout.split("\n").flatMap((line): EngineEvent[] => {
    return line.startsWith("{") ? [JSON.parse(line) as EngineEvent] : [];
  });
  const diagnostics = events.flatMap(({ diagnosticEvent }) => {
    return diagnosticEvent?.severity === "error" ? diagnosticEvent.message.trimEnd().split("\n") : [];
  });
  const failed = findings.filter(isFailedTest);
  const steps = events.flatMap(({ resourcePreEvent }) => plannedOf(resourcePreEvent));
  return {
    completed: exitCode === 0 && events.some(({ summaryEvent }) => summaryEvent !== undefined),
    accessTests: {
      passed: testsIn(events, project) - new Set(failed.map(({ data }) => data.test)).size,
      failures: failed.map(({ where, data }) => `${where}: ${data.found}`),
    },
    guardrails: events.flatMap(({ policyEvent }) =>
      policyEvent === undefined ? [] : [violationOf(policyEvent)],
    ),
    counts: events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {},
    steps: steps.map(stepOf),
    lowered: steps.filter(lowersVersion).map(({ name }) => name),
    diagnostics,
  };
}

function violationOf(event: NonNullable<EngineEvent["policyEvent"]>): Violation {
  return {
    rule: event.policyName,
    level: event.enforcementLevel === "advisory" ? "advisory" : "mandatory",
    resource: nameOf(event.resourceUrn ?? ""),
    message: event.message,
  };
}

function plannedOf(event: EngineEvent["resourcePreEvent"]): PlanStep[] {
  if (event === undefined || ["same", "read", "refresh"].includes(event.metadata.op)) return [];
  const { op, type, urn, diffs, detailedDiff, old, new: planned } = event.metadata;
  const step = planStep({ op, urn, oldState: old, newState: planned, detailedDiff, reasons: diffs });
  return [{ ...step, type }];
}

function stepOf(step: PlanStep): Step {
  const { op, type, name, paths, oldState, newState } = step;
  // Made or taken away as a whole: there is nothing to compare.
  if (oldState === undefined || newState === undefined) return { op, type, name, properties: [...paths] };
  const changed = changedInputs(step);
  const within = paths.filter((path) => changed.some((property) => isWithin(path, property)));
  const whole = changed.filter((property) => !paths.some((path) => isWithin(path, property)));
  return { op, type, name, properties: [...within, ...whole] };
}

/** Whether a token would get a lower version than it has, as by a config that is older than its last rotation. */
function lowersVersion({ op, type, oldState, newState }: PlanStep): boolean {
  const versionIn = (state: Fields | undefined) =>
    Number(fieldsOf(state?.["inputs"])["clientSecretVersion"] ?? 1);
  return type === TYPES.token && op === "update" && versionIn(newState) < versionIn(oldState);
}

/** Whether a path is a property's, or of something in it. */
const isWithin = (path: string, property: string): boolean =>
  path.startsWith(property) && !/^\w/.test(path.slice(property.length));

/** How many access tests the stack's config lists. */
function testsIn(events: EngineEvent[], project: string): number {
  const config = events.find(({ preludeEvent }) => preludeEvent)?.preludeEvent?.config ?? {};
  return (JSON.parse(config[`${project}:accessTests`] || "[]") as unknown[]).length;
}

const isFailedTest = (finding: Finding): finding is AccessTestFinding =>
  finding.code === ("access-test-failed" satisfies AccessTestFinding["code"]);

/** A resource's own name, the last part of its URN. */
function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
