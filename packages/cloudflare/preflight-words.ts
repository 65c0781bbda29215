import { CLOUDFLARE_API } from "../../config/provider-addresses";
import { teamIn } from "../access/team-domain";
import { type Finding, inWords, type Wording } from "../base/finding";
import type { Problem } from "../base/problems";
import { COPY_AGAIN } from "../client/typescript/credential-form";
import type { FailureKind } from "./api-failure";
import type { DnsFindings } from "./checks/dns";
import type { HostnameFindings } from "./checks/hostnames";
import type { IdentityProviderFindings } from "./checks/identity-provider";
import type { OrganizationFindings } from "./checks/organization";
import type { RightsFindings, Unread } from "./checks/rights";
import type { TunnelFindings } from "./checks/tunnel";
import type { ZoneFindings } from "./checks/zone";
import type { LeftFindings } from "./left-findings";
import { type OwnedListFindings, ruleText } from "./owned-list";

/** What may stop a preview. */
type Stopping = RightsFindings &
  ZoneFindings &
  DnsFindings &
  IdentityProviderFindings &
  Pick<OrganizationFindings, "zero-trust-off" | "team-name"> &
  Pick<HostnameFindings, "hostname-taken"> &
  LeftFindings &
  OwnedListFindings &
  Pick<TunnelFindings, "tunnel-missing" | "tunnel-local" | "tunnel-name-taken">;

interface Asked {
  /** Base URL of the API. Default: the vendor's. */
  baseUrl?: string;
}

type Words = Omit<Problem, "path">;

/** A finding as the program's error has it. */
export function problemOf(finding: Finding & { data: unknown }, access: Asked): Problem {
  const { where, data } = finding;
  return { path: where, ...inWords(PROBLEMS, { code: finding.code as keyof Stopping, data }, access) };
}

