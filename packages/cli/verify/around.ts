import { generateKeyPairSync, sign } from "node:crypto";
import type { ApplicationKind } from "../../../config/stack-config";
import { teamOrigin } from "../../access/team-domain";
import { tunnelHost } from "../../access/tunnel-host";
import { caused } from "./cause-words";
import type { CellContext } from "./cell";
import { isBehindAccess } from "./expectations";
import { PROBE_PATH } from "./origin";
import { describeOutcome, type Outcome, outcomeOf } from "./outcome";
import type { VerifyRow } from "./report";
import type { Ask } from "./requests";
import { calledName, kindOf, type TargetApplication, type VerifyTarget } from "./target";

/** One way to get past Access, which must not lead to the application. */
interface Way {
  id: string;
  who: string;
  what: string;
  ask: Ask;
}

/**
 * Tries to reach the application without a credential in the ways by which guards are commonly passed. Only an answer
 * of its own is a failure: a refusal, a redirect to the login or no connection at all are each as good.
 */
export async function aroundRows(
  target: VerifyTarget,
  context: CellContext,
  onRow: (row: VerifyRow) => void,
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for (const way of waysAround(target, context)) {
    const started = performance.now();
    const { application } = context;
    const kind = kindOf(application);
    const what = way.ask.upgrade ? "websocket" : kind === "comfyui" ? "api" : "page";
    const outcome = notOfTheEdge(way, outcomeOf(await context.requests.ask(way.ask), what, { kind }));
    const row = judgedWay(way, outcome, performance.now() - started, application);
    rows.push(row);
    onRow(row);
  }
  return rows;
}

function judgedWay(way: Way, outcome: Outcome, ms: number, application: TargetApplication): VerifyRow {
  const called = calledName(application);
  const row = {
    id: `${application.name}/around/${way.id}`,
    group: "around" as const,
    application: application.name,
    who: way.who,
    what: way.what,
    expected: `no answer from ${called}`,
    got: describeOutcome(outcome),
    ms: Math.round(ms),
  };
  if (isBehindAccess(outcome) || (outcome.is === "refused" && outcome.by === "unclear")) {
    const data = { refused: outcome.is === "refused" };
    return { ...row, ...caused(row.id, "undecided", { code: "around-unseen", data }) };
  }
  if (!isReached(way, outcome)) return { ...row, result: "passed" };
  return {
    ...row,
    ...caused(row.id, "failed", { code: "around-open", data: { called, kind: kindOf(application) } }),
    intrusion: called,
  };
}

/** Below `/cdn-cgi/` Cloudflare itself answers: what it does not have there is not found by it. */
function notOfTheEdge({ ask }: Way, outcome: Outcome): Outcome {
  const isMissing = outcome.is === "unserved" || (outcome.is === "web" && outcome.status >= 400);
  if (!isMissing) return outcome;
  if (!new URL(ask.url).pathname.startsWith("/cdn-cgi/")) return outcome;
  return { is: "other", status: outcome.status, hint: "below /cdn-cgi/" };
}

function isReached({ ask }: Way, outcome: Outcome): boolean {
  if (outcome.is === "comfyui" || outcome.is === "websocket") return true;
  if (outcome.is !== "web") return false;
  // From http to https sends Cloudflare itself, whatever is behind it.
  return !(ask.url.startsWith("http:") && outcome.location?.startsWith("https:"));
}

function waysAround(target: VerifyTarget, { application }: CellContext): Way[] {
  const base = new URL(application.url);
  const kind = kindOf(application);
  const path = PROBE_PATH[kind];
  const url = (below: string) => `${base.origin}${below}`;
  const get = (id: string, who: string, what: string, ask: Partial<Ask>): Way => ({
    id,
    who,
    what,
    ask: { method: "GET", url: url(path), ...ask },
  });
  const forged = forgedAssertions(target.teamName ?? "team", application.aud ?? "0".repeat(64));
  return [
    get("http", "no credential", "http:// instead of https://", { url: `http://${base.hostname}${path}` }),
    ...(target.tunnelId === undefined
      ? []
      : [
          get("tunnel-name", "no credential", "the tunnel's own name", {
            url: `https://${tunnelHost(target.tunnelId)}${path}`,
            headers: { host: base.hostname },
          }),
        ]),
    ...forged.flatMap(({ id, name, jwt }) => [
      get(`assertion-${id}`, `JWT ${name}`, "as Cf-Access-Jwt-Assertion", {
        headers: { "cf-access-jwt-assertion": jwt },
      }),
      get(`cookie-${id}`, `JWT ${name}`, "as CF_Authorization cookie", {
        headers: { cookie: `CF_Authorization=${jwt}` },
      }),
    ]),
    get("email-header", "no credential", "a made-up e-mail header", {
      headers: { "cf-access-authenticated-user-email": target.allowedEmails?.[0] ?? "someone@example.org" },
    }),
    ...(kind === "web"
      ? []
      : [
          get("websocket-protocol", "no credential", "WebSocket with a forged JWT", {
            url: url("/ws"),
            upgrade: true,
            headers: { "cf-access-jwt-assertion": forged[0]?.jwt ?? "" },
          }),
        ]),
    get("host-local", "no credential", "Host header localhost", { headers: { host: "localhost:8188" } }),
    ...(target.otherHostnames ?? []).slice(0, 3).map((other) =>
      get(`host-${other}`, "no credential", `by way of ${other}`, {
        url: `https://${other}${path}`,
        headers: { host: base.hostname },
      }),
    ),
    ...ODD_PATHS[kind].map(([id, odd]) =>
      get(`path-${id}`, "no credential", `path ${odd}`, { url: url(odd) }),
    ),
  ];
}

/** Spellings of the same route that a path-matching guard may take for another. */
const ODD_PATHS: Record<ApplicationKind, readonly (readonly [string, string])[]> = {
  comfyui: [
    ["api", "/api/system_stats"],
    ["slashes", "//system_stats"],
    ["encoded", "/%73ystem_stats"],
    ["cdn-cgi", "/cdn-cgi/access/..%2f..%2fsystem_stats"],
  ],
  web: [
    ["slashes", "//"],
    ["query", "/?/cdn-cgi/access/"],
    ["cdn-cgi", "/cdn-cgi/access/..%2f..%2f"],
  ],
};

/** JWTs that say the right things and are signed by nobody whom Access knows. */
function forgedAssertions(teamName: string, aud: string): { id: string; name: string; jwt: string }[] {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: [aud],
    email: "someone@example.org",
    iss: teamOrigin(teamName),
    sub: "00000000-0000-4000-8000-000000000000",
    type: "app",
    iat: now,
    nbf: now,
    exp: now + 3600,
  };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const own = `${part({ alg: "RS256", typ: "JWT", kid: "0".repeat(64) })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(own), privateKey).toString("base64url");
  return [
    { id: "own-key", name: "signed with a key of its own", jwt: `${own}.${signature}` },
    { id: "none", name: "without a signature", jwt: `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.` },
  ];
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
