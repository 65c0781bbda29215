import { UserError } from "../../../base/errors";
import { COPY_AGAIN, flawOf } from "../../../client/typescript/credential-form";
import type { Wire } from "../../../cloudflare/account-api";
import { isRefusedToken } from "../../../cloudflare/api-failure";
import { requiredGroups } from "../../../cloudflare/permission-groups";
import type { Check, Outcome } from "../check";
import { type Account, apiFor, type Context } from "../context";
import { type Finding, finding } from "../findings";
import { probePermissions, TRIED_OTHERS } from "../probe-permissions";
import { comparePolicies, policiesOf, type TokenPolicy } from "../token-policies";
import { tokensPage } from "./api-token";

/** Environment variable with a second API token, which may read API tokens. */
export const TOKEN_READER = "CLOUDFLARE_TOKEN_READER";

/** The API token's permissions: exactly those that are needed. */
export const permissions: Check = {
  title: "Permissions",
  config: ["accountId"],
  groups: [],
  async run(context): Promise<Outcome> {
    const { account, config, purpose } = context;
    if (account === undefined) return { findings: [], summary: "" };
    const required = requiredGroups(purpose, { alerts: config.alerts !== undefined });
    const zoneId = (await account.zone().catch(() => undefined))?.["id"];
    const target = {
      accountId: String(config.accountId),
      ...(typeof zoneId === "string" ? { zoneId } : {}),
    };
    const page = tokensPage((await account.token()).kind, config.accountId);
    const policies = await readPolicies(context, account);
    if (policies !== undefined) {
      const difference = comparePolicies(policies, required, target);
      return {
        findings: judgePermissions(context, { ...difference, outside: !difference.reachesAccount, page }),
        summary: `exactly the ${required.length} that ${purpose} needs`,
      };
    }
    const probed = await probePermissions(account.snapshot.api, required, target.zoneId);
    return {
      findings: [...judgePermissions(context, { ...probed, elsewhere: [], page }), unseen()],
      summary: "",
      ...(probed.untried.length === 0 ? {} : { skipped: `not tried: ${probed.untried.join(", ")}` }),
    };
  },
};

/** Judges a token by what it lacks, has too much, and reaches besides. */
function judgePermissions(
  { config, purpose, stack }: Pick<Context, "config" | "purpose" | "stack">,
  found: { missing: string[]; superfluous: string[]; elsewhere: string[]; outside: boolean; page: string },
): Finding[] {
  if (found.outside) {
    const what = `the API token reaches nothing in account ${config.accountId}`;
    const mend = `pulumi config set --stack ${stack} accountId <id of the token's account>`;
    return [finding("account-unreachable", what, mend)];
  }
  const findings: Finding[] = [];
  const edit = found.page;
  if (found.missing.length > 0) {
    const what = `the API token lacks what ${purpose} needs: ${found.missing.join("; ")}`;
    const mend = `Add them to the token at ${edit}`;
    findings.push({ ...finding("permission-missing", what, mend), lacks: found.missing });
  }
  if (found.superfluous.length > 0) {
    const what = `the API token has more than ${purpose} needs: ${found.superfluous.join("; ")}`;
    findings.push(finding("permission-superfluous", what, `Take them from the token at ${edit}`));
  }
  if (found.elsewhere.length > 0) {
    const what = `the API token reaches more than account ${config.accountId} and its zone: ${found.elsewhere.join(", ")}`;
    findings.push(finding("token-reach", what, `Limit its account and zone resources at ${edit}`));
  }
  return findings;
}

function unseen(): Finding {
  return finding(
    "permissions-unseen",
    `the API token may not read its own permissions: those needed were judged by what is refused, and of others only ${TRIED_OTHERS} were tried`,
    `Set ${TOKEN_READER} to a token with "API Tokens Read" ("Account API Tokens Read" for one of the account's) and run doctor again.`,
  );
}

/** The token's policies, as the reader or the token itself may see them; undefined when neither may. */
async function readPolicies(context: Context, account: Account): Promise<TokenPolicy[] | undefined> {
  const flaw = flawOf(context.tokenReader ?? "");
  if (flaw !== undefined) throw new UserError(`${TOKEN_READER} ${flaw}, so it is no API token`, COPY_AGAIN);
  const { id, kind } = await account.token();
  const path = kind === "user" ? `/user/tokens/${id}` : account.snapshot.below(`tokens/${id}`);
  const readers = [
    ...(context.tokenReader === undefined ? [] : [apiFor(context, context.tokenReader)]),
    account.snapshot.api,
  ];
  for (const reader of readers) {
    const token = await reader.read(path, "the permissions of the API token").catch(refused);
    const policies = token === undefined ? undefined : policiesOf(token);
    if (policies !== undefined) return policies;
  }
  return undefined;
}

function refused(error: unknown): Wire | undefined {
  if (isRefusedToken(error)) return undefined;
  throw error;
}
