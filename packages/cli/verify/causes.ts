import { type Expectation, fits } from "./expectations";
import { faultInWords, faultOf, howToStart, type OriginFault, type OriginPlace } from "./origin";
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

/** Why a cell is not as declared, or cannot be judged, and what to do next. */
export interface Diagnosis {
  cause: string;
  next: string;
}

const explain = "Run `comfyui-access explain` for this host and identity: it names the policy that decides.";
const up = "Run `pulumi up` to put the declared state back, then verify again.";

/** The probable cause of an outcome that does not fit, in order of how much each explains. */
export function diagnose(outcome: Outcome, facts: CellFacts): Diagnosis {
  if (isDirect(facts.who)) return directDiagnosis(outcome, facts);
  const reach = reachability(outcome, facts);
  if (reach !== undefined) return reach;
  if (outcome.is === "refused" && outcome.by === "unclear") return unclearRefusal(outcome.status);
  if (outcome.is === "refused" && outcome.by === "connector") return connectorRefusal(facts);
  if (outcome.is === "login") return unexpectedLogin(outcome, facts);
  if (outcome.is === "elsewhere") {
    return {
      cause: `The login ended at ${outcome.host} and did not lead back: another login than Google is offered, or it has a fault.`,
      next: "Look at the picture in the HTML report, and at `allowed_idps` of the application.",
    };
  }
  return isIntruder(facts.who) ? intruder(outcome, facts) : lockedOut(outcome, facts);
}

function isDirect(who: Who): boolean {
  return who === "local" || who === "docker";
}

function isIntruder(who: Who): boolean {
  return INTRUDERS.includes(who);
}

/** Failures that say nothing about policies: the request did not get as far. */
function reachability(outcome: Outcome, facts: CellFacts): Diagnosis | undefined {
  if (outcome.is === "origin-fault")
    return isIntruder(facts.who) ? pastAccess(outcome, facts) : originFault(outcome, facts);
  if (outcome.is === "unserved")
    return isIntruder(facts.who) ? pastAccess(outcome, facts) : unserved(outcome, facts);
  if (outcome.is === "tunnel-down") {
    return {
      cause: "No cloudflared is connected to the tunnel.",
      next: "Start cloudflared with the tunnel's token; its log says why it does not connect.",
    };
  }
  if (outcome.is !== "unreachable") return undefined;
  if (outcome.reason === "timeout") {
    return {
      cause: "No answer came in the time that one request may take, which says nothing of who gets in.",
      next: "Raise --timeout, and see why the answer is slow: the application, the line, or a firewall.",
    };
  }
  if (outcome.reason === "tls" && faultOf({ ...outcome, kind: "unreachable" }).code === "certificate") {
    return {
      cause: `The certificate that answers for the host name is not trusted (${outcome.detail}).`,
      next: "See where the name leads; Cloudflare's own certificates cover the zone and one level below it.",
    };
  }
  if (outcome.detail === "ECONNREFUSED") {
    return { cause: "Nothing accepts connections at that address.", next: "See where the host name leads." };
  }
  return {
    cause:
      "The host name leads nowhere: its DNS record is missing, or it is not proxied, so that it points to a cfargotunnel.com name without a public address.",
    next: `Look at the record in Cloudflare's DNS (orange cloud, CNAME to <tunnel id>.cfargotunnel.com). ${up}`,
  };
}

/** The request came past Access; only what is behind it did not answer. */
function originFault({ status }: Outcome & { is: "origin-fault" }, facts: CellFacts): Diagnosis {
  const { application, origin } = facts;
  const place = placeOf(application);
  const answer = status === 502 || status === 504 ? "does not answer" : "has a fault";
  const head = `The origin ${answer} (${status}), which says nothing of who gets in`;
  if (place === undefined || origin === undefined) {
    return {
      cause: `${head}: it is down, it refuses what cloudflared asks, or cloudflared cannot check the JWT.`,
      next: "See in cloudflared's log which of these it is, and that the origin runs where `service` says, as cloudflared sees it.",
    };
  }
  if (origin === "sound") {
    return {
      cause: `${head}: asked on this machine, ${place.service} answers, so cloudflared does not reach it there or cannot check the JWT.`,
      next: "See in cloudflared's log which of the two it is: it may run in a container, where localhost is another place, or not reach the team's keys.",
    };
  }
  const { found, mend } = faultInWords(origin, place);
  return { cause: `${head}: ${found}.`, next: mend };
}

