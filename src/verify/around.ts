import { generateKeyPairSync, sign } from "node:crypto";
import type { CellContext } from "./cell";
import { describeOutcome, type Outcome, outcomeOf } from "./outcome";
import type { VerifyRow } from "./report";
import type { Ask } from "./requests";
import type { VerifyTarget } from "./target";

/** One way to get past Access, which must not lead to ComfyUI. */
interface Way {
  id: string;
  who: string;
  what: string;
  ask: Ask;
}

const STATS = "/system_stats";

/**
 * Tries to reach ComfyUI without a credential in the ways by which guards are commonly passed. Only the answer
 * of ComfyUI itself is a failure: a refusal, a redirect or no connection at all are each as good.
 */
export async function aroundRows(
  target: VerifyTarget,
  context: CellContext,
  onRow: (row: VerifyRow) => void,
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for (const way of waysAround(target, context)) {
    const started = performance.now();
    const outcome = outcomeOf(await context.requests.ask(way.ask), way.ask.upgrade ? "websocket" : "api");
    const row = judgedWay(way, outcome, performance.now() - started, context.application.name);
    rows.push(row);
    onRow(row);
  }
  return rows;
}

function judgedWay(way: Way, outcome: Outcome, ms: number, application: string): VerifyRow {
  const reached = outcome.is === "comfyui" || outcome.is === "websocket";
  return {
    id: `${application}/around/${way.id}`,
    group: "around",
    application,
    who: way.who,
    what: way.what,
    expected: "no answer from ComfyUI",
    got: describeOutcome(outcome),
    result: reached ? "failed" : "passed",
    ...(reached
      ? {
          cause: "ComfyUI can be reached without a credential.",
          next: "Stop cloudflared now: ComfyUI has no login of its own. Then run `pulumi up` and verify again.",
        }
      : {}),
    ms: Math.round(ms),
  };
}

function waysAround(target: VerifyTarget, { application }: CellContext): Way[] {
  const base = new URL(application.url);
  const url = (path: string) => `${base.origin}${path}`;
  const get = (id: string, who: string, what: string, ask: Partial<Ask>): Way => ({
    id,
    who,
    what,
    ask: { method: "GET", url: url(STATS), ...ask },
  });
  const forged = forgedAssertions(target.teamName ?? "team", application.aud ?? "0".repeat(64));
  return [
    get("http", "no credential", "http:// instead of https://", { url: `http://${base.hostname}${STATS}` }),
    ...(target.tunnelId === undefined
      ? []
      : [
          get("tunnel-name", "no credential", "the tunnel's own name", {
            url: `https://${target.tunnelId}.cfargotunnel.com${STATS}`,
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
    get("websocket-protocol", "no credential", "WebSocket with a forged JWT", {
      url: url("/ws"),
      upgrade: true,
      headers: { "cf-access-jwt-assertion": forged[0]?.jwt ?? "" },
    }),
    get("host-local", "no credential", "Host header localhost", { headers: { host: "localhost:8188" } }),
    ...(target.otherHostnames ?? []).slice(0, 3).map((other) =>
      get(`host-${other}`, "no credential", `by way of ${other}`, {
        url: `https://${other}${STATS}`,
        headers: { host: base.hostname },
      }),
    ),
    ...ODD_PATHS.map(([id, path]) => get(`path-${id}`, "no credential", `path ${path}`, { url: url(path) })),
  ];
}

/** Spellings of the same route that a path-matching guard may take for another. */
const ODD_PATHS: readonly (readonly [string, string])[] = [
  ["api", "/api/system_stats"],
  ["slashes", "//system_stats"],
  ["encoded", "/%73ystem_stats"],
  ["cdn-cgi", "/cdn-cgi/access/..%2f..%2fsystem_stats"],
];

/** JWTs that say the right things and are signed by nobody whom Access knows. */
function forgedAssertions(teamName: string, aud: string): { id: string; name: string; jwt: string }[] {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: [aud],
    email: "someone@example.org",
    iss: `https://${teamName}.cloudflareaccess.com`,
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
