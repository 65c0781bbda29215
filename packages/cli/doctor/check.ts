import type { Context } from "./context";
import type { Finding, FindingId } from "./findings";

/** One look at one thing. */
export interface Check {
  /** What it looks at, e.g. `Tunnel`. */
  title: string;
  /** Whether the stack has what it looks at; one that has not is left out of the report. Default: always. */
  concerns?(context: Context): boolean;
  /** Config keys without which there is nothing to look at. */
  config?: readonly (keyof Context["config"])[];
  /**
   * Permission groups without which the account refuses to tell. Set for every check that asks the account, and empty
   * for one that needs none.
   */
  groups?: readonly string[];
  /** A permission without which the account tells nothing instead of refusing. */
  blindWithout?: string;
  /**
   * Looks.
   * @throws {ApiError} or {UserError} when it cannot; that is a finding of its own.
   */
  run(context: Context): Promise<Outcome>;
}

/** What a look brought. */
export interface Outcome {
  findings: Finding[];
  /** In a few words, what is as it should be. */
  summary: string;
  /** Why part of it was not looked at, where a finding of an earlier check is the reason. */
  skipped?: string;
  /** Lines to be shown whatever was found. */
  notes?: string[];
}

/** A check as the report has it. */
export interface Checked {
  title: string;
  status: "ok" | "warning" | "error" | "skipped";
  summary: string;
  findings: Finding[];
  notes: string[];
}

/** Findings of earlier checks after which the account cannot tell anything more. */
export const BLOCKING: Partial<Record<FindingId, string>> = {
  "token-missing": "there is no API token",
  "token-malformed": "the API token cannot be sent",
  "token-refused": "the API token is refused",
  "account-unreachable": "the API token does not reach the account",
};
