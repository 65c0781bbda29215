import { ApiError } from "../../../base/errors";
import { COPY_AGAIN, flawOf } from "../../../client/typescript/credential-form";
import { isRefusedToken } from "../../../cloudflare/api-failure";
import type { Check } from "../check";
import type { ApiToken } from "../context";
import { type Finding, finding } from "../findings";
import { WARN_DAYS } from "../limits";

const DAY_MS = 24 * 3_600_000;

/** Where a token of that kind is edited. */
export function tokensPage(kind: ApiToken["kind"], accountId: string | undefined): string {
  return `https://dash.cloudflare.com/${kind === "user" ? "profile" : (accountId ?? "")}/api-tokens`;
}

/** Whether the API takes the token, and for how long. */
export const apiToken: Check = {
  title: "API token",
  async run({ account, config, stack, now, token: value }) {
    const flaw = flawOf(value ?? "");
    if (flaw !== undefined) {
      return { findings: [finding("token-malformed", `the API token ${flaw}`, COPY_AGAIN)], summary: "" };
    }
    if (account === undefined) {
      const mend = `pulumi config set --stack ${stack} --secret cloudflare:apiToken  (or set CLOUDFLARE_API_TOKEN)`;
      return {
        findings: [finding("token-missing", "no API token for Cloudflare is set", mend)],
        summary: "",
      };
    }
    const token = await account.token().catch((error: unknown) => {
      if (error instanceof ApiError && isRefusedToken(error)) return error;
      throw error;
    });
    if (token instanceof ApiError) {
      const what = `Cloudflare does not know the API token (HTTP ${token.status})`;
      const page = tokensPage(value?.startsWith("cfat_") ? "account" : "user", config.accountId);
      return { findings: [finding("token-refused", what, makeAnother(page, stack))], summary: "" };
    }
    const page = tokensPage(token.kind, config.accountId);
    return { findings: judgeToken(token, { now, page, stack }), summary: summaryOf(token) };
  },
};

/** Judges what the API says of the token. */
function judgeToken(
  token: ApiToken,
  { now, page, stack }: { now: Date; page: string; stack: string },
): Finding[] {
  if (token.status !== "active") {
    const mend = token.status === "disabled" ? `Enable it at ${page}` : makeAnother(page, stack);
    return [finding("token-refused", `the API token is ${token.status}`, mend)];
  }
  if (token.expiresOn === undefined) return [];
  const days = Math.floor((Date.parse(token.expiresOn) - now.getTime()) / DAY_MS);
  // A date that cannot be read is no reassurance.
  if (days >= WARN_DAYS) return [];
  const what = `the API token expires on ${token.expiresOn.slice(0, 10)}, in ${days} days`;
  return [finding("token-expires", what, `Give it a later end at ${page}`)];
}

const makeAnother = (page: string, stack: string): string =>
  `Make one at ${page}, then: pulumi config set --stack ${stack} --secret cloudflare:apiToken`;

function summaryOf({ kind, expiresOn }: ApiToken): string {
  const owner = kind === "user" ? "a user's" : "the account's";
  return `active, ${owner}, ${expiresOn === undefined ? "without an end" : `until ${expiresOn.slice(0, 10)}`}`;
}
