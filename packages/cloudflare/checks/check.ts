import type { StackConfig, TunnelConfig } from "../../../config/stack-config";
import type { Finding, FindingOf, Severity } from "../../base/finding";
import type { Wire } from "../account-api";
import type { AccountSnapshot } from "../account-snapshot";

/** What does not come to its end because of a finding. */
export type Stops = "preview" | "update" | "nothing";

/** How much a finding weighs. */
export interface Weight {
  severity: Severity;
  stops: Stops;
}

export const STOPS_PREVIEW: Weight = { severity: "error", stops: "preview" };
export const STOPS_UPDATE: Weight = { severity: "error", stops: "update" };
/** It leaves something open, or keeps people out, once the stack is up. */
export const BREAKS: Weight = { severity: "error", stops: "nothing" };
export const WARNS: Weight = { severity: "warning", stops: "nothing" };

/** What is known of a finding besides its code and data. */
interface Around {
  /** Ids of the objects at fault, where the vendor has given them some. */
  objects?: readonly string[];
  /** Permissions that the API token lacks, by Cloudflare's names, e.g. `Zone Read`; of `permission-missing`. */
  lacks?: readonly string[];
}

/** What a check finds: `Data` says which codes, and with which data. */
export type Found<Data> = FindingOf<Data> & Pick<Weight, "stops"> & Around;

/** How to note one finding; the weight is its code's, unless the occasion has another. */
export type Note<Data> = <Code extends keyof Data & string>(
  code: Code,
  where: string,
  data: Data[Code],
  around?: Around & { weight?: Weight },
) => Found<Data>;

/** One look at one thing, before a preview, by doctor, or by both. */
export interface Check<Data, Context> {
  /** Its name, also for programs. */
  code: string;
  /** What it looks at: its line in doctor's report, e.g. `Tunnel`. */
  title: string;
  /** Where it has to look. What asks the account is not asked while the API token cannot ask anything. */
  reads: readonly ("config" | "account" | "state" | "Google" | "origins" | "files")[];
  /** Everything that it can find, and how much that weighs. */
  finds: Readonly<Record<keyof Data & string, Weight>>;
  /** Whether the stack has what it looks at. Default: always. */
  concerns?(context: Context): boolean;
  /** Config keys without which there is nothing to look at. */
  config?: readonly (keyof StackConfig)[];
  /** Permission groups without which the account refuses to tell. */
  groups?: readonly string[];
  /** A permission without which the account tells nothing instead of refusing. */
  blindWithout?: string;
  /**
   * Looks.
   * @throws {ApiError} or {UserError} when it cannot; that is a finding of its own.
   */
  run(context: Context): Promise<Outcome<Data>>;
}

/** What a look brought. */
export interface Outcome<Data> {
  findings: Found<Data>[];
  /** In a few words, what is as it should be. */
  summary: string;
  /** Why part of it was not looked at, where a finding of an earlier check is the reason. */
  skipped?: string;
  /** Lines to be shown whatever was found. */
  notes?: string[];
}

/** Whatever a check may find. */
export type AnyFound = Finding & { data: unknown } & Pick<Weight, "stops"> & Around;

/** A check, whatever it may find. */
export interface AnyCheck<Context> extends Omit<Check<never, Context>, "finds" | "run"> {
  finds: Readonly<Record<string, Weight>>;
  run(context: Context): Promise<Omit<Outcome<never>, "findings"> & { findings: AnyFound[] }>;
}

/** How a check notes what it finds, by the weights of its codes. */
export function noteBy<Data>(finds: Check<Data, never>["finds"]): Note<Data> {
  return (code, where, data, { weight = finds[code], ...around } = {}) =>
    ({ code, ...weight, where, data, ...around }) as Found<Data>;
}

/** What the checks of the account are told of the stack. */
export interface AccountLook {
  config: {
    accountId?: string;
    zone?: string;
    teamName?: string;
    applications?: readonly { name: string; hostname: string }[];
    tunnel?: TunnelConfig;
    /** With an id when the stack uses an identity provider that exists. */
    google?: { identityProviderId?: string };
    /** Set when the stack has e-mail alerts. */
    alerts?: object;
  };
  /** What the account holds, each thing asked for once. */
  account: AccountSnapshot;
  /** Whether an object is the stack's own, or is judged by somebody who knows more of the state. */
  isOurs(kind: "application" | "DNS record" | "tunnel", object: Wire): boolean | Promise<boolean>;
}
