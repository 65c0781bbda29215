import { type FailedCall, UserError } from "../../base/errors";
import { flawOf } from "../../client/typescript/credential-form";
import { resultOf } from "../api-client";
import { ApiFailure, type FailureKind } from "../api-failure";
import { GROUPS } from "../permission-groups";
import { type AccountLook, type Check, type Found, noteBy, STOPS_PREVIEW, STOPS_UPDATE } from "./check";

/** What keeps the account from being asked, or from answering. */
export interface RightsFindings {
  "token-missing": object;
  "token-malformed": { flaw: string };
  "token-refused": {
    /** How the API refused it; absent when it knows the token. */
    answer?: { status?: number; code?: number };
    /** `disabled` or `expired`, when the API knows the token. */
    state?: string;
    owner: "user" | "account";
  };
  "account-unreachable": { accountId: string };
  "permission-missing": {
    lacks: readonly string[];
    /** Whose the token is, where that is known. */
    owner?: "user" | "account";
    /** What was not to be read for it, where that showed it. */
    refused?: { object: string; group: string; status?: number; code?: number };
  };
  "zero-trust-off": object;
  unchecked: { by: Unread };
}

/** A call of the API that failed, `detail` in the API's own words. */
interface UnreadCall extends FailedCall {
  what: "API";
  kind: FailureKind;
  /** The network's own code, e.g. `ECONNREFUSED`. */
  network?: string;
}

/** Why something could not be looked at. */
export type Unread =
  | UnreadCall
  /** Something that whoever runs the command can mend. */
  | { what: "mistake"; found: string; remedy: string }
  | { what: "Google"; names: readonly string[]; details: readonly string[] }
  /** An error that nobody foresaw, by its name alone: its words may quote anything. */
  | { what: "program"; name: string };

export const RIGHTS: Check<RightsFindings, never>["finds"] = {
  "token-missing": STOPS_PREVIEW,
  "token-malformed": STOPS_PREVIEW,
  "token-refused": STOPS_PREVIEW,
  "account-unreachable": STOPS_PREVIEW,
  // One that may not even be read for stops a preview too.
  "permission-missing": STOPS_UPDATE,
  "zero-trust-off": STOPS_PREVIEW,
  unchecked: STOPS_PREVIEW,
};

const note = noteBy<RightsFindings>(RIGHTS);

/** Where what is wrong with the token is said to be, as people call it. */
export const AT_TOKEN = "API token";

/** What is wrong with a token before anybody is asked; nothing when it can be sent. */
export function tokenFlaws(token: string | undefined): Found<RightsFindings>[] {
  if (token === undefined || token === "") return [note("token-missing", AT_TOKEN, {})];
  const flaw = flawOf(token);
  return flaw === undefined ? [] : [note("token-malformed", AT_TOKEN, { flaw })];
}

/** What a token without a permission for something is told. */
const LACKING: ReadonlySet<FailureKind> = new Set(["permission", "out of reach"]);
const OF_THE_ZONE: ReadonlySet<string> = new Set([GROUPS.zone, GROUPS.dns]);

/**
 * What a reading that failed says.
 * @param group the permission group that it needs
 */
export function ofFailure(failure: ApiFailure, group: string): Found<RightsFindings> {
  const { kind, status, code, call } = failure;
  const facts = { ...(status === undefined ? {} : { status }), ...(code === undefined ? {} : { code }) };
  if (kind === "token") return note("token-refused", AT_TOKEN, { answer: facts, owner: "user" });
  if (kind === "not set up") return note("zero-trust-off", "accountId", {});
  // To a token that reaches nothing of the account, nothing of it is there.
  if (LACKING.has(kind) || (kind === "not there" && !OF_THE_ZONE.has(group))) {
    const refused = { object: call.object, group, ...facts };
    const lacks = [`${group} Read`];
    return note("permission-missing", AT_TOKEN, { lacks, refused }, { lacks, weight: STOPS_PREVIEW });
  }
  return note("unchecked", "API", { by: unreadOf(failure) });
}

/** Why something could not be looked at, by the error that it ended with. */
export function unreadOf(error: unknown): Unread {
  if (error instanceof ApiFailure) {
    const { kind, network, call } = error;
    return { what: "API", kind, ...(network === undefined ? {} : { network }), ...call };
  }
  if (error instanceof UserError) {
    return { what: "mistake", found: error.found.split("\n")[0] ?? "", remedy: error.remedy };
  }
  return { what: "program", name: error instanceof Error ? error.name : "an error" };
}

/** What is found when nothing of the account may be read: that is one thing, not many. */
export const unreachable = (accountId: string): Found<RightsFindings> =>
  note("account-unreachable", "accountId", { accountId });

/** Objects that a run reads one by one later on, of which nothing else is looked at before. */
export const READABLE: readonly Check<RightsFindings, AccountLook>[] = [
  reading("policies", GROUPS.apps, "access/policies?per_page=1", "the Access policies"),
  reading("service-tokens", GROUPS.tokens, "access/service_tokens?per_page=1", "the service tokens"),
  {
    ...reading("notifications", GROUPS.alerts, "alerting/v3/policies", "the notifications"),
    concerns: ({ config }) => config.alerts !== undefined,
  },
];

function reading(
  code: string,
  group: string,
  path: string,
  object: string,
): Check<RightsFindings, AccountLook> {
  return {
    code: `readable-${code}`,
    title: "Permissions",
    reads: ["account"],
    finds: RIGHTS,
    groups: [group],
    async run({ account }) {
      const call = { object };
      resultOf(await account.api.call("get", account.below(path), call), call);
      return { findings: [], summary: "" };
    },
  };
}
