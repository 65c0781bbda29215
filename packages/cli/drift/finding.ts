import type { Finding } from "../../base/finding";
import { objectWords } from "./render/words";
import type { Change, Failure } from "./types";

/** A change as a finding: one that opens something, or takes a guard away, is the worse one. */
export function changeFinding(change: Change): Finding<Change["what"]> {
  const severity = change.opens === undefined ? "warning" : "error";
  return { code: change.what, severity, where: objectWords(change) };
}

/** A check that could not be made, as a finding: it is never taken for fine. */
export const failureFinding = ({ what }: Failure): Finding<"not checked"> => ({
  code: "not checked",
  severity: "error",
  where: what,
});
