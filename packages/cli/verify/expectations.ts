import { teamDomain } from "../../access/team-domain";
import { type Barrier, type Outcome, teamOf } from "./outcome";
import {
  type DeclaredProperties,
  kindOf,
  type TargetApplication,
  type VerifyTarget,
  type What,
  type Who,
} from "./target";

/** One form of outcome that is right; what it does not name may be anything. */
type Pattern =
  | { is: "comfyui"; status: number }
  | { is: "web" }
  | { is: "websocket" }
  | { is: "login"; host?: string; aud?: string }
  | { is: "refused"; status: number; by?: readonly Barrier[] }
  | { is: "preflight"; allowsOrigin: readonly (string | null)[] };

/** What a cell must show. */
export interface Expectation {
  /** In words, for the report. */
  text: string;
  /** Any one of these is right. */
  accepts: readonly Pattern[];
}

/** What the expectations are drawn from: declarations only, never an answer. */
export type Declaration = Pick<VerifyTarget, "teamName" | "serviceTokenMode"> & {
  application: Pick<TargetApplication, "url" | "aud" | "declared" | "kind">;
  /** Addresses of the stack's other applications that the same service answers for. Default: none. */
  sharedWith?: readonly string[];
  /** Whether uploads are really made; else the upload's address is only asked with GET. */
  write: boolean;
};

/** The origin that preflights name when the application does not allow any: a page of somebody else's. */
const FOREIGN_ORIGIN = "https://elsewhere.example";

/** The origin to name in an application's preflights. */
export function preflightOrigin(declared: DeclaredProperties = {}): string {
  const { preflight } = declared;
  const named =
    typeof preflight === "object" ? preflight.origins.find((origin) => origin !== "*") : undefined;
  return named ?? FOREIGN_ORIGIN;
}

/**
 * What a cell of the matrix must show. Who may in and who may not is fixed; only the form of a refusal follows
 * from what is declared.
 * https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
 */
export function expected(who: Who, what: What, declaration: Declaration): Expectation {
  const direct = who === "local" || who === "docker";
  if (what === "preflight") return direct ? noOtherOrigin(declaration) : edgePreflight(declaration);
  if (direct || who === "valid-token" || who === "allowed-user") return admitted(what, declaration);
  if (who === "other-user" && what === "page") return afterRefusedLogin;
  return who === "wrong-token" ? wrongToken(what, declaration) : withoutCredential(what, declaration);
}

/** A person whom no policy lets in logs in all the same, and is then told so. */
const afterRefusedLogin: Expectation = {
  text: "login with Google, then 403 by Access",
  accepts: [{ is: "refused", status: 403, by: ["access"] }],
};

function admitted(what: What, { application, write }: Declaration): Expectation {
  if (kindOf(application) === "web") {
    return { text: "an answer of the application", accepts: [{ is: "web" }] };
  }
  if (what === "websocket") {
    return { text: "opens, first event status", accepts: [{ is: "websocket" }] };
  }
  if (what === "upload" && !write) {
    // Its route takes POST alone, so the folder of its pages is asked, which has no such file.
    const accepts = [404, 405].map((status) => ({ is: "comfyui" as const, status }));
    return { text: "404 or 405 from ComfyUI (asked with GET only)", accepts };
  }
  return { text: "200 from ComfyUI", accepts: [{ is: "comfyui", status: 200 }] };
}

/** Without a credential, and as somebody who was not let in. */
function withoutCredential(what: What, declaration: Declaration): Expectation {
  const { people = true } = declaration.application.declared ?? {};
  if (!people) return serviceAuthRefusal(declaration);
  const login = loginPattern(declaration);
  // How Access answers a form post without a login is not documented: any refusal of its own is right.
  if (what === "upload" && declaration.write) return anyOf([login, access(401), access(403)]);
  return anyOf([login]);
}

function wrongToken(what: What, declaration: Declaration): Expectation {
  const { serviceTokenMode = "unknown" } = declaration;
  const strict = anyOf([access(401)]);
  if (serviceTokenMode === "strict") return strict;
  const { people = true, serviceAuth401 = true } = declaration.application.declared ?? {};
  const legacy = people
    ? [...(serviceAuth401 ? [access(401)] : []), ...withoutCredential(what, declaration).accepts]
    : serviceAuthRefusal(declaration).accepts;
  return serviceTokenMode === "legacy" ? anyOf(legacy) : anyOf([...strict.accepts, ...legacy]);
}