/** The request came past Access; whether an application answered there is not to be seen. */
function unserved({ status }: Outcome & { is: "unserved" }, { application, origin }: CellFacts): Diagnosis {
  const place = placeOf(application);
  const head = `An empty ${status} came, as from a rule of the tunnel that leads to no service`;
  if (place === undefined || origin === undefined || origin === "sound") {
    return {
      cause: `${head}; an application that has nothing there may answer so too.`,
      next: `See that the tunnel's rule for the host name leads to \`service\`. ${up}`,
    };
  }
  const { found, mend } = faultInWords(origin, place);
  return { cause: `${head}: ${found}.`, next: mend };
}

/** Access decides first: what it refuses comes neither to the connector nor to the origin. */
function pastAccess(
  { status }: Outcome & { is: "origin-fault" | "unserved" },
  { application }: CellFacts,
): Diagnosis {
  return {
    cause: `Access let this request pass: it came as far as what is behind it, and only that has a fault (${status}).`,
    next: `${explain} Until then stop cloudflared: ${calledName(application)} would be open once it answers again.`,
  };
}

function unclearRefusal(status: number): Diagnosis {
  return {
    cause: `Who answered ${status} is not to be seen: Access marks its refusals, and this one has no mark.`,
    next: "Look at what the application itself answers there, e.g. on its own machine.",
  };
}

/** The application's own place on this machine, where it can be asked without Access. */
export function placeOf(
  { url, localUrl, kind }: TargetApplication,
  service = localUrl,
): OriginPlace | undefined {
  if (service === undefined) return undefined;
  return { service, hostname: new URL(url).hostname, kind: kindOf({ kind }) };
}

/** The connector saw no JWT, or one that it does not take. */
function connectorRefusal({ who }: CellFacts): Diagnosis {
  if (isIntruder(who)) {
    return {
      cause:
        "Access let this request pass and only the connector stopped it: the application is gone, or a Bypass policy lets everybody by.",
      next: `The second barrier held; the first one is open. ${up}`,
    };
  }
  return {
    cause:
      "Access let the request in and the connector refused its JWT: `audTag` or `teamName` of the ingress rule is not this application's, or a Bypass policy took the JWT away.",
    next: `Compare the rule's audTag with the application's aud. ${up}`,
  };
}

function unexpectedLogin(outcome: Outcome & { is: "login" }, facts: CellFacts): Diagnosis {
  if (isIntruder(facts.who)) {
    return {
      cause: `The login is of another application or team (audience ${outcome.aud?.slice(0, 8) ?? "not named"}…): the application was made anew, or another one guards this name.`,
      next: up,
    };
  }
  if (facts.who === "valid-token") {
    return {
      cause:
        "Access does not count the token and asks for a login: no Service Auth policy (decision non_identity) of the application names it.",
      next: explain,
    };
  }
  return {
    cause: "Access does not take the session: it was revoked, has expired, or is of another application.",
    next: explain,
  };
}

/** Somebody who should be kept out got an answer. */
function intruder(outcome: Outcome, { who, application }: CellFacts): Diagnosis {
  if (outcome.is === "refused" || outcome.is === "preflight") {
    return {
      cause:
        "It was refused, but not in the way that is declared: the decision of a policy, the CORS settings or service_auth_401_redirect differ.",
      next: up,
    };
  }
  if (outcome.is === "comfyui" || outcome.is === "web" || outcome.is === "websocket") {
    const called = calledName(application);
    return {
      cause:
        who === "other-user"
          ? "A policy lets in more people than declared, e.g. everyone or a whole mail domain."
          : `Neither barrier is closed: nothing between the internet and ${called} asks for a credential.`,
      next:
        kindOf(application) === "comfyui"
          ? `${explain} Until then stop cloudflared: ComfyUI has no login of its own.`
          : `${explain} Until then stop cloudflared.`,
    };
  }
  return { cause: "Something other than Access answers for this name.", next: "See what the name leads to." };
}

