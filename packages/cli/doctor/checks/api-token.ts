import { ApiError } from "../../../base/errors";
import { isRefusedToken } from "../../../cloudflare/api-failure";
import { type Check, type Found, noteBy, WARNS } from "../../../cloudflare/checks/check";
import { AT_TOKEN, RIGHTS, type RightsFindings, tokenFlaws } from "../../../cloudflare/checks/rights";
import { type ApiToken, type Context, ownerOf } from "../context";
import { WARN_DAYS } from "../limits";

const DAY_MS = 24 * 3_600_000;

export interface TokenFindings
  extends Pick<RightsFindings, "token-missing" | "token-malformed" | "token-refused"> {
  /** `inDays` is no number when the date cannot be read. */
  "token-expires": { on: string; inDays: number; owner: ApiToken["kind"] };
}

const note = noteBy<TokenFindings>({ ...RIGHTS, "token-expires": WARNS });

/** Whether the API takes the token, and for how long. */
export const apiToken: Check<TokenFindings, Context> = {
  code: "api-token",
  title: "API token",
  reads: ["account"],
  finds: {
    "token-missing": RIGHTS["token-missing"],
    "token-malformed": RIGHTS["token-malformed"],
    "token-refused": RIGHTS["token-refused"],
    "token-expires": WARNS,
  },
  async run({ account, now, token: value }) {
    if (account === undefined) return { findings: tokenFlaws(value) as Found<TokenFindings>[], summary: "" };
    const token = await account.token().catch((error: unknown) => {
      if (error instanceof ApiError && isRefusedToken(error)) return error;
      throw error;
    });
    if (token instanceof ApiError) {
      const owner = ownerOf(value ?? "");
      const answer = { ...(token.status === undefined ? {} : { status: token.status }) };
      return { findings: [note("token-refused", AT_TOKEN, { answer, owner })], summary: "" };
    }
    return { findings: judgeToken(token, now), summary: summaryOf(token) };
  },
};

/** Judges what the API says of the token. */
function judgeToken({ status, kind: owner, expiresOn: on }: ApiToken, now: Date): Found<TokenFindings>[] {
  if (status !== "active") return [note("token-refused", AT_TOKEN, { state: status, owner })];
  if (on === undefined) return [];
  const inDays = Math.floor((Date.parse(on) - now.getTime()) / DAY_MS);
  // A date that cannot be read is no reassurance.
  return inDays >= WARN_DAYS ? [] : [note("token-expires", AT_TOKEN, { on, inDays, owner })];
}

function summaryOf({ kind, expiresOn }: ApiToken): string {
  const owner = kind === "user" ? "a user's" : "the account's";
  return `active, ${owner}, ${expiresOn === undefined ? "without an end" : `until ${expiresOn.slice(0, 10)}`}`;
}
