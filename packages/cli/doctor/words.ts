import { teamIn } from "../../access/team-domain";
import { callInWords } from "../../base/errors";
import { inWords, type Wording } from "../../base/finding";
import { COPY_AGAIN } from "../../client/typescript/credential-form";
import type { FailureKind } from "../../cloudflare/api-failure";
import type { AnyFound, Stops } from "../../cloudflare/checks/check";
import type { DnsFindings } from "../../cloudflare/checks/dns";
import type { HostnameFindings } from "../../cloudflare/checks/hostnames";
import type { IdentityProviderFindings } from "../../cloudflare/checks/identity-provider";
import type { OrganizationFindings } from "../../cloudflare/checks/organization";
import type { RightsFindings, Unread } from "../../cloudflare/checks/rights";
import type { TunnelFindings } from "../../cloudflare/checks/tunnel";
import type { ZoneFindings } from "../../cloudflare/checks/zone";
import { heldWords, told as toldOrphan } from "../orphans/words";
import { expiryOf } from "../secrets/credentials";
import { faultInWords, howToStart } from "../verify/origin";
import type { TokenFindings } from "./checks/api-token";
import type { ConfigFindings } from "./checks/config";
import { CREDENTIALS, type GoogleFindings } from "./checks/google";
import type { LeftoverFindings } from "./checks/leftovers";
import type { ComfyUIFindings, Faulty, WebAppFindings } from "./checks/origins";
import type { PermissionFindings } from "./checks/permissions";
import type { RoomFindings } from "./checks/room";
import type { ExpiryFindings, LeakFindings } from "./checks/secrets";
import type { TunnelRuleFindings } from "./checks/tunnel-rules";
import type { DoctorInput } from "./context";

/** Everything that doctor can find, by code, with the data of each. */
type DoctorFindings = RightsFindings &
  ConfigFindings &
  TokenFindings &
  PermissionFindings &
  OrganizationFindings &
  ZoneFindings &
  DnsFindings &
  HostnameFindings &
  IdentityProviderFindings &
  RoomFindings &
  TunnelFindings &
  TunnelRuleFindings &
  GoogleFindings &
  ComfyUIFindings &
  WebAppFindings &
  ExpiryFindings &
  LeakFindings &
  LeftoverFindings;

export type FindingCode = keyof DoctorFindings & string;

/** Which stack the words are about. */
export type About = Pick<DoctorInput, "stack" | "purpose"> & { accountId?: string };

interface Words {
  /** What was found, and where. */
  what: string;
  /** Why it matters. */
  why: string;
  /** The one command or click that mends it. */
  mend: string;
}

/** A finding in the report: what it is, and the words for it. */
export interface ToldFinding extends Omit<AnyFound, "code">, Words {
  code: FindingCode;
  /** The code, by the name that reports had for it before; it stays until the next minor version. */
  id: FindingCode;
  stops: Stops;
}

/** A finding in words. */
export function told(found: AnyFound, about: About): ToldFinding {
  const code = found.code as FindingCode;
  return { id: code, ...found, code, ...inWords(WORDS, { code, data: found.data }, about) };
}

