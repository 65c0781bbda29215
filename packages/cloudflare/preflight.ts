import { CLOUDFLARE_API } from "../../config/provider-addresses";
import type { TunnelConfig } from "../../config/stack-config";
import { hostAt, liesOn, placesOf, standsInFront } from "../access";
import { canonicalHost } from "../access/host-pattern";
import { teamDomain, teamIn } from "../access/team-domain";
import { type Fields, fieldsOf, listOf } from "../base/json-values";
import { type Problem, ProblemsError } from "../base/problems";
import { COPY_AGAIN, flawOf } from "../client/typescript/credential-form";
import { AccountApi } from "./account-api";
import { type ApiAccess as ClientAccess, type ListOptions, resultOf } from "./api-client";
import { ApiFailure, type FailureKind } from "./api-failure";
import type { Seen } from "./left-behind";
import { GROUPS } from "./permission-groups";

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
  /** Logins of the account: all that one page has, or the existing one that the stack uses. */
  logins: Fields[];
}

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
  if (!access.token) {
    throw new ProblemsError("the access to Cloudflare", [
      {
        path: "API token",
        found: "not set",
        remedy: "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
      },
    ]);
  }
  const flaw = flawOf(access.token);
  if (flaw !== undefined) {
    throw new ProblemsError("the access to Cloudflare", [
      { path: "API token", found: `${flaw}, so it is none`, remedy: COPY_AGAIN },
    ]);
  }
  const { accountId } = args;
  const { token } = access;
  const lookups = new Lookups(new AccountApi({ ...access, token, accountId, ...PATIENCE }), access.baseUrl);
  const zone = findZone(lookups, args);
  const tunnel = findOwnTunnel(lookups, args);
  const records = zone.then((id) => (id === undefined ? [] : checkRecords(lookups, args, id)));
  const existing = checkApplications(lookups, args);
  const logins = checkIdentityProvider(lookups, args);
  await Promise.all([
    records,
    checkOrganization(lookups, args),
    existing,
    lookups.account("access/policies?per_page=1", "Access policies", GROUPS.apps),
    lookups.account("access/service_tokens?per_page=1", "service tokens", GROUPS.tokens),
    logins,
    checkTunnel(lookups, args),
    tunnel,
    args.alerts ? lookups.account("alerting/v3/policies", "notifications", GROUPS.alerts) : undefined,
  ]);
  const zoneId = await zone;
  const problems = lookups.problems(accountId);
  if (problems.length > 0 || zoneId === undefined) throw new ProblemsError(`account ${accountId}`, problems);
  const own = await tunnel;
  return {
    zoneId,
    undeclared: undeclaredRules(own?.rules ?? [], args),
    seen: { applications: await existing, records: await records, tunnel: own },
    logins: await logins,
  };
}

async function findZone(lookups: Lookups, { accountId, zone }: PreflightArgs): Promise<string | undefined> {
  const query = `/zones?name=${encodeURIComponent(zone)}&account.id=${accountId}`;
  const zones = await lookups.list(query, "zones", GROUPS.zone);
  if (zones === undefined) return undefined;
  const found = zones.find((each) => each.name === zone);
  if (found === undefined) {
    lookups.report(
      "zone",
      `the API token sees no zone ${zone} in account ${accountId}`,
      `Correct zone or accountId, or give the token "Zone Read" on that zone.`,
    );
  } else if (found.status !== "active") {
    lookups.report(
      "zone",
      `${zone} is ${String(found.status)}`,
      "Wait until the zone is active; Access refuses it before.",
    );
  }
  return typeof found?.id === "string" ? found.id : undefined;
}

/** Refuses records of others; answers with the stack's own. */
async function checkRecords(lookups: Lookups, args: PreflightArgs, zoneId: string): Promise<Fields[]> {
  const base = `/zones/${zoneId}/dns_records`;
  // A few names are asked for one by one; many would be as many requests against the rate limit.
  const queries =
    args.applications.length <= 3
      ? args.applications.map(({ hostname }) => ({
          path: `${base}?name.exact=${encodeURIComponent(hostname)}`,
        }))
      : [{ path: base, perPage: 1000 }];
  const lists = await Promise.all(
    queries.map(({ path, ...options }) => lookups.list(path, "DNS records", GROUPS.dns, options)),
  );
  const own: Fields[] = [];
  for (const record of lists.flatMap((list) => list ?? [])) {
    const index = args.applications.findIndex(({ hostname }) => hostname === hostAt(String(record.name)));
    const clashes = ["A", "AAAA", "CNAME"].includes(String(record.type));
    if (index < 0 || !clashes || args.adopted.includes(String(record.id))) continue;
    if (record.comment === args.ownerComment) {
      own.push(record);
      continue;
    }
    lookups.report(
      `applications[${index}].hostname`,
      `${String(record.name)} has ${article(record.type)} record that is not this stack's (to ${String(record.content)})`,
      `Remove record ${String(record.id)} or choose another name; to take it over: npm run cli -- adopt`,
    );
  }
  return own;
}