/** How the program says what stops it. */
export const PROBLEMS: Wording<Stopping, Asked, Words> = {
  "token-missing": () => ({
    found: "not set",
    remedy: "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
  }),
  "token-malformed": ({ flaw }) => ({ found: `${flaw}, so it is none`, remedy: COPY_AGAIN }),
  "token-refused": ({ answer, state }) => ({
    found: state === undefined ? `refused${factsOf(answer)}` : state,
    remedy: "Set CLOUDFLARE_API_TOKEN to a valid token that has not expired.",
  }),
  "account-unreachable": ({ accountId }) => ({
    found: `the API token reaches nothing in account ${accountId}`,
    remedy:
      "Correct accountId, or make a token for this account with the permission groups that the documentation lists.",
  }),
  "permission-missing": ({ lacks, refused }) =>
    refused === undefined
      ? { found: `lacks ${lacks.join("; ")}`, remedy: "Give the token these permissions." }
      : {
          found: `may not read ${refused.object}${factsOf(refused)}`,
          remedy: `Give the token the permission group "${refused.group} Write"; "${refused.group} Read" is enough for a preview.`,
        },
  "zero-trust-off": () => ({
    found: "Zero Trust is not set up in this account",
    remedy: "Choose a team name in the Zero Trust dashboard first.",
  }),
  unchecked: ({ by }, access) => unread(by, access.baseUrl ?? CLOUDFLARE_API),

  "zone-missing": ({ zone, accountId }) => ({
    found: `the API token sees no zone ${zone} in account ${accountId}`,
    remedy: `Correct zone or accountId, or give the token "Zone Read" on that zone.`,
  }),
  "zone-elsewhere": ({ zone, account }) => ({
    found: `${zone} is in another account, ${account.name} (${account.id})`,
    remedy: `pulumi config set accountId ${account.id}`,
  }),
  "zone-inactive": ({ zone, status }) => ({
    found: `${zone} is ${status}`,
    remedy: "Wait until the zone is active; Access refuses it before.",
  }),
  "dns-taken": ({ name, type, content, id }) => ({
    found: `${name} has ${type === "CNAME" ? "a" : "an"} ${type} record that is not this stack's (to ${content})`,
    remedy: `Remove record ${id} or choose another name; to take it over: npm run cli -- adopt`,
  }),
  "team-name": ({ teamName, domain }) => ({
    found: `${teamName}, but the account's team domain is ${domain || "not said"}`,
    remedy: `pulumi config set teamName ${teamIn(domain) || "<team>"}`,
  }),
  "hostname-taken": ({ hostname, application: { name, id } }) => ({
    found: `${hostname} belongs to the Access application ${JSON.stringify(name)} (${id})`,
    remedy: "Choose another name, or remove that application; to take it over: npm run cli -- adopt",
  }),
  "idp-missing": ({ id }) => ({
    found: `there is no identity provider ${id} in the account`,
    remedy: "Correct the id.",
  }),
  "idp-type": ({ type }) => ({
    found: `the provider is of type ${type}`,
    remedy: "Name one of type google or google-apps.",
  }),
  "tunnel-missing": ({ id }) => ({
    found: `there is no tunnel ${id} in the account`,
    remedy:
      "Correct tunnel.id; or to have one made: pulumi config rm --path tunnel.id, then pulumi config set --path tunnel.name <name>",
  }),
  "tunnel-local": ({ name }) => ({
    found: `the tunnel ${JSON.stringify(name)} takes its rules from a file on its machine`,
    remedy: "Migrate it to remote configuration in the dashboard, or name another tunnel.",
  }),
  "tunnel-name-taken": ({ id, name }) => ({
    found: `the account has a tunnel ${JSON.stringify(name)} (${id}) that is not this stack's`,
    remedy: "Choose another name, or give its id as tunnel.id to share it.",
  }),

  "application-unknown": ({ hostname, name, id }) => ({
    found: `${hostname} belongs to the Access application "${name}" (${id}), which this stack's state does not know`,
    remedy: "To take it over: npm run cli -- adopt. Is this the backend that has the stack's state?",
  }),
  "record-unknown": ({ hostname, id, content }) => ({
    found: `${hostname} has a record with this stack's comment (${id}, to ${content}), which its state does not know`,
    remedy: "Remove it: npm run cli -- orphans --remove. Is this the backend that has the stack's state?",
  }),
  "tunnel-unknown": ({ name, id }) => ({
    found: `the account has a tunnel ${JSON.stringify(name)} (${id}) that is in use, and that this stack's state does not know`,
    remedy: "Choose another name, or give its id as tunnel.id to share it.",
  }),
  "foreign-rules": ({ rules, removed }) => ({
    found: `the stack's own tunnel has rules that the stack did not make: ${rules.map(ruleText).join(", ")}${
      removed ? ", and this change would remove them" : "; the next change of its list would remove them"
    }`,
    remedy: "Declare them as applications, or move them to another tunnel: Zero Trust → Networks → Tunnels.",
  }),
};

function factsOf({ status, code }: { status?: number; code?: number } = {}): string {
  return ` (HTTP ${status}${code === undefined ? "" : `, code ${code}`})`;
}

function unread(by: Unread, baseUrl: string): Words {
  if (by.what === "mistake") return { found: by.found, remedy: by.remedy };
  if (by.what !== "API") return { found: "could not be read", remedy: AGAIN };
  const noJson = {
    found: `no JSON from ${baseUrl}`,
    remedy: "Check CLOUDFLARE_BASE_URL and what stands before it.",
  };
  const words: Partial<Record<FailureKind, Words>> = {
    "no answer": {
      found: `no answer from ${baseUrl} (${by.network})`,
      remedy: "Check the network and CLOUDFLARE_BASE_URL.",
    },
    "cut off": noJson,
    "not the API": noJson,
    "too many requests": {
      found: `too many requests${factsOf(by)}`,
      remedy: "Wait five minutes, then run the command again.",
    },
  };
  return words[by.kind] ?? { found: `could not read ${by.object}${factsOf(by)}`, remedy: AGAIN };
}

const AGAIN = "Run the command again; see https://www.cloudflarestatus.com.";
