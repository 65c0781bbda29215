import { UserError } from "../../../base/errors";
import { COPY_AGAIN, flawOf } from "../../../client/typescript/credential-form";
import type { Wire } from "../../../cloudflare/account-api";
import { isRefusedToken } from "../../../cloudflare/api-failure";
import {
  type Check,
  type Found,
  noteBy,
  type Outcome,
  STOPS_PREVIEW,
  STOPS_UPDATE,
  WARNS,
} from "../../../cloudflare/checks/check";
import { AT_TOKEN, RIGHTS, type RightsFindings } from "../../../cloudflare/checks/rights";
import { requiredGroups } from "../../../cloudflare/permission-groups";
import { type Account, type ApiToken, apiFor, type Context } from "../context";
import { probePermissions, TRIED_OTHERS } from "../probe-permissions";
import { comparePolicies, policiesOf, type TokenPolicy } from "../token-policies";

export interface PermissionFindings
  extends Pick<RightsFindings, "account-unreachable" | "permission-missing"> {
  "permission-superfluous": { permissions: readonly string[]; owner: ApiToken["kind"] };
  "token-reach": { resources: readonly string[]; owner: ApiToken["kind"] };
  /** `tried`: how many permissions besides the needed ones were tried. */
  "permissions-unseen": { tried: number; reader: string };
}

/** Environment variable with a second API token, which may read API tokens. */
export const TOKEN_READER = "CLOUDFLARE_TOKEN_READER";

/** The API token's permissions: exactly those that are needed. */
export const permissions: Check<PermissionFindings, Context> = {
  code: "permissions",
  title: "Permissions",
  reads: ["account"],
  config: ["accountId"],
  finds: {
    "account-unreachable": RIGHTS["account-unreachable"],
    "permission-missing": RIGHTS["permission-missing"],
    "permission-superfluous": WARNS,
    "token-reach": WARNS,
    "permissions-unseen": WARNS,
  },
  async run(context): Promise<Outcome<PermissionFindings>> {
    const { account, config, purpose } = context;
    if (account === undefined) return { findings: [], summary: "" };
    const required = requiredGroups(purpose, { alerts: config.alerts !== undefined });
    const zoneId = (await account.zone().catch(() => undefined))?.["id"];
    const target = {
      accountId: String(config.accountId),
      ...(typeof zoneId === "string" ? { zoneId } : {}),
    };
    const owner = (await account.token()).kind;
    const policies = await readPolicies(context, account);
    if (policies !== undefined) {
      const difference = comparePolicies(policies, required, target);
      return {
        findings: judgePermissions(context, { ...difference, outside: !difference.reachesAccount, owner }),
        summary: `exactly the ${required.length} that ${purpose} needs`,
      };
    }
    const probed = await probePermissions(account.snapshot.api, required, target.zoneId);
    return {
      findings: [
        ...judgePermissions(context, { ...probed, elsewhere: [], owner }),
        note("permissions-unseen", AT_TOKEN, { tried: TRIED_OTHERS, reader: TOKEN_READER }),
      ],
      summary: "",
      ...(probed.untried.length === 0 ? {} : { skipped: `not tried: ${probed.untried.join(", ")}` }),
    };
  },
};

const note = noteBy<PermissionFindings>(permissions.finds);

/** Judges a token by what it lacks, has too much, and reaches besides. */
function judgePermissions(
  { config, purpose }: Pick<Context, "config" | "purpose">,
  found: Record<"missing" | "unreadable" | "superfluous" | "elsewhere", string[]> & {
    outside: boolean;
    owner: ApiToken["kind"];
  },
): Found<PermissionFindings>[] {
  const { owner, missing: lacks, superfluous: permissions, elsewhere: resources } = found;
  if (found.outside) {
    return [note("account-unreachable", "accountId", { accountId: String(config.accountId) })];
  }
  const weight = purpose === "preview" || found.unreadable.length > 0 ? STOPS_PREVIEW : STOPS_UPDATE;
  return [
    ...(lacks.length > 0 ? [note("permission-missing", AT_TOKEN, { lacks, owner }, { lacks, weight })] : []),
    ...(permissions.length > 0 ? [note("permission-superfluous", AT_TOKEN, { permissions, owner })] : []),
    ...(resources.length > 0 ? [note("token-reach", AT_TOKEN, { resources, owner })] : []),
  ];
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