async function checkOrganization(lookups: Lookups, { teamName }: PreflightArgs): Promise<void> {
  const organization = await lookups.account(
    "access/organizations",
    "the Zero Trust organization",
    GROUPS.organization,
  );
  const domain = fieldsOf(organization).auth_domain;
  if (typeof domain !== "string" || domain === teamDomain(teamName)) return;
  lookups.report(
    "teamName",
    `${teamName}, but the account's team domain is ${domain}`,
    `pulumi config set teamName ${teamIn(domain)}`,
  );
}

/** Refuses host names that others guard; answers with all applications. */
async function checkApplications(
  lookups: Lookups,
  { applications, adopted }: PreflightArgs,
): Promise<Fields[]> {
  const existing = await lookups.accountList("access/apps", "Access applications", GROUPS.apps);
  const ours = new Set(applications.map(({ name }) => name));
  for (const other of existing ?? []) {
    // Of the same name: the stack's own, or left behind by one of its runs, which only the state can tell.
    if (ours.has(String(other.name)) || adopted.includes(String(other.id)) || !standsInFront(other)) continue;
    const places = placesOf(other);
    applications.forEach(({ hostname }, index) => {
      if (!places.some((place) => liesOn(place, hostname) === "itself")) return;
      lookups.report(
        `applications[${index}].hostname`,
        `${hostname} belongs to the Access application ${JSON.stringify(other.name)} (${String(other.id)})`,
        "Choose another name, or remove that application; to take it over: npm run cli -- adopt",
      );
    });
  }
  return existing ?? [];
}

/** Refuses one that cannot be used; answers with what it has seen of the account's. */
async function checkIdentityProvider(
  lookups: Lookups,
  { google: { identityProviderId } }: PreflightArgs,
): Promise<Fields[]> {
  const path =
    identityProviderId === undefined ? "identity_providers" : `identity_providers/${identityProviderId}`;
  const answer = await lookups.account(`access/${path}`, "identity providers", GROUPS.organization, MAY_MISS);
  if (answer === undefined) return [];
  if (identityProviderId === undefined) return listOf(answer).map(fieldsOf);
  const where = "google.identityProviderId";
  if (answer === MISSING) {
    lookups.report(
      where,
      `there is no identity provider ${identityProviderId} in the account`,
      "Correct the id.",
    );
    return [];
  }
  const found = fieldsOf(answer);
  const type = String(found.type);
  if (type !== "google" && type !== "google-apps") {
    lookups.report(where, `the provider is of type ${type}`, "Name one of type google or google-apps.");
  }
  return [found];
}

async function checkTunnel(lookups: Lookups, { tunnel }: PreflightArgs): Promise<void> {
  if (tunnel.id === undefined) return;
  const answer = await lookups.account(`cfd_tunnel/${tunnel.id}`, "tunnels", GROUPS.tunnels, MAY_MISS);
  if (answer === undefined) return;
  const found = fieldsOf(answer);
  if (answer === MISSING || typeof found.deleted_at === "string") {
    lookups.report(
      "tunnel.id",
      `there is no tunnel ${tunnel.id} in the account`,
      "Correct tunnel.id; or to have one made: pulumi config rm --path tunnel.id, then pulumi config set --path tunnel.name <name>",
    );
  } else if (found.config_src === "local" || found.remote_config === false) {
    lookups.report(
      "tunnel.id",
      `the tunnel ${JSON.stringify(found.name)} takes its rules from a file on its machine`,
      "Migrate it to remote configuration in the dashboard, or name another tunnel.",
    );
  }
}

/** The tunnel that has the name of the stack's own one, and its rules; undefined when there is none. */
async function findOwnTunnel(
  lookups: Lookups,
  { tunnel }: PreflightArgs,
): Promise<{ tunnel: Fields; rules: Fields[] } | undefined> {
  if (tunnel.name === undefined) return undefined;
  const query = `cfd_tunnel?is_deleted=false&name=${encodeURIComponent(tunnel.name)}`;
  const answer = await lookups.account(query, "tunnels", GROUPS.tunnels);
  const found = listOf(answer)
    .map(fieldsOf)
    .find(({ name }) => name === tunnel.name);
  if (typeof found?.id !== "string") return undefined;
  // A tunnel that nothing was written for answers 404.
  const path = `cfd_tunnel/${found.id}/configurations`;
  const list = await lookups.account(path, "the tunnel's rules", GROUPS.tunnels, MAY_MISS);
  const { ingress } = fieldsOf(fieldsOf(list).config);
  return { tunnel: found, rules: listOf(ingress).map(fieldsOf) };
}

/** An owned tunnel's list is replaced as a whole: what of it the stack would not write again. */
function undeclaredRules(rules: readonly Fields[], { applications }: PreflightArgs): Fields[] {
  return rules.filter(({ hostname, path: below }) => {
    const host = canonicalHost(hostname);
    const isDeclared = applications.some((application) => canonicalHost(application.hostname) === host);
    return host !== "" && (!isDeclared || Boolean(below));
  });
}

