import { CLOUDFLARE_API } from "../../config/provider-addresses";
import type { TunnelConfig } from "../../config/stack-config";
import { liesOn, placesOf, standsInFront } from "../access";
import { canonicalHost } from "../access/host-pattern";
import { teamDomain, teamIn } from "../access/team-domain";
import { type Fields, fieldsOf, listOf } from "../base/json-values";
import { pause, timeout } from "../base/patience";
import { type Problem, ProblemsError } from "../base/problems";
import { COPY_AGAIN, flawOf } from "../client/typescript/credential-form";
import { type HttpAnswer, type HttpGet, httpGet } from "./http-get";
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

/** How to reach the API. */
export interface ApiAccess {
  /** Base URL without a trailing slash; default the vendor's. */
  baseUrl?: string;
  /** API token; its absence is a finding like the others. */
  token?: string;
  /** Sends one GET; replaced in tests. */
  get?: HttpGet;
  /** Waits; replaced in tests. */
  sleep?: (milliseconds: number) => Promise<void>;
}

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

const TIMEOUT_MS = 10_000;
const TRIES = 4;
/** A longer wait than this is reported instead: five minutes of silence would look like a hang. */
const LONGEST_WAIT_SECONDS = 15;

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
  const lookups = new Lookups(access, access.token);
  const { accountId } = args;
  const zone = findZone(lookups, args);
  const tunnel = findOwnTunnel(lookups, args);
  const records = zone.then((id) => (id === undefined ? [] : checkRecords(lookups, args, id)));
  const existing = checkApplications(lookups, args);
  const logins = checkIdentityProvider(lookups, args);
  await Promise.all([
    records,
    checkOrganization(lookups, args),
    existing,
    lookups.account(accountId, "access/policies?per_page=1", "Access policies", GROUPS.apps),
    lookups.account(accountId, "access/service_tokens?per_page=1", "service tokens", GROUPS.tokens),
    logins,
    checkTunnel(lookups, args),
    tunnel,
    args.alerts
      ? lookups.account(accountId, "alerting/v3/policies", "notifications", GROUPS.alerts)
      : undefined,
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
  const query = `zones?name=${encodeURIComponent(zone)}&account.id=${accountId}`;
  const zones = await lookups.list(query, "zones", GROUPS.zone, 1);
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
  const base = `zones/${zoneId}/dns_records`;
  // A few names are asked for one by one; many would be as many requests against the rate limit.
  const queries =
    args.applications.length <= 3
      ? args.applications.map(({ hostname }) => `${base}?name.exact=${encodeURIComponent(hostname)}`)
      : [`${base}?per_page=1000`];
  const lists = await Promise.all(queries.map((query) => lookups.list(query, "DNS records", GROUPS.dns)));
  const own: Fields[] = [];
  for (const record of lists.flatMap((list) => list ?? [])) {
    const index = args.applications.findIndex(
      ({ hostname }) => hostname === String(record.name).toLowerCase(),
    );
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

async function checkOrganization(lookups: Lookups, { accountId, teamName }: PreflightArgs): Promise<void> {
  const organization = await lookups.account(
    accountId,
    "access/organizations",
    "the Zero Trust organization",
    GROUPS.organization,
  );
  const domain = fieldsOf(organization?.result).auth_domain;
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
  { accountId, applications, adopted }: PreflightArgs,
): Promise<Fields[]> {
  const existing = await lookups.list(
    `accounts/${accountId}/access/apps`,
    "Access applications",
    GROUPS.apps,
  );
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
  { accountId, google: { identityProviderId } }: PreflightArgs,
): Promise<Fields[]> {
  const path =
    identityProviderId === undefined ? "identity_providers" : `identity_providers/${identityProviderId}`;
  const answer = await lookups.account(
    accountId,
    `access/${path}`,
    "identity providers",
    GROUPS.organization,
    true,
  );
  if (answer === undefined) return [];
  if (identityProviderId === undefined) return listOf(answer.result).map(fieldsOf);
  const where = "google.identityProviderId";
  if (answer.status === 404) {
    lookups.report(
      where,
      `there is no identity provider ${identityProviderId} in the account`,
      "Correct the id.",
    );
    return [];
  }
  const found = fieldsOf(answer.result);
  const type = String(found.type);
  if (type !== "google" && type !== "google-apps") {
    lookups.report(where, `the provider is of type ${type}`, "Name one of type google or google-apps.");
  }
  return [found];
}

async function checkTunnel(lookups: Lookups, { accountId, tunnel }: PreflightArgs): Promise<void> {
  if (tunnel.id === undefined) return;
  const path = `cfd_tunnel/${tunnel.id}`;
  const answer = await lookups.account(accountId, path, "tunnels", GROUPS.tunnels, true);
  if (answer === undefined) return;
  const found = fieldsOf(answer.result);
  if (answer.status === 404 || typeof found.deleted_at === "string") {
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
  { accountId, tunnel }: PreflightArgs,
): Promise<{ tunnel: Fields; rules: Fields[] } | undefined> {
  if (tunnel.name === undefined) return undefined;
  const query = `cfd_tunnel?is_deleted=false&name=${encodeURIComponent(tunnel.name)}`;
  const answer = await lookups.account(accountId, query, "tunnels", GROUPS.tunnels);
  const found = listOf(answer?.result)
    .map(fieldsOf)
    .find(({ name }) => name === tunnel.name);
  if (typeof found?.id !== "string") return undefined;
  // A tunnel that nothing was written for answers 404.
  const path = `cfd_tunnel/${found.id}/configurations`;
  const list = await lookups.account(accountId, path, "the tunnel's rules", GROUPS.tunnels, true);
  const { ingress } = fieldsOf(fieldsOf(list?.result).config);
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

interface Answer {
  status: number;
  result: unknown;
  pages: number;
}

/** Sends the look-ups and collects what they find; several may find the same. */
class Lookups {
  private readonly found = new Map<string, Problem>();
  /** Account look-ups that were sent, and those among them that the token may not do. */
  private asked = 0;
  private readonly denied: Problem[] = [];
  private readonly baseUrl: string;
  private readonly get: HttpGet;
  private readonly sleep: (milliseconds: number) => Promise<void>;

  constructor(
    access: ApiAccess,
    private readonly token: string,
  ) {
    this.baseUrl = (access.baseUrl || CLOUDFLARE_API).replace(/\/+$/, "");
    this.get = access.get ?? httpGet;
    this.sleep = access.sleep ?? ((milliseconds) => new Promise((done) => setTimeout(done, milliseconds)));
  }

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

  /** One GET below the account; undefined when it failed, which is then reported. */
  account(
    accountId: string,
    path: string,
    what: string,
    group: string,
    mayMiss = false,
  ): Promise<Answer | undefined> {
    this.asked++;
    return this.read(`accounts/${accountId}/${path}`, what, group, mayMiss);
  }

  /** All pages of a list; undefined when it failed, which is then reported. */
  async list(path: string, what: string, group: string, maxPages = 50): Promise<Fields[] | undefined> {
    if (path.startsWith("accounts/")) this.asked++;
    const items: Fields[] = [];
    for (let page = 1, pages = 1; page <= Math.min(pages, maxPages); page++) {
      const paged = page === 1 ? path : `${path}${path.includes("?") ? "&" : "?"}page=${page}`;
      const answer = await this.read(paged, what, group, false);
      if (answer === undefined) return undefined;
      items.push(...listOf(answer.result).map(fieldsOf));
      pages = answer.pages;
    }
    return items;
  }

  private async read(
    path: string,
    what: string,
    group: string,
    mayMiss: boolean,
  ): Promise<Answer | undefined> {
    let answer: HttpAnswer;
    try {
      answer = await this.send(`${this.baseUrl}/${path}`);
    } catch (error) {
      const reason =
        error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : "unknown error";
      this.report(
        "API",
        `no answer from ${this.baseUrl} (${reason})`,
        "Check the network and CLOUDFLARE_BASE_URL.",
      );
      return undefined;
    }
    const { status } = answer;
    if (status === 200 && answer.body === undefined) {
      this.report(
        "API",
        `no JSON from ${this.baseUrl}`,
        "Check CLOUDFLARE_BASE_URL and what stands before it.",
      );
      return undefined;
    }
    const body = fieldsOf(answer.body);
    if (status === 200 || (status === 404 && mayMiss)) {
      return { status, result: body.result, pages: Number(fieldsOf(body.result_info).total_pages ?? 1) };
    }
    const code = fieldsOf(listOf(body.errors)[0]).code;
    this.refused(path, what, group, status, typeof code === "number" ? code : undefined);
    return undefined;
  }

  private refused(path: string, what: string, group: string, status: number, code: number | undefined): void {
    const facts = `HTTP ${status}${code === undefined ? "" : `, code ${code}`}`;
    // 9106 and 6003 are 400s for a header that no valid token would make.
    if (status === 401 || code === 9106 || code === 6003) {
      this.report(
        "API token",
        `refused (${facts})`,
        "Set CLOUDFLARE_API_TOKEN to a valid token that has not expired.",
      );
    } else if (code === 9999) {
      this.report(
        "accountId",
        "Zero Trust is not set up in this account",
        "Choose a team name in the Zero Trust dashboard first.",
      );
    } else if (status === 403 || (status === 404 && path.startsWith("accounts/"))) {
      const found = `may not read ${what} (${facts})`;
      const remedy = `Give the token the permission group "${group} Write"; "${group} Read" is enough for a preview.`;
      if (path.startsWith("accounts/")) this.denied.push({ path: "API token", found, remedy });
      else this.report("API token", found, remedy);
    } else if (status === 429) {
      this.report("API", `too many requests (${facts})`, "Wait five minutes, then run the command again.");
    } else {
      this.report(
        "API",
        `could not read ${what} (${facts})`,
        "Run the command again; see https://www.cloudflarestatus.com.",
      );
    }
  }

  /** One GET, again while that can help: it changes nothing. */
  private async send(url: string): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const wait = 0.5 * attempt;
      try {
        const answer = await this.get(url, this.token, timeout(TIMEOUT_MS));
        const next = waitBeforeNext(answer, wait);
        if (next === undefined || attempt === TRIES || next > LONGEST_WAIT_SECONDS) return answer;
        await this.sleep(pause(next * 1000));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
        if (attempt === TRIES || !BROKEN_OFF.has(code)) throw error;
        await this.sleep(pause(wait * 1000));
      }
    }
  }
}

/** The connection ended before the whole answer was there; one that cannot be made at all stays so for a while. */
const BROKEN_OFF = new Set(["ECONNRESET", "EPIPE"]);

/** Seconds until the next try; undefined when the answer stands. */
function waitBeforeNext({ status, retryAfter, body }: HttpAnswer, usual: number): number | undefined {
  if (status === 429) return retryAfter ?? 1;
  // Half an answer is no JSON.
  return status >= 500 || (status === 200 && body === undefined) ? usual : undefined;
}
