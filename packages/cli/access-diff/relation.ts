import type { Subject } from "../../access";
import type { Place } from "../../access/site";
import type { Caller, Cell } from "./cells";

/**
 * How who gets in after a change stands to who got in before it, for all requests at once. `not decided` where a
 * gain or a loss hangs on what cannot be known.
 */
export type Relation = "same" | "wider" | "narrower" | "both" | "not decided";

/** One request of which the two sides judge differently. */
interface Counterexample {
  place: Place;
  /** Who asks, as each side knows them: a token that a side lacks is none to it. */
  subject: { before: Subject; after: Subject };
}

/** The relation of two sides, and one request for each direction in which they differ. */
export interface Compared {
  relation: Relation;
  /** Let in after the change alone. */
  gained?: Counterexample;
  /** Let in before the change alone. */
  lost?: Counterexample;
}

/**
 * The relation of two sides, from all that changes for anybody: {@link Caller}s stand for every request, so no difference
 * among them means that there is none at all (docs/design.md, "A diff of access, not of resources").
 */
export function relationOf(callers: readonly Caller[]): Compared {
  const cells = callers.flatMap((caller) => caller.cells);
  const first = (kind: "gain" | "loss") => cells.find(({ change }) => change.kind === kind);
  const [gain, loss] = [first("gain"), first("loss")];
  const compared = {
    ...(gain === undefined ? {} : { gained: counterexample(gain) }),
    ...(loss === undefined ? {} : { lost: counterexample(loss) }),
  };
  if (cells.some(isOpen)) return { relation: "not decided", ...compared };
  const relation = gain === undefined ? (loss === undefined ? "same" : "narrower") : "wider";
  return { relation: relation === "wider" && loss !== undefined ? "both" : relation, ...compared };
}

const isOpen = ({ change: { kind, may } }: Cell): boolean =>
  kind === "not decided" || (kind === "depends" && (may.includes("gain") || may.includes("loss")));

const counterexample = ({ place, witness }: Cell): Counterexample => ({ place, subject: witness });