/** How doctor says what was found. */
const WORDS: Wording<DoctorFindings, About, Words> = {
  unchecked: ({ by }) => ({ ...unread(by), why: "What was not looked at may be wrong." }),
  "config-invalid": ({ path, found, remedy }) => ({
    what: `${path}: ${found}`,
    why: "The program refuses to run.",
    // A remedy of several lines is indented for the program's own error.
    mend: remedy.replaceAll(/\n\s+/g, "\n  "),
  }),

  "token-missing": (_, { stack }) => ({
    what: "no API token for Cloudflare is set",
    why: "Nothing in the account can be read or changed without one.",
    mend: `pulumi config set --stack ${stack} --secret cloudflare:apiToken  (or set CLOUDFLARE_API_TOKEN)`,
  }),
  "token-malformed": ({ flaw }) => ({
    what: `the API token ${flaw}`,
    why: "It is no API token as it stands, so no call is made with it.",
    mend: COPY_AGAIN,
  }),
  "token-refused": ({ answer, state, owner }, about) => ({
    what:
      state === undefined
        ? `Cloudflare does not know the API token (HTTP ${answer?.status})`
        : `the API token is ${state}`,
    why: "Every call to the API fails.",
    mend:
      state === "disabled"
        ? `Enable it at ${tokensPage(owner, about)}`
        : `Make one at ${tokensPage(owner, about)}, then: pulumi config set --stack ${about.stack} --secret cloudflare:apiToken`,
  }),
  "token-expires": ({ on, inDays, owner }, about) => ({
    what: `the API token expires on ${on.slice(0, 10)}, in ${inDays} days`,
    why: "On that day every preview and update fails.",
    mend: `Give it a later end at ${tokensPage(owner, about)}`,
  }),
  "account-unreachable": ({ accountId }, { stack }) => ({
    what: `the API token reaches nothing in account ${accountId}`,
    why: "Every call below the account fails.",
    mend: `pulumi config set --stack ${stack} accountId <id of the token's account>`,
  }),
  "permission-missing": ({ lacks, owner = "user" }, about) => ({
    what: `the API token lacks what ${about.purpose} needs: ${lacks.join("; ")}`,
    why: "The run stops half way, at the first call that needs it.",
    mend: `Add them to the token at ${tokensPage(owner, about)}`,
  }),
  "permission-superfluous": ({ permissions, owner }, about) => ({
    what: `the API token has more than ${about.purpose} needs: ${permissions.join("; ")}`,
    why: "Whoever gets hold of the token can do that too.",
    mend: `Take them from the token at ${tokensPage(owner, about)}`,
  }),
  "token-reach": ({ resources, owner }, about) => ({
    what: `the API token reaches more than account ${about.accountId} and its zone: ${resources.join(", ")}`,
    why: "Whoever gets hold of the token reaches that too.",
    mend: `Limit its account and zone resources at ${tokensPage(owner, about)}`,
  }),
  "permissions-unseen": ({ tried, reader }) => ({
    what: `the API token may not read its own permissions: those needed were judged by what is refused, and of others only ${tried} were tried`,
    why: "A permission too many stays unnoticed.",
    mend: `Set ${reader} to a token with "API Tokens Read" ("Account API Tokens Read" for one of the account's) and run doctor again.`,
  }),

  "zero-trust-off": (_, { accountId }) => ({
    what: "Zero Trust is not set up",
    why: "Every call to Access fails.",
    mend: `Choose a team name at https://one.dash.cloudflare.com/${accountId}`,
  }),
  "team-name": ({ teamName, domain }, { stack }) => ({
    what: `teamName is ${teamName}, the account's team is ${teamIn(domain) || "not said"}`,
    why: "Logins and the tunnel's check would use another team: nobody gets in.",
    mend: `pulumi config set --stack ${stack} teamName ${teamIn(domain) || "<team>"}`,
  }),
  "legacy-tokens": ({ said }, { accountId }) => ({
    what: said
      ? "service tokens are in legacy mode"
      : "service tokens: the account does not say that it is strict, so it is taken for legacy",
    why: "A wrong service token leads to the login instead of a refusal, and a right one leaves a reusable cookie.",
    mend:
      "Turn on strict service token authentication: send " +
      `{"strict_service_token_auth": true} with PATCH to /accounts/${accountId}/access/organizations`,
  }),

  "zone-missing": ({ zone }, { stack }) => ({
    what: `the API token sees no zone ${zone}`,
    why: "The hostnames cannot get a DNS record.",
    mend: `Give the token "Zone Read" on ${zone}, or: pulumi config set --stack ${stack} zone <zone>`,
  }),
  "zone-elsewhere": ({ zone, account }, { stack }) => ({
    what: `zone ${zone} is in another account, ${account.name} (${account.id})`,
    why: "Access and DNS must be in one account.",
    mend: `pulumi config set --stack ${stack} accountId ${account.id}`,
  }),
  "zone-inactive": ({ zone, status }, { accountId }) => ({
    what: `zone ${zone} is ${status}`,
    why: "Access refuses hostnames of a zone that is not active.",
    mend: `Set the name servers that https://dash.cloudflare.com/${accountId}/${zone} names, and wait.`,
  }),
  "dns-taken": ({ name, type, content }, { stack }) => ({
    what: `${name} has a record that is not this stack's: ${type} to ${content}`,
    why: "The record cannot be made beside it.",
    mend: `npm run cli -- adopt --stack ${stack}  (or delete it in the dashboard: DNS → Records)`,
  }),

  "hostname-taken": (lying, { stack }) => ({
    what: belongs(lying),
    why: "Access refuses a hostname that another application has.",
    mend: `npm run cli -- adopt --stack ${stack}  (or remove it: Zero Trust → Access → Applications)`,
  }),
  "hostname-path": (lying) => ({
    what: belongs(lying),
    why: "There its policies decide, not this stack's.",
    mend: "Take the path out of that application (Zero Trust → Access → Applications).",
  }),
  "hostname-wildcard": (lying) => ({
    what: belongs(lying),
    why: "Its policies decide as soon as this stack's application is gone.",
    mend: "Leave it, if its policies are as strict; else take the wildcard out of that application.",
  }),

  "tunnel-missing": ({ id }, { stack }) => {
    const set = `pulumi config set --stack ${stack} --path`;
    return {
      what: `there is no tunnel ${id} in the account`,
      why: "The hostnames would lead nowhere.",
      mend: `${set} tunnel.id <id>  (see: cloudflared tunnel list), or to have one made: pulumi config rm --stack ${stack} --path tunnel.id, then ${set} tunnel.name <name>`,
    };
  },
  "tunnel-local": ({ name }) => ({
    what: `the tunnel ${JSON.stringify(name)} takes its rules from a file on its machine`,
    why: "It ignores the ingress rules that are set through the API.",
    mend: `Zero Trust → Networks → Tunnels → ${name} → Migrate.`,
  }),
  "tunnel-name-taken": ({ id, name }, { stack }) => ({
    what: `there is a tunnel ${JSON.stringify(name)} already that is not this stack's (${id})`,
    why: "Two tunnels cannot have one name.",
    mend: `npm run cli -- adopt --stack ${stack}  (or choose another tunnel.name)`,
  }),
  "tunnel-down": ({ name, status }) => ({
    what:
      status === "degraded"
        ? `only a part of the connections of tunnel ${JSON.stringify(name)} is up`
        : `no cloudflared runs the tunnel ${JSON.stringify(name)} (${status})`,
    why: "The hostnames answer with error 1033.",
    mend: "Start cloudflared where it reaches the origin: cloudflared tunnel run --token-file <file>",
  }),
  "ingress-taken": ({ tunnel, served }) => ({
    what: `tunnel ${JSON.stringify(tunnel)} already serves ${served}, by a rule that is not this stack's`,
    why: "The stack does not overwrite it: the update stops there.",
    mend: `Remove the rule: ${tunnelPage(tunnel)}`,
  }),
  "ingress-foreign": ({ tunnel, served }) => ({
    what: `the stack's own tunnel ${JSON.stringify(tunnel)} has rules that the stack did not make: ${served.join(", ")}`,
    why: "The stack writes this list as a whole: a change of it is refused until they are gone.",
    mend: `Move them to another tunnel: ${tunnelPage(tunnel)}`,
  }),

  "idp-missing": ({ id }, about) => ({
    what: `there is no identity provider ${id} in the account`,
    why: "Policies and application name this login.",
    mend: setProvider(about),
  }),
  "idp-type": ({ name, type }, about) => ({
    what: `the identity provider ${JSON.stringify(name)} is of type ${type}`,
    why: "The policies are written for Google's login.",
    mend: setProvider(about),
  }),
  "limit-identity-providers": (counted) => full("identity providers", "Settings → Authentication", counted),
  "limit-service-tokens": (counted) => full("service tokens", "Access → Service credentials", counted),
  "limit-policies": (counted) => full("reusable policies", "Access → Policies", counted),

  "google-client": ({ clientId, detail, identityProviderId }, { stack }) => ({
    what: `Google refuses the client ${clientId} (${detail})`,
    why: "Every login ends on Google's error page.",
    mend:
      identityProviderId === undefined
        ? `pulumi config set --stack ${stack} --path google.clientId <id at ${CREDENTIALS}>`
        : `Set the id at ${CREDENTIALS} in Zero Trust → Settings → Authentication (${identityProviderId}).`,
  }),
  "google-secret": ({ clientId }, { stack }) => ({
    what: `Google refuses the secret of the client ${clientId}`,
    why: "Every login fails after the password.",
    mend: `pulumi config set --stack ${stack} --secret --path google.clientSecret  (a new one: ${CREDENTIALS})`,
  }),
  "google-redirect": ({ clientId, redirectUri }) => ({
    what: `the client ${clientId} does not list the redirect URI`,
    why: "Every login ends on Google's error page.",
    mend: `Add ${redirectUri} to its authorized redirect URIs at ${CREDENTIALS}`,
  }),

  "origin-down": (down) =>
    "fault" in down
      ? faulty(down, NOTHING_THERE)
      : {
          what: `${down.at} answers HTTP ${down.status}`,
          why: NOTHING_THERE,
          mend: "Look at the application's log.",
        },
  "origin-certificate": (of) =>
    faulty(of, "cloudflared does not take it either: everybody behind Access sees a 502."),
  "origin-host-header": (of) =>
    faulty(of, "cloudflared sends the public host name: everybody behind Access is refused."),
  "origin-unseen": (origin, { stack }) => unseen(origin, stack),
  "comfyui-down": (down) => {
    if ("fault" in down) return faulty(down, NOTHING_THERE);
    const { asked, at, status } = down;
    const detail = status === undefined ? "no answer" : `HTTP ${status}`;
    return asked === "api"
      ? {
          what: `${at}/system_stats answers ${detail}`,
          why: NOTHING_THERE,
          mend: "Look at its log, and see that ComfyUI is what listens there.",
        }
      : {
          what: `${at} does not serve its page (${detail})`,
          why: NOTHING_THERE,
          mend: "Look at ComfyUI's log: its API answers, and its page does not.",
        };
  },
  "comfyui-cross-site": ({ at, hostname }) => ({
    what: `ComfyUI at ${at} refuses a page that another site leads to (HTTP 403)`,
    why: "It answers 403 to the first page after each login.",
    mend: howToStart(hostname, "comfyui"),
  }),
  "comfyui-unseen": (origin, { stack }) => unseen(origin, stack),
  "comfyui-cors": ({ at, hostname, allowed }) => ({
    what: `ComfyUI at ${at} lets pages of ${allowed === "*" ? "every origin" : allowed} use it`,
    why: "Its guard against other web sites is off, and the origin let in is not the application's.",
    mend: howToStart(hostname, "comfyui"),
  }),

  orphan: ({ orphan }, { stack }) => {
    const { kind, id, name, createdAt, lastUsedAt, hold } = orphan;
    const facts = [
      toldOrphan(orphan).why,
      createdAt === undefined ? undefined : `made ${createdAt.slice(0, 10)}`,
      lastUsedAt === undefined
        ? undefined
        : lastUsedAt === "never"
          ? "never used"
          : `last used ${lastUsedAt.slice(0, 10)}`,
      heldWords(orphan),
    ].filter((fact) => fact !== undefined);
    return {
      what: `${kind} ${name} (${id}) is not in the stack's state: ${facts.join("; ")}`,
      why: "Nobody looks after it, and it may still open something.",
      mend:
        hold?.code === "state-empty"
          ? `npm run cli -- adopt --stack ${stack}`
          : `${hold === undefined ? "" : "Free it from that, then: "}npm run cli -- orphans --stack ${stack} --remove`,
    };
  },
  "service-token-expires": ({ now, ...token }, { stack }) => ({
    what: expiryOf(token, new Date(now)) ?? `service token ${token.name} expires`,
    why: "From then on the clients that use it are refused.",
    mend: `npm run cli -- rotate --stack ${stack} --token ${token.name}`,
  }),
  "secret-leaked": ({ label, renewal, places }) => ({
    what: `the ${label} stands in what git tracks: ${places}`,
    why: "Whoever can read the repository has it.",
    mend: `${renewal}  (git keeps what was committed: only a new one helps)`,
  }),
};

