/** How bad a finding is: an error stops a preview or an update, or leaves something open. */
export type Severity = "error" | "warning";

const error = (why: string) => ({ severity: "error" as const, why });
const warning = (why: string) => ({ severity: "warning" as const, why });

/** Everything that doctor can find, with how bad it is and why it matters. */
export const FINDINGS = {
  unchecked: error("What was not looked at may be wrong."),
  "config-invalid": error("The program refuses to run."),

  "token-missing": error("Nothing in the account can be read or changed without one."),
  "token-malformed": error("It is no API token as it stands, so no call is made with it."),
  "token-refused": error("Every call to the API fails."),
  "token-expires": warning("On that day every preview and update fails."),
  "account-unreachable": error("Every call below the account fails."),
  "permission-missing": error("The run stops half way, at the first call that needs it."),
  "permission-superfluous": warning("Whoever gets hold of the token can do that too."),
  "token-reach": warning("Whoever gets hold of the token reaches that too."),
  "permissions-unseen": warning("A permission too many stays unnoticed."),

  "zero-trust-off": error("Every call to Access fails."),
  "team-name": error("Logins and the tunnel's check would use another team: nobody gets in."),
  "legacy-tokens": warning(
    "A wrong service token leads to the login instead of a refusal, and a right one leaves a reusable cookie.",
  ),

  "zone-missing": error("The hostnames cannot get a DNS record."),
  "zone-elsewhere": error("Access and DNS must be in one account."),
  "zone-inactive": error("Access refuses hostnames of a zone that is not active."),
  "dns-taken": error("The record cannot be made beside it."),

  "hostname-taken": error("Access refuses a hostname that another application has."),
  "hostname-path": error("There its policies decide, not this stack's."),
  "hostname-wildcard": warning("Its policies decide as soon as this stack's application is gone."),

  "tunnel-missing": error("The hostnames would lead nowhere."),
  "tunnel-local": error("It ignores the ingress rules that are set through the API."),
  "tunnel-name-taken": error("Two tunnels cannot have one name."),
  "ingress-taken": error("The stack does not overwrite it: the update stops there."),
  "ingress-foreign": warning(
    "The stack writes this list as a whole: a change of it is refused until they are gone.",
  ),
  "tunnel-down": warning("The hostnames answer with error 1033."),

  "idp-missing": error("Policies and application name this login."),
  "idp-type": error("The policies are written for Google's login."),
  "limit-identity-providers": error("Access makes no more of them."),
  "limit-service-tokens": error("Access makes no more of them."),
  "limit-policies": error("Access makes no more of them."),

  "google-client": error("Every login ends on Google's error page."),
  "google-secret": error("Every login fails after the password."),
  "google-redirect": error("Every login ends on Google's error page."),

  "origin-down": warning("There is nothing behind Access yet."),
  "origin-certificate": warning("cloudflared does not take it either: everybody behind Access sees a 502."),
  "origin-host-header": warning(
    "cloudflared sends the public host name: everybody behind Access is refused.",
  ),
  "origin-unseen": warning("Whether people see more than an error page shows after the first login only."),
  "comfyui-down": warning("There is nothing behind Access yet."),
  "comfyui-cross-site": warning("It answers 403 to the first page after each login."),
  "comfyui-unseen": warning("Whether people see more than an error page shows after the first login only."),
  "comfyui-cors": warning(
    "Its guard against other web sites is off, and the origin let in is not the application's.",
  ),

  orphan: warning("Nobody looks after it, and it may still open something."),
  "service-token-expires": warning("From then on the clients that use it are refused."),
  "secret-leaked": error("Whoever can read the repository has it."),
} as const satisfies Record<string, { severity: Severity; why: string }>;

export type FindingId = keyof typeof FINDINGS;

/** Every id that doctor can report. */
export const FINDING_IDS = Object.keys(FINDINGS) as FindingId[];

/** One thing that is not as it should be. No part of it ever holds a secret. */
export interface Finding {
  id: FindingId;
  severity: Severity;
  /** What was found, and where. */
  what: string;
  /** Why it matters. */
  why: string;
  /** The one command or click that mends it. */
  mend: string;
  /** Ids of the objects at fault, where the vendor has given them some. */
  objects?: readonly string[];
  /** Permissions that the API token lacks, by Cloudflare's names, e.g. `Zone Read`; of `permission-missing`. */
  lacks?: readonly string[];
}

/** A finding, with what the catalogue says of its kind. */
export function finding(id: FindingId, what: string, mend: string, objects?: readonly string[]): Finding {
  return { id, ...FINDINGS[id], what, mend, ...(objects === undefined ? {} : { objects }) };
}
