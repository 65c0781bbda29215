import { textOf } from "../../../base/json-values";
import type { GoogleClient } from "../../google/check-client";
import type { GoogleCheck } from "../../google/judge-client";
import type { StackOutputs } from "../../secrets/outputs";
import type { StackResource, StackSettings } from "../../stack/read-stack";
import type { ProbeResult, TokenCredentials } from "../../verify/probe-token";
import { kindOf } from "../kinds";
import type { Account } from "../read-account";
import type { Change, Failure, Unseen } from "../types";

/** The ways to check what no reading shows. */
export interface Probes {
  /** One request through the edge; absent: none is made. */
  token?: (url: string, credentials: TokenCredentials) => Promise<ProbeResult>;
  /** Absent: Google is not asked. */
  google?: (client: GoogleClient) => Promise<GoogleCheck>;
  /** The connector token of a tunnel, which takes an API token that may edit tunnels. */
  connectorToken: (tunnelId: string) => Promise<string>;
}

/** What the checks of what cannot be seen go by. */
export interface UnseenContext {
  account: Account;
  resources: readonly StackResource[];
  settings: StackSettings;
  /** Secret. */
  outputs: StackOutputs;
  /** What is known to have changed: it explains why a check fails. */
  changes: readonly Change[];
  /** When the state was last written. */
  since?: string;
  authDomain: string;
  now: Date;
}

/** What cannot be seen, how it was checked instead, and what that found. */
export interface UnseenResult {
  unseen: Unseen[];
  changes: Change[];
  failures: Failure[];
}

export const result = (unseen: Unseen[], changes: Change[] = [], failures: Failure[] = []): UnseenResult => ({
  unseen,
  changes,
  failures,
});

/** Whether an object was written after the state; undefined when the API gives no time. */
export function writtenSince(
  { account, since }: UnseenContext,
  resource: StackResource,
): { since: boolean; at: string; words: string } | undefined {
  const field = kindOf(resource.type)?.table.writtenAt;
  const at = field === undefined ? undefined : textOf(account.objects.get(resource.urn)?.[field]);
  if (at === undefined || since === undefined) return undefined;
  const isLater = Date.parse(at) > Date.parse(since);
  return { since: isLater, at, words: isLater ? `written at ${at}, after the state` : "not written since" };
}