/** Every code that doctor can report. */
export const FINDING_CODES = Object.keys(WORDS) as FindingCode[];

const NOTHING_THERE = "There is nothing behind Access yet.";

/** Where a token of that kind is edited. */
const tokensPage = (owner: "user" | "account", { accountId = "" }: About): string =>
  `https://dash.cloudflare.com/${owner === "user" ? "profile" : accountId}/api-tokens`;

const tunnelPage = (name: string): string => `Zero Trust → Networks → Tunnels → ${name}`;

const setProvider = ({ stack }: About): string =>
  `pulumi config set --stack ${stack} --path google.identityProviderId <id of a Google login>`;

const belongs = ({ place, application: { name, id } }: HostnameFindings["hostname-taken"]): string =>
  `${place} belongs to the Access application ${JSON.stringify(name)} (${id})`;

function full(words: string, page: string, { have, limit, more }: RoomFindings["limit-policies"]): Words {
  return {
    what: `${words}: ${have} of ${limit} are there, and the stack makes ${more} more`,
    why: "Access makes no more of them.",
    mend: `Remove some that nobody uses (Zero Trust → ${page}).`,
  };
}

function faulty({ fault, place }: Faulty, why: string): Words {
  const { found, mend } = faultInWords(fault, place);
  return { what: found, why, mend };
}

