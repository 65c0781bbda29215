import type { Account } from "./account";
import type { Choices } from "./types";

/** What a plan is made from. */
export interface PlanInput {
  /** The stack's config as it stands, decoded, by key. */
  raw: Readonly<Record<string, unknown>>;
  project: string;
  stack: string;
  account: Account;
  /** What the stack's state has, by URN. */
  state: ReadonlyMap<string, StateEntry>;
  choices: Choices;
  /** True: inline policies are left where they are, and new ones stand in for them, to try all else before. */
  beforeConversion?: boolean;
}

/** A resource in the stack's state. */
export interface StateEntry {
  /** The vendor's id; empty for a component. */
  id: string;
  inputs: Readonly<Record<string, unknown>>;
}
