export { actionOf, decide, describePolicyTrace } from "./decide";
export { applicationFor, covers, placeFor } from "./destinations";
export { describeRule } from "./rules";
export type {
  DecideOptions,
  Decision,
  Match,
  Phase,
  Policy,
  PolicyDecision,
  PolicyTrace,
  Rule,
  RuleTrace,
  Subject,
} from "./types";
