import { type Expectation, fits } from "./expectations";
import type { Outcome } from "./outcome";
import { INTRUDERS, type What, type Who } from "./target";

/** What is known about a failed cell besides its outcome. */
export interface CellFacts {
  who: Who;
  what: What;
  /** When the service token expires, as declared. */
  tokenExpiresAt?: string;
  /** The time of the run. */
  now: Date;
}

/** Why a cell probably failed, and what to do next. */
export interface Diagnosis {
  cause: string;
  next: string;
}

const explain = "Run `comfyui-access explain` for this host and identity: it names the policy that decides.";
const up = "Run `pulumi up` to put the declared state back, then verify again.";

/** The probable cause of an outcome that does not fit, in order of how much each explains. */
export function diagnose(outcome: Outcome, facts: CellFacts): Diagnosis {
  const direct = facts.who === "local" || facts.who === "docker";
  if (direct) return directDiagnosis(outcome, facts);
  const reach = reachability(outcome);
  if (reach !== undefined) return reach;
  if (outcome.is === "refused" && outcome.by === "connector") return connectorRefusal(facts);
  if (outcome.is === "login") return unexpectedLogin(outcome, facts);
  return isIntruder(facts.who) ? intruder(outcome, facts) : lockedOut(outcome, facts);
}

function isIntruder(who: Who): boolean {
  return INTRUDERS.includes(who);
}

/** Failures that say nothing about policies: the request did not get as far. */
function reachability(outcome: Outcome): Diagnosis | undefined {
  if (outcome.is === "tunnel-down") {
    return {
      cause: "No cloudflared is connected to the tunnel.",
      next: "Start cloudflared with the tunnel's token; its log says why it does not connect.",
    };
  }
  if (outcome.is !== "unreachable") return undefined;
  if (outcome.reason === "timeout") {
    return {
      cause: "The host answers too slowly, or a firewall drops the packets.",
      next: "Try again; raise --timeout if the line is slow.",
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
function intruder(outcome: Outcome, { who }: CellFacts): Diagnosis {
  if (outcome.is === "refused" || outcome.is === "preflight") {
    return {
      cause:
        "It was refused, but not in the way that is declared: the decision of a policy, the CORS settings or service_auth_401_redirect differ.",
      next: up,
    };
  }
  if (outcome.is === "comfyui" || outcome.is === "websocket") {
    return {
      cause:
        who === "other-user"
          ? "A policy lets in more people than declared, e.g. everyone or a whole mail domain."
          : "Neither barrier is closed: nothing between the internet and ComfyUI asks for a credential.",
      next: `${explain} Until then stop cloudflared: ComfyUI has no login of its own.`,
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
  const status = "status" in outcome ? outcome.status : 0;
  if (status === 403) {
    // Comfy-Org/ComfyUI#13261
    return {
      cause:
        "ComfyUI itself refused: it turns away what a browser calls cross-site, as the way back from a login is.",
      next: "Start ComfyUI with --enable-cors-header and the application's own address.",
    };
  }
  if (status === 502 || status === 503) {
    return {
      cause: "The connector does not reach ComfyUI.",
      next: "See that ComfyUI runs where the ingress rule's `service` says, seen from cloudflared.",
    };
  }
  return {
    cause: "What answers behind Access is not what was asked for.",
    next: "See what `service` of the ingress rule leads to.",
  };
}

function directDiagnosis(outcome: Outcome, { what }: CellFacts): Diagnosis {
  if (outcome.is === "unreachable") {
    return { cause: "ComfyUI does not run there.", next: "Start ComfyUI, or name its address with --local." };
  }
  if (what === "preflight") {
    return {
      cause: "ComfyUI lets every web page in: it was started with --enable-cors-header and no address.",
      next: "Give --enable-cors-header the application's own address.",
    };
  }
  return {
    cause: "Something other than ComfyUI answers there, or it refuses scripts on its own machine.",
    next: "Look at what listens on that port.",
  };
}

/** What is worth saying of a refusal that is right: which of the two barriers it was. */
export function barrierNote(expectation: Expectation, outcome: Outcome): string | undefined {
  if (outcome.is === "login") return "stopped by Access";
  if (outcome.is !== "refused" || !fits(expectation, outcome)) return undefined;
  return {
    access: "stopped by Access",
    connector: "stopped by the connector, the second barrier",
    unclear: "stopped, and the empty answer does not say by which barrier",
  }[outcome.by];
}