/** "an A", "an AAAA", "a CNAME". */
const article = (type: unknown): string => `${String(type).startsWith("A") ? "an" : "a"} ${String(type)}`;

/** What stands for an object that is not there, where that is an answer too. */
const MISSING = Symbol("not there");
/** What a token without a permission for something is told. */
const LACKING: ReadonlySet<FailureKind> = new Set(["permission", "out of reach", "not there"]);
const MAY_MISS = { mayMiss: true };

/** Sends the look-ups and collects what they find; several may find the same. */
class Lookups {
  private readonly found = new Map<string, Problem>();
  /** Account look-ups that were sent, and those among them that the token may not do. */
  private asked = 0;
  private readonly denied: Problem[] = [];

  constructor(
    private readonly api: AccountApi,
    private readonly baseUrl: string = CLOUDFLARE_API,
  ) {}

  report(path: string, found: string, remedy: string): void {
    this.found.set(`${path}\n${found}`, { path, found, remedy });
  }

  /** Everything found; when the token may read nothing of the account at all, that is one problem, not many. */
  problems(accountId: string): Problem[] {
    if (this.asked > 0 && this.denied.length === this.asked) {
      this.report(
        "accountId",
        `the API token reaches nothing in account ${accountId}`,
        "Correct accountId, or make a token for this account with the permission groups that the documentation lists.",
      );
    } else for (const { path, found, remedy } of this.denied) this.report(path, found, remedy);
    return [...this.found.values()];
  }

  /** What is at a path below the account; undefined when it cannot be read, which is then reported. */
  account(path: string, what: string, group: string, { mayMiss = false } = {}): Promise<unknown> {
    this.asked++;
    return this.tried({ what, group, inAccount: true }, async () => {
      const call = { object: what };
      try {
        return resultOf(await this.api.call("get", this.api.below(path), call), call);
      } catch (error) {
        if (mayMiss && error instanceof ApiFailure && error.status === 404) return MISSING;
        throw error;
      }
    });
  }

  /** All pages of a list below the account; undefined when it cannot be read, which is then reported. */
  accountList(path: string, what: string, group: string): Promise<Fields[] | undefined> {
    this.asked++;
    return this.tried({ what, group, inAccount: true }, () => this.api.list(this.api.below(path), what));
  }

  /** All pages of a list elsewhere. */
  list(path: string, what: string, group: string, options?: ListOptions): Promise<Fields[] | undefined> {
    return this.tried({ what, group, inAccount: false }, () => this.api.list(path, what, options));
  }

  private async tried<T>(asked: Asked, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const problem = problemOf(asked, error, this.baseUrl);
      if (asked.inAccount && LACKING.has(error.kind)) this.denied.push(problem);
      else this.report(problem.path, problem.found, problem.remedy);
      return undefined;
    }
  }
}

/** What a look-up that failed says to whoever runs the program. */
function problemOf({ what, group, inAccount }: Asked, failure: ApiFailure, baseUrl: string): Problem {
  const { status, code, network } = failure;
  const facts = `HTTP ${status}${code === undefined ? "" : `, code ${code}`}`;
  const again = "Run the command again; see https://www.cloudflarestatus.com.";
  const lacking = {
    path: "API token",
    found: `may not read ${what} (${facts})`,
    remedy: `Give the token the permission group "${group} Write"; "${group} Read" is enough for a preview.`,
  };
  const noJson = {
    path: "API",
    found: `no JSON from ${baseUrl}`,
    remedy: "Check CLOUDFLARE_BASE_URL and what stands before it.",
  };
  const unread = { path: "API", found: `could not read ${what} (${facts})`, remedy: again };
  const problems: Record<FailureKind, Problem> = {
    "no answer": {
      path: "API",
      found: `no answer from ${baseUrl} (${network})`,
      remedy: "Check the network and CLOUDFLARE_BASE_URL.",
    },
    "cut off": noJson,
    "not the API": noJson,
    token: {
      path: "API token",
      found: `refused (${facts})`,
      remedy: "Set CLOUDFLARE_API_TOKEN to a valid token that has not expired.",
    },
    "not set up": {
      path: "accountId",
      found: "Zero Trust is not set up in this account",
      remedy: "Choose a team name in the Zero Trust dashboard first.",
    },
    "too many requests": {
      path: "API",
      found: `too many requests (${facts})`,
      remedy: "Wait five minutes, then run the command again.",
    },
    permission: lacking,
    "out of reach": lacking,
    "not there": inAccount ? lacking : unread,
    "fault of the API": unread,
    refused: unread,
  };
  return problems[failure.kind];
}

/** A look-up, for the report. */
interface Asked {
  what: string;
  /** The permission group that it needs. */
  group: string;
  /** Whether it stands below the account: to a token that reaches nothing of it, nothing of it is there. */
  inAccount: boolean;
}
