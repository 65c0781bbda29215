export { actionOf, decide, describePolicyTrace } from "./decide";
export { applicationFor, covers, levelMatches, placeFor } from "./destinations";
export type { Decision, Policy, PolicyDecision, PolicyTrace, Rule, RuleTrace, Subject } from "./types";
