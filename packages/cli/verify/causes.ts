import type { Reason } from "./cause";
import { faultOf, type OriginFault, type OriginPlace } from "./origin";
import type { Outcome } from "./outcome";
import { calledName, INTRUDERS, kindOf, type TargetApplication, type What, type Who } from "./target";

/** What is known about a failed cell besides its outcome. */
export interface CellFacts {
  who: Who;
  what: What;
  application: TargetApplication;
  /** When the service token expires, as declared. */
  tokenExpiresAt?: string;
  /** What a look at the origin itself found; absent when it is not on this machine, or was not looked at. */
  origin?: OriginFault | "sound";
  /** The time of the run. */
  now: Date;
}

/** The probable cause of an outcome that does not fit, in order of how much each explains. */
export function diagnose(outcome: Outcome, facts: CellFacts): Reason {
  if (isDirect(facts.who)) return directReason(outcome, facts);
  const reach = reachability(outcome, facts);
  if (reach !== undefined) return reach;
  if (outcome.is === "refused" && outcome.by === "unclear")
    return { code: "refused-by-unclear", data: { status: outcome.status } };
  if (outcome.is === "refused" && outcome.by === "connector")
    return { code: isIntruder(facts.who) ? "past-access-to-connector" : "connector-refuses", data: {} };
  if (outcome.is === "login") return unexpectedLogin(outcome, facts);
  if (outcome.is === "elsewhere") return { code: "login-elsewhere", data: { host: outcome.host } };
  return isIntruder(facts.who) ? intruder(outcome, facts) : lockedOut(outcome, facts);
}

function isDirect(who: Who): boolean {
  return who === "local" || who === "docker";
}

function isIntruder(who: Who): boolean {
  return INTRUDERS.includes(who);
}

/** Failures that say nothing about policies: the request did not get as far. */
function reachability(outcome: Outcome, facts: CellFacts): Reason | undefined {
  if (outcome.is === "origin-fault" || outcome.is === "unserved") {
    const { status } = outcome;
    // Access decides first: what it refuses comes neither to the connector nor to the origin.
    if (isIntruder(facts.who))
      return { code: "past-access", data: { status, called: calledName(facts.application) } };
    return outcome.is === "unserved" ? unserved(status, facts) : originFault(status, facts);
  }
  if (outcome.is === "tunnel-down") return { code: "tunnel-without-connector", data: {} };
  return outcome.is === "unreachable" ? unreached(outcome) : undefined;
}

/** No answer came from the host name at all. */
function unreached(outcome: Outcome & { is: "unreachable" }): Reason {
  const { detail } = outcome;
  switch (faultOf({ ...outcome, kind: "unreachable" }).code) {
    case "name":
      return { code: "no-record", data: {} };
    case "timeout":
      return { code: "no-answer-in-time", data: {} };
    case "certificate":
      return { code: "certificate-not-trusted", data: { detail } };
    case "refused":
      return { code: "connection-refused", data: {} };
    default:
      return { code: "no-connection", data: { detail } };
  }
}

/** The request came past Access; only what is behind it did not answer. */
function originFault(status: number, { application, origin }: CellFacts): Reason {
  const place = placeOf(application);
  if (place === undefined || origin === undefined) return { code: "origin-silent", data: { status } };
  if (origin === "sound") return { code: "origin-not-reached", data: { status, service: place.service } };
  return { code: "origin-fault", data: { status, fault: origin, place } };
}

/** The request came past Access; whether an application answered there is not to be seen. */
function unserved(status: number, { application, origin }: CellFacts): Reason {
  const place = placeOf(application);
  if (place === undefined || origin === undefined || origin === "sound")
    return { code: "rule-without-service", data: { status } };
  return { code: "rule-to-faulty-origin", data: { status, fault: origin, place } };
}

/** The application's own place on this machine, where it can be asked without Access. */
export function placeOf(
  { url, localUrl, kind }: TargetApplication,
  service = localUrl,
): OriginPlace | undefined {
  if (service === undefined) return undefined;
  return { service, hostname: new URL(url).hostname, kind: kindOf({ kind }) };
}

function unexpectedLogin({ aud }: Outcome & { is: "login" }, { who }: CellFacts): Reason {
  if (isIntruder(who)) return { code: "other-login", data: { aud } };
  return { code: who === "valid-token" ? "token-not-named" : "session-not-taken", data: {} };
}

/** Somebody who should be kept out got an answer. */
function intruder(outcome: Outcome, { who, application }: CellFacts): Reason {
  if (outcome.is === "refused" || outcome.is === "preflight") return { code: "refused-otherwise", data: {} };
  if (outcome.is === "comfyui" || outcome.is === "web" || outcome.is === "websocket") {
    const kind = kindOf(application);
    if (who === "other-user") return { code: "too-many-people", data: { kind } };
    return { code: "open", data: { called: calledName(application), kind } };
  }
  return { code: "not-access", data: {} };
}

/** Somebody who should get in did not. */
function lockedOut(outcome: Outcome, facts: CellFacts): Reason {
  if (outcome.is === "refused" && facts.who === "valid-token") {
    const { tokenExpiresAt: expiresAt, now } = facts;
    if (expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime())
      return { code: "token-expired", data: { expiresAt } };
    return { code: outcome.status === 401 ? "token-unknown" : "token-in-no-policy", data: {} };
  }
  if (outcome.is === "refused") return { code: "person-refused", data: {} };
  if (outcome.is === "websocket") return { code: "socket-silent", data: {} };
  if (outcome.is === "cross-site")
    return { code: "cross-site", data: { hostname: new URL(facts.application.url).hostname } };
  return ownAnswer(outcome, facts);
}

/** What is behind Access answered, and not what was asked for. */
function ownAnswer(outcome: Outcome, { application, origin }: CellFacts): Reason {
  const place = placeOf(application);
  if (origin !== undefined && origin !== "sound" && place !== undefined)
    return { code: "refused-by-origin", data: { fault: origin, place } };
  if (outcome.is === "other" && outcome.ofTheEdge)
    return { code: "answer-of-the-edge", data: { status: outcome.status } };
  if (outcome.is === "other" && outcome.status >= 400)
    return { code: "answer-of-the-origin", data: { status: outcome.status } };
  return { code: kindOf(application) === "comfyui" ? "not-comfyui" : "not-the-application", data: {} };
}

function directReason(outcome: Outcome, { who, application }: CellFacts): Reason {
  const place = placeOf(application, who === "docker" ? application.dockerUrl : application.localUrl);
  if (outcome.is === "unreachable" && place !== undefined)
    return { code: "direct-fault", data: { fault: faultOf({ ...outcome, kind: "unreachable" }), place } };
  if (outcome.is === "preflight") {
    const { origin } = new URL(application.url);
    return { code: "open-to-pages", data: { allowed: outcome.allowsOrigin, origin } };
  }
  return { code: "not-it-here", data: { called: calledName(application) } };
}
