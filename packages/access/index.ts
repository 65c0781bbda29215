export { actionOf, decide, describePolicyTrace } from "./decide";
export {
  applicationFor,
  covers,
  destinationsOf,
  hostAt,
  liesOn,
  offersLogins,
  placeFor,
  placesOf,
  readPlace,
  standsInFront,
} from "./destinations";
export type { Decision, Policy, PolicyDecision, PolicyTrace, Rule, RuleTrace, Subject } from "./types";
