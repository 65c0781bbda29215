import { endlessAsText } from "../../../base/json-values";
import { told } from "../../orphans/words";
import { changeFinding, failureFinding } from "../finding";
import type { Change, DriftReport } from "../types";

/** The report for programs: every finding with its code. */
export function renderJson(report: DriftReport): string {
  const changed = (change: Change) => ({ ...changeFinding(change), ...change });
  const shown = {
    ...report,
    changes: report.changes.map(changed),
    orphans: report.orphans.map(told),
    accepted: report.accepted.map(({ change, orphan, ...why }) => ({
      ...(change === undefined ? {} : { change: changed(change) }),
      ...(orphan === undefined ? {} : { orphan: told(orphan) }),
      ...why,
    })),
    failures: report.failures.map((failure) => ({ ...failureFinding(failure), ...failure })),
  };
  return `${JSON.stringify(shown, endlessAsText, 2)}\n`;
}