function unseen({ service, hostname }: ComfyUIFindings["comfyui-unseen"], stack: string): Words {
  return {
    what: `${service} is not on this machine, and no service token leads to https://${hostname} yet`,
    why: "Whether people see more than an error page shows after the first login only.",
    mend: `Run this on its machine: npm run doctor -- --stack ${stack}`,
  };
}

function unread(by: Unread): Pick<Words, "what" | "mend"> {
  const could = (what: string, mend: string) => ({ what: `could not be checked: ${what}`, mend });
  switch (by.what) {
    case "mistake":
      return could(by.found, by.remedy);
    case "Google":
      return could(
        `${by.names.join(", ")}: ${by.details.join("; ")}`,
        "Run doctor again where Google can be reached, or log in once.",
      );
    case "program":
      return could(by.name, "Run doctor again; report it if it stays.");
    case "API":
      return could(callInWords(by), API_MENDS[by.kind] ?? ASK_AGAIN);
  }
}

const BETWEEN = "Check CLOUDFLARE_BASE_URL if it is set, and what stands between this machine and the API.";

/** What helps where the API gave no answer of its own, or does not want to. */
const API_MENDS: Readonly<Partial<Record<FailureKind, string>>> = {
  "no answer": "Check the network, and CLOUDFLARE_BASE_URL if it is set.",
  "cut off": BETWEEN,
  "not the API": BETWEEN,
  "too many requests": "Wait five minutes, then run doctor again.",
};

const ASK_AGAIN = "Run doctor again; see https://www.cloudflarestatus.com";
