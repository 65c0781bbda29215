import type { ApplicationKind } from "../../../config/stack-config";
import { inWords, type Wording } from "../../base/finding";
import type { Cause, Causes, Faulty, Reason } from "./cause";
import { type Expectation, fits } from "./expectations";
import { faultInWords, howToStart } from "./origin";
import type { Outcome } from "./outcome";

/** What a row says of its cause: the finding for programs, and the words for people. */
export interface Caused {
  result: "failed" | "undecided";
  finding: Cause;
  cause: string;
  next: string;
}

/** How a row ends that is not as declared, or not decided. */
export function caused(id: string, result: Caused["result"], { code, data }: Reason): Caused {
  const finding = { code, severity: result === "failed" ? "error" : "warning", where: id, data } as Cause;
  return { result, finding, ...inWords(CAUSES, finding, undefined) };
}

const EXPLAIN = "Run `comfyui-access explain` for this host and identity: it names the policy that decides.";
const UP = "Run `pulumi up` to put the declared state back, then verify again.";
const MEND_BEHIND = "Mend what is behind Access, then verify again.";
const MEND_LINE = "Mend what is behind Access, or the line to it, then verify again.";

function ofOrigin(status: number): string {
  const answer = status === 502 || status === 504 ? "does not answer" : "has a fault";
  return `The origin ${answer} (${status}), which says nothing of who gets in`;
}

const emptyAnswer = (status: number): string =>
  `An empty ${status} came, as from a rule of the tunnel that leads to no service`;

/** A fault of the origin, after what it was seen by. */
function faulty(head: string, { fault, place }: Faulty): { cause: string; next: string } {
  const { found, mend } = faultInWords(fault, place);
  return { cause: `${head}${found}.`, next: mend };
}

const stopCloudflared = (kind: ApplicationKind): string =>
  kind === "comfyui"
    ? `${EXPLAIN} Until then stop cloudflared: ComfyUI has no login of its own.`
    : `${EXPLAIN} Until then stop cloudflared.`;