/** Where nobody can log in, the Service Auth policy refuses. */
function serviceAuthRefusal({ application }: Declaration): Expectation {
  return anyOf([access(application.declared?.serviceAuth401 === false ? 403 : 401)]);
}

/**
 * Access refuses every preflight unless the application says otherwise, logged in or not.
 * https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/cors/
 */
function edgePreflight(declaration: Declaration): Expectation {
  const { application } = declaration;
  const { preflight = "refused", secondBarrier = true } = application.declared ?? {};
  if (typeof preflight === "object") {
    const allowed = preflight.origins.includes("*") ? "*" : preflightOrigin(application.declared);
    return { text: `allows origin ${allowed}`, accepts: [{ is: "preflight", allowsOrigin: [allowed] }] };
  }
  if (preflight === "refused") {
    return { text: "403", accepts: [{ is: "refused", status: 403, by: ["access", "unclear"] }] };
  }
  // Passed on without a JWT, which the connector then misses.
  return secondBarrier
    ? {
        text: "403 by the connector",
        accepts: [{ is: "refused", status: 403, by: ["connector", "unclear"] }],
      }
    : noOtherOrigin(declaration);
}

/**
 * ComfyUI itself may allow the application's own address (`--enable-cors-header`, which takes one), and no other; one
 * that serves several of the stack's host names, any of those.
 */
function noOtherOrigin({ application, sharedWith = [] }: Declaration): Expectation {
  const own = [application.url, ...sharedWith].map((url) => new URL(url).origin);
  return { text: "no other origin allowed", accepts: [{ is: "preflight", allowsOrigin: [null, ...own] }] };
}

function loginPattern({ application, teamName }: Declaration): Pattern {
  return {
    is: "login",
    ...(teamName === undefined ? {} : { host: teamDomain(teamName) }),
    ...(application.aud === undefined ? {} : { aud: application.aud }),
  };
}

function access(status: number): Pattern {
  return { is: "refused", status, by: ["access"] };
}

function anyOf(patterns: readonly Pattern[]): Expectation {
  const words = [...new Set(patterns.map(inWords))];
  return { text: words.join(" or "), accepts: patterns };
}

function inWords(pattern: Pattern): string {
  if (pattern.is === "login") return `302 to the login${pattern.host ? ` of ${teamOf(pattern.host)}` : ""}`;
  return pattern.is === "refused" ? `${pattern.status} by Access` : pattern.is;
}

/**
 * Whether an outcome that is not one of the right ones still says nothing of who gets in: what is behind Access, or the
 * line, has a fault, or the answer does not say whose it is. That a caller who must be kept out comes as far as the
 * origin is said by its fault too: Access decides first.
 */
export function isUndecided(outcome: Outcome, mustBeKeptOut: boolean): boolean {
  if (outcome.is === "unreachable") return outcome.reason === "timeout";
  if (outcome.is === "refused") return outcome.by === "unclear";
  return !mustBeKeptOut && isBehindAccess(outcome);
}

/** Whether a request came past Access, and no further than to what has a fault or leads to nothing there. */
export function isBehindAccess(outcome: Outcome): boolean {
  return outcome.is === "origin-fault" || outcome.is === "tunnel-down" || outcome.is === "unserved";
}

/** Whether an outcome is one of the right ones. */
export function fits(expectation: Expectation, outcome: Outcome): boolean {
  return expectation.accepts.some((pattern) => matches(pattern, outcome));
}

function matches(pattern: Pattern, outcome: Outcome): boolean {
  switch (pattern.is) {
    case "comfyui":
      return outcome.is === "comfyui" && outcome.status === pattern.status;
    case "web":
      return outcome.is === "web";
    case "websocket":
      return outcome.is === "websocket" && outcome.alive;
    case "login":
      return (
        outcome.is === "login" &&
        (pattern.host === undefined || outcome.host === pattern.host) &&
        (pattern.aud === undefined || outcome.aud === pattern.aud)
      );
    case "refused":
      return (
        outcome.is === "refused" &&
        outcome.status === pattern.status &&
        (pattern.by?.includes(outcome.by) ?? true)
      );
    case "preflight":
      return outcome.is === "preflight" && pattern.allowsOrigin.includes(outcome.allowsOrigin);
  }
}
