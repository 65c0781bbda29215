import type { TunnelConfig } from "../../config/stack-config";
import type { Fields } from "../base/json-values";
import { AccountApi } from "./account-api";
import { AccountSnapshot } from "./account-snapshot";
import type { ApiAccess as ClientAccess } from "./api-client";
import { ApiFailure } from "./api-failure";
import type { AccountLook, AnyCheck, AnyFound } from "./checks/check";
import { dns, recordsAt } from "./checks/dns";
import { hostnames } from "./checks/hostnames";
import { identityProvider } from "./checks/identity-provider";
import { organization } from "./checks/organization";
import { ofFailure, READABLE, type RightsFindings, tokenFlaws, unreachable } from "./checks/rights";
import { ownRules, ownTunnel, type TunnelFindings, tunnel, undeclaredRules } from "./checks/tunnel";
import { zone } from "./checks/zone";
import type { Seen } from "./left-behind";
import { refusal } from "./refusal";

/** What the stack is about to use in the account. */
export interface PreflightArgs {
  accountId: string;
  zone: string;
  teamName: string;
  applications: readonly { name: string; hostname: string }[];
  tunnel: TunnelConfig;
  /** With an id when the stack uses an identity provider that exists. */
  google: { identityProviderId?: string };
  /** Set when the stack has e-mail alerts. */
  alerts?: object;
  /** The comment that marks the stack's own DNS records. */
  ownerComment: string;
  /** Ids of applications and DNS records of others that the stack has taken over. */
  adopted: readonly string[];
}

/** How to reach the API; the absence of a token is a finding like the others. */
export type ApiAccess = Partial<Pick<ClientAccess, "token" | "baseUrl" | "send" | "sleep">>;

/** What the look-ups found that the program needs. */
export interface Preflight {
  zoneId: string;
  /** Rules on the stack's own tunnel for host names that it does not declare; none for a shared tunnel. */
  undeclared: Fields[];
  /** What has the names that the stack declares. */
  seen: Seen;
  /** Logins of the account. */
  logins: Fields[];
}

/**
 * The checks of doctor's list that a preview must not go without, and what doctor makes within permissions and
 * tunnel-rules: all of them only read the account. What they find that does not stop a preview is left to doctor.
 */
export const PREVIEW_CHECKS: readonly AnyCheck<AccountLook>[] = [
  zone,
  organization,
  dns,
  hostnames,
  identityProvider,
  tunnel,
  ownRules,
  ...READABLE,
];

/** Everybody waits for a preview. */
const PATIENCE = { retries: 3, timeoutMs: 10_000, insists: false };

/**
 * Looks up what would otherwise stop a run half way: an API token without a scope, a wrong account, zone, team,
 * tunnel or identity provider, a host name that is taken. Reads only, all at once, before any resource.
 *
 * Whether a token may also write cannot be seen by reading; the provider's error tells.
 * @throws ProblemsError with everything found
 */
export async function preflight(args: PreflightArgs, access: ApiAccess): Promise<Preflight> {
  const { accountId } = args;
  const { token = "" } = access;
  const flaws = tokenFlaws(token);
  if (flaws.length > 0) throw refusal("the access to Cloudflare", flaws, access);
  const account = new AccountSnapshot(new AccountApi({ ...access, token, accountId, ...PATIENCE }));
  const look: AccountLook = { config: args, account, isOurs: isOursIn(args) };
  const checks = PREVIEW_CHECKS.filter(({ concerns }) => concerns?.(look) ?? true);
  const looked = await Promise.all(
    checks.map(async (check) => ({ check, found: await foundBy(check, look) })),
  );
  const stopping = looked.flatMap(({ found }) => found.filter(({ stops }) => stops === "preview"));
  const findings = reachesNothing(looked) ? onlyThat(looked, accountId) : stopping;
  if (findings.length > 0) throw refusal(`account ${accountId}`, findings, access);
  return seenBy(account, args);
}

/** What a check found; that it could not read what it needs is a finding too. */
interface Looked {
  check: AnyCheck<AccountLook>;
  found: readonly AnyFound[];
}

async function foundBy(check: AnyCheck<AccountLook>, look: AccountLook): Promise<readonly AnyFound[]> {
  try {
    return (await check.run(look)).findings;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const [group = ""] = check.groups ?? [];
    return [ofFailure(error, group)];
  }
}

const isOfTheZone = ({ check: { code } }: Looked): boolean => code === zone.code || code === dns.code;

/** What is found where nothing is: some of it the API answers with "not there". */
const NOTHING_THERE: ReadonlySet<string> = new Set([
  "permission-missing",
  "zero-trust-off",
  "tunnel-missing",
] satisfies (keyof (RightsFindings & TunnelFindings))[]);

/** Whether the token may read nothing at all below the account, not even the applications. */
function reachesNothing(looked: readonly Looked[]): boolean {
  const denied = ({ found }: Looked) => found.some(({ code }) => code === "permission-missing");
  return (
    looked.some((each) => each.check.code === hostnames.code && denied(each)) &&
    looked.every((each) => isOfTheZone(each) || each.found.some(({ code }) => NOTHING_THERE.has(code)))
  );
}

/** That is one finding, not many. */
const onlyThat = (looked: readonly Looked[], accountId: string): AnyFound[] => [
  ...looked.filter(isOfTheZone).flatMap(({ found }) => found),
  unreachable(accountId),
];

/**
 * What is certain before the state is read. An application of a name that the stack declares, and a tunnel of its name,
 * are its own, or left behind by one of its runs: only the state can tell, and what follows looks there.
 */
function isOursIn({ applications, adopted, ownerComment }: PreflightArgs): AccountLook["isOurs"] {
  const names = new Set(applications.map(({ name }) => name));
  return (kind, { id, name, comment }) => {
    if (adopted.includes(String(id)) || kind === "tunnel") return true;
    return kind === "application" ? names.has(String(name)) : comment === ownerComment;
  };
}

/** What the checks saw: each thing was asked for once. */
async function seenBy(account: AccountSnapshot, args: PreflightArgs): Promise<Preflight> {
  const zoneId = String((await account.zone(args.zone))?.["id"]);
  const names = args.applications.map(({ hostname }) => hostname);
  const records = await recordsAt(account, zoneId, names);
  const own = await ownTunnel(account, args.tunnel);
  return {
    zoneId,
    undeclared: undeclaredRules(own?.rules ?? [], names),
    seen: {
      applications: await account.applications(),
      records: records.filter(({ comment }) => comment === args.ownerComment),
      ...(own === undefined ? {} : { tunnel: own }),
    },
    logins: await account.identityProviders(),
  };
}