const CAUSES: Wording<Causes, undefined, { cause: string; next: string }> = {
  "origin-silent": ({ status }) => ({
    cause: `${ofOrigin(status)}: it is down, it refuses what cloudflared asks, or cloudflared cannot check the JWT.`,
    next: "See in cloudflared's log which of these it is, and that the origin runs where `service` says, as cloudflared sees it.",
  }),
  "origin-not-reached": ({ status, service }) => ({
    cause: `${ofOrigin(status)}: asked on this machine, ${service} answers, so cloudflared does not reach it there or cannot check the JWT.`,
    next: "See in cloudflared's log which of the two it is: it may run in a container, where localhost is another place, or not reach the team's keys.",
  }),
  "origin-fault": ({ status, ...of }) => faulty(`${ofOrigin(status)}: `, of),
  "rule-without-service": ({ status }) => ({
    cause: `${emptyAnswer(status)}; an application that has nothing there may answer so too.`,
    next: `See that the tunnel's rule for the host name leads to \`service\`. ${UP}`,
  }),
  "rule-to-faulty-origin": ({ status, ...of }) => faulty(`${emptyAnswer(status)}: `, of),
  "past-access": ({ status, called }) => ({
    cause: `Access let this request pass: it came as far as what is behind it, and only that has a fault (${status}).`,
    next: `${EXPLAIN} Until then stop cloudflared: ${called} would be open once it answers again.`,
  }),
  "tunnel-without-connector": () => ({
    cause: "No cloudflared is connected to the tunnel.",
    next: "Start cloudflared with the tunnel's token; its log says why it does not connect.",
  }),
  "no-answer-in-time": () => ({
    cause: "No answer came in the time that one request may take, which says nothing of who gets in.",
    next: "Raise --timeout, and see why the answer is slow: the application, the line, or a firewall.",
  }),
  "certificate-not-trusted": ({ detail }) => ({
    cause: `The certificate that answers for the host name is not trusted (${detail}).`,
    next: "See where the name leads; Cloudflare's own certificates cover the zone and one level below it.",
  }),
  "connection-refused": () => ({
    cause: "Nothing accepts connections at that address.",
    next: "See where the host name leads.",
  }),
  "no-record": () => ({
    cause:
      "The host name leads nowhere: its DNS record is missing, or it is not proxied, so that it points to a cfargotunnel.com name without a public address.",
    next: `Look at the record in Cloudflare's DNS (orange cloud, CNAME to <tunnel id>.cfargotunnel.com). ${UP}`,
  }),
  "no-connection": ({ detail }) => ({
    cause: `No connection to the host name came about, or it broke off (${detail}).`,
    next: "See whether the line or a firewall on the way ends connections, and that the record in Cloudflare's DNS is there and proxied: the edge ends those for names that it does not serve.",
  }),
  "refused-by-unclear": ({ status }) => ({
    cause: `Who answered ${status} is not to be seen: Access marks its refusals, and this one has no mark.`,
    next: "Look at what the application itself answers there, e.g. on its own machine.",
  }),
  "past-access-to-connector": () => ({
    cause:
      "Access let this request pass and only the connector stopped it: the application is gone, or a Bypass policy lets everybody by.",
    next: `The second barrier held; the first one is open. ${UP}`,
  }),
  "connector-refuses": () => ({
    cause:
      "Access let the request in and the connector refused its JWT: `audTag` or `teamName` of the ingress rule is not this application's, or a Bypass policy took the JWT away.",
    next: `Compare the rule's audTag with the application's aud. ${UP}`,
  }),
  "login-elsewhere": ({ host }) => ({
    cause: `The login ended at ${host} and did not lead back: another login than Google is offered, or it has a fault.`,
    next: "Look at the picture in the HTML report, and at `allowed_idps` of the application.",
  }),
  "other-login": ({ aud }) => ({
    cause: `The login is of another application or team (audience ${aud?.slice(0, 8) ?? "not named"}…): the application was made anew, or another one guards this name.`,
    next: UP,
  }),
  "token-not-named": () => ({
    cause:
      "Access does not count the token and asks for a login: no Service Auth policy (decision non_identity) of the application names it.",
    next: EXPLAIN,
  }),
  "session-not-taken": () => ({
    cause: "Access does not take the session: it was revoked, has expired, or is of another application.",
    next: EXPLAIN,
  }),
  "refused-otherwise": () => ({
    cause:
      "It was refused, but not in the way that is declared: the decision of a policy, the CORS settings or service_auth_401_redirect differ.",
    next: UP,
  }),
  "too-many-people": ({ kind }) => ({
    cause: "A policy lets in more people than declared, e.g. everyone or a whole mail domain.",
    next: stopCloudflared(kind),
  }),
  open: ({ called, kind }) => ({
    cause: `Neither barrier is closed: nothing between the internet and ${called} asks for a credential.`,
    next: stopCloudflared(kind),
  }),
  "not-access": () => ({
    cause: "Something other than Access answers for this name.",
    next: "See what the name leads to.",
  }),
  "token-expired": ({ expiresAt }) => ({
    cause: `The service token expired at ${expiresAt}.`,
    next: "Run `npm run cli -- rotate --stack <stack> --token <token>`, then verify again.",
  }),
  "token-unknown": () => ({
    cause: "Access does not know this secret: the token is expired, disabled, rotated or deleted.",
    next: "Run `comfyui-access env --check`; it says whether the credentials are current.",
  }),
  "token-in-no-policy": () => ({
    cause: "The token is valid, but no Service Auth policy of the application names it.",
    next: EXPLAIN,
  }),
  "person-refused": () => ({
    cause: "A policy refuses this person, or none names them.",
    next: EXPLAIN,
  }),
  "socket-silent": () => ({
    cause: "The socket opened and stays silent: what answers is not ComfyUI, or it hangs.",
    next: "Look at ComfyUI's log.",
  }),
  // Comfy-Org/ComfyUI#13261
  "cross-site": ({ hostname }) => ({
    cause:
      "ComfyUI itself refused: it turns away what a browser calls cross-site, as the way back from a login is.",
    next: howToStart(hostname, "comfyui"),
  }),
  "refused-by-origin": (of) => faulty("What is behind Access refuses by itself: ", of),
  "answer-of-the-edge": ({ status }) => ({
    cause: `Cloudflare itself answered ${status}, without asking Access or what is behind it.`,
    next: "Look at the zone's security events: a rule of its firewall may stop this caller.",
  }),
  "answer-of-the-origin": ({ status }) => ({
    cause: `What is behind Access answers ${status} by itself.`,
    next: "Look at its log. cloudflared sends the public host name as `Host`: an origin that takes only its own refuses that.",
  }),
  "not-comfyui": () => ({
    cause: "What answers behind Access is not ComfyUI.",
    next: "See what `service` leads to; for another web app say `kind: web` in its entry of `applications`.",
  }),
  "not-the-application": () => ({
    cause: "What answers behind Access is not what was asked for.",
    next: "See what `service` leads to.",
  }),
  "direct-fault": (of) => {
    const { cause, next } = faulty("", of);
    return { cause: cause.charAt(0).toUpperCase() + cause.slice(1), next };
  },
  "open-to-pages": ({ allowed, origin }) => {
    const lets =
      allowed === "*"
        ? "every web page in: it was started with --enable-cors-header and no address"
        : `pages of ${allowed ?? "no other origin"} in, and this application is ${origin}`;
    return { cause: `ComfyUI lets ${lets}.`, next: howToStart(new URL(origin).hostname, "comfyui") };
  },
  "not-it-here": ({ called }) => ({
    cause: `Something other than ${called} answers there, or it refuses scripts on its own machine.`,
    next: "Look at what listens on that port.",
  }),
  "login-not-finished": () => ({
    cause: "The browser did not come through the login in time, so whether this person gets in is not seen.",
    next: "Look at the picture in the HTML report: a captcha or a second factor takes a person.",
  }),
  "other-way-to-login": () => ({
    cause:
      "The login took another way than Access, Google and back: another identity provider, or another guard.",
    next: "Look at `allowed_idps` and `auto_redirect_to_identity` of the application.",
  }),
  "jwt-of-another": () => ({
    cause: "The application or the team is not the one that is declared.",
    next: "Run `pulumi up`, then verify again.",
  }),
  "session-unseen": () => ({
    cause: "What answered, or did not, does not say whether the session still counts.",
    next: MEND_LINE,
  }),
  "session-still-taken": () => ({
    cause: "A session that ought not to count is taken.",
    next: "Revoke the person's sessions in the Zero Trust dashboard, and see which policy lets them in.",
  }),
  "neighbour-changed": ({ recordedAt }) => ({
    cause: `It answered differently at ${recordedAt}: its ingress rule, its DNS record or an Access application that covers it was changed.`,
    next: "Look at the tunnel's ingress rules and at the host name's record; `pulumi stack history` says what this stack did.",
  }),
  "around-unseen": ({ refused }) => ({
    cause: refused
      ? "The answer does not say whether Access, the connector or the application refused."
      : "The request came as far as what is behind Access, which has a fault: with an answer it would have got one.",
    next: MEND_BEHIND,
  }),
  "around-open": ({ called, kind }) => ({
    cause: `${called} can be reached without a credential.`,
    next:
      kind === "comfyui"
        ? "Stop cloudflared now: ComfyUI has no login of its own. Then run `pulumi up` and verify again."
        : "Stop cloudflared now. Then run `pulumi up` and verify again.",
  }),
  "test-unseen": () => ({
    cause: "What answered, or did not, does not say whether the caller gets in.",
    next: MEND_LINE,
  }),
  "test-of-nothing": ({ wanted }) => ({
    cause: `The access test names ${wanted}, and the stack has brought up nothing of that name.`,
    next: "Run `pulumi up`, or correct the test.",
  }),
  "test-contrary": () => ({
    cause: "What is deployed does not do what the stack's own access test says.",
    next: "Run `comfyui-access explain` for this caller: it names the policy that decides.",
  }),
  "no-team-keys": ({ teamName }) => ({
    cause: `There is no team ${teamName}, or its host cannot be reached; the connector needs these keys too.`,
    next: "Compare teamName in the stack config with the team domain in the Zero Trust dashboard.",
  }),
  "rules-unseen": ({ failed }) => ({
    cause: `The tunnel's rules were not seen, so nothing is known of the second barrier: ${failed}.`,
    next: "See that CLOUDFLARE_API_TOKEN is current and has Cloudflare Tunnel Read, and that Cloudflare's API can be reached; then verify again.",
  }),
  "no-rule": () => ({
    cause: "The tunnel has no rule for this host name, so nothing of it reaches the application.",
    next: UP,
  }),
  "jwt-not-required": () => ({
    cause:
      "The connector does not check for itself: whatever reaches the tunnel past Access reaches the application.",
    next: ACCESS_RULE,
  }),
  "jwt-for-another": () => ({
    cause:
      "The connector checks for another application or team: it turns this one's callers away, and lets that one's in.",
    next: ACCESS_RULE,
  }),
};

const ACCESS_RULE = "Run `pulumi up`: it puts `originRequest.access` of the ingress rule right.";

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