/** Somebody who should get in did not. */
function lockedOut(outcome: Outcome, facts: CellFacts): Diagnosis {
  if (outcome.is === "refused" && facts.who === "valid-token") {
    const { tokenExpiresAt, now } = facts;
    if (tokenExpiresAt !== undefined && Date.parse(tokenExpiresAt) <= now.getTime()) {
      return {
        cause: `The service token expired at ${tokenExpiresAt}.`,
        next: "Raise the token's `version` in the stack config, run `pulumi up`, then `comfyui-access env`.",
      };
    }
    return outcome.status === 401
      ? {
          cause: "Access does not know this secret: the token is expired, disabled, rotated or deleted.",
          next: "Run `comfyui-access env --check`; it says whether the credentials are current.",
        }
      : {
          cause: "The token is valid, but no Service Auth policy of the application names it.",
          next: explain,
        };
  }
  if (outcome.is === "refused") {
    return { cause: "A policy refuses this person, or none names them.", next: explain };
  }
  if (outcome.is === "websocket") {
    return {
      cause: "The socket opened and stays silent: what answers is not ComfyUI, or it hangs.",
      next: "Look at ComfyUI's log.",
    };
  }
  if (outcome.is === "cross-site") {
    // Comfy-Org/ComfyUI#13261
    return {
      cause:
        "ComfyUI itself refused: it turns away what a browser calls cross-site, as the way back from a login is.",
      next: howToStart(new URL(facts.application.url).hostname, "comfyui"),
    };
  }
  return ownAnswer(outcome, facts);
}

/** What is behind Access answered, and not what was asked for. */
function ownAnswer(outcome: Outcome, { application, origin }: CellFacts): Diagnosis {
  const place = placeOf(application);
  if (origin !== undefined && origin !== "sound" && place !== undefined) {
    const { found, mend } = faultInWords(origin, place);
    return { cause: `What is behind Access refuses by itself: ${found}.`, next: mend };
  }
  if (outcome.is === "other" && outcome.ofTheEdge) {
    return {
      cause: `Cloudflare itself answered ${outcome.status}, without asking Access or what is behind it.`,
      next: "Look at the zone's security events: a rule of its firewall may stop this caller.",
    };
  }
  if (outcome.is === "other" && outcome.status >= 400) {
    return {
      cause: `What is behind Access answers ${outcome.status} by itself.`,
      next: "Look at its log. cloudflared sends the public host name as `Host`: an origin that takes only its own refuses that.",
    };
  }
  if (kindOf(application) === "comfyui") {
    return {
      cause: "What answers behind Access is not ComfyUI.",
      next: "See what `service` leads to; for another web app say `kind: web` in its entry of `applications`.",
    };
  }
  return {
    cause: "What answers behind Access is not what was asked for.",
    next: "See what `service` leads to.",
  };
}

function directDiagnosis(outcome: Outcome, { who, application }: CellFacts): Diagnosis {
  const place = placeOf(application, who === "docker" ? application.dockerUrl : application.localUrl);
  if (outcome.is === "unreachable" && place !== undefined) {
    const { found, mend } = faultInWords(faultOf({ ...outcome, kind: "unreachable" }), place);
    return { cause: `${upperFirst(found)}.`, next: mend };
  }
  if (outcome.is === "preflight") {
    const own = new URL(application.url).origin;
    const lets =
      outcome.allowsOrigin === "*"
        ? "every web page in: it was started with --enable-cors-header and no address"
        : `pages of ${outcome.allowsOrigin ?? "no other origin"} in, and this application is ${own}`;
    return { cause: `ComfyUI lets ${lets}.`, next: howToStart(new URL(own).hostname, "comfyui") };
  }
  const called = calledName(application);
  return {
    cause: `Something other than ${called} answers there, or it refuses scripts on its own machine.`,
    next: "Look at what listens on that port.",
  };
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is worth saying of a refusal that is right: which of the two barriers it was. */
export function barrierNote(expectation: Expectation, outcome: Outcome): string | undefined {
  if (outcome.is === "login") return "stopped by Access";
  if (outcome.is !== "refused" || !fits(expectation, outcome)) return undefined;
  return {
    access: "stopped by Access",
    connector: "stopped by the connector, the second barrier",
    unclear: "stopped, and the answer does not say by which barrier",
  }[outcome.by];
}
