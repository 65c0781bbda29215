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
}

/** A resource in the stack's state. */
export interface StateEntry {
  /** The vendor's id; empty for a component. */
  id: string;
  inputs: Readonly<Record<string, unknown>>;
}
