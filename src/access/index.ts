export { actionOf, decide, describePolicyTrace } from "./decide";
export { applicationFor, covers, placeFor } from "./destinations";
export type { Decision, Policy, PolicyDecision, PolicyTrace, Rule, RuleTrace, Subject } from "./types";
