import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AccessTest } from "../../packages/access/tests/judge";
import { accessTestRows } from "../../packages/cli/verify/access-tests";
import type { CellContext } from "../../packages/cli/verify/cell";
import type { Outcome, RawAnswer } from "../../packages/cli/verify/outcome";
import { outcomeOf } from "../../packages/cli/verify/outcome";
import type { VerifyRow } from "../../packages/cli/verify/report";
import type { Requests } from "../../packages/cli/verify/requests";
import type { TargetApplication, VerifyTarget } from "../../packages/cli/verify/target";
import { verify } from "../../packages/cli/verify/verify";
import { serveWebApp, type WebApp } from "../support/origins";
import { type Deployed, deploy, stateOf } from "../verify/deployed";

const response = (status: number, headers: Record<string, string> = {}, body = ""): RawAnswer => ({
  kind: "response",
  status,
  headers,
  body,
});
const web = { kind: "web" } as const;

const FLASK_401 =
  "<!doctype html>\n<html lang=en>\n<title>401 Unauthorized</title>\n<h1>Unauthorized</h1>\n<p>The server could not verify that you are authorized.</p>";

describe("who refused a request for a web app", () => {
  test.each<[string, RawAnswer, Partial<Outcome>]>([
    ["Flask's own 401", response(401, { "www-authenticate": 'Basic realm="x"' }, FLASK_401), { is: "web" }],
    ["such a page without a challenge", response(401, {}, FLASK_401), { is: "refused", by: "unclear" }],
    ["JSON with an aud in it", response(403, {}, '{"aud":"x"}'), { is: "refused", by: "unclear" }],
    ["Access's words", response(403, {}, "You don't have permission to view this"), { by: "unclear" }],
    [
      "Access's 401 for scripts",
      response(401, { "cf-access-aud": "a" }, "401 Unauthorized"),
      { by: "access" },
    ],
    ["Access's block page", response(403, { "cf-access-domain": "a" }, "Forbidden"), { by: "access" }],
    [
      "Access's challenge",
      response(401, { "www-authenticate": 'Cloudflare-Access resource_metadata="x"' }),
      { is: "refused", by: "access" },
    ],
  ])("16: %s", (_, answer, outcome) => {
    expect(outcomeOf(answer, "page", web)).toMatchObject(outcome);
  });

  test("16: a proxy's own 401 before ComfyUI is not Access's", () => {
    const answer = response(
      401,
      { "www-authenticate": "Basic" },
      "<title>401 Authorization Required</title>",
    );
    expect(outcomeOf(answer, "api")).toMatchObject({ is: "other", status: 401 });
  });
});

describe("with a web app behind Access", () => {
  let deployed: Deployed;
  let app: WebApp | undefined;
  beforeEach(async () => {
    deployed = await deploy();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await deployed.close();
  });

  const behind = (service: string, checked?: boolean) => deployed.change.service(service, checked);

  async function rows(fields: Partial<TargetApplication>, tests: AccessTest[] = []) {
    const applications = deployed.target.applications.map((each) => ({
      ...each,
      localUrl: undefined,
      dockerUrl: undefined,
      ...fields,
    }));
    const target: VerifyTarget = {
      ...deployed.target,
      applications,
      accessTests: { tests, state: deployed.state },
    };
    const found = (await verify(target, { network: deployed.network, browser: false })).rows;
    return (id: string) => found.find((row) => row.id === id)?.result;
  }

  const mayReach = [{ token: "comfyui-api", allow: ["comfyui"], deny: [] }];

  test("16: a web app that nothing serves is not decided, whatever kind it is said to be", async () => {
    await behind("http_status:404");
    for (const kind of ["web", "comfyui"] as const) {
      const row = await rows({ kind }, mayReach);
      expect(row("comfyui/valid-token/page"), kind).toBe("undecided");
      expect(row("comfyui/tests/token comfyui-api/allow/"), kind).toBe("undecided");
      expect(row("comfyui/nobody/page"), kind).toBe("passed");
    }
  }, 60_000);

  test("16: an empty 404 or a 403 that the origin itself answers is the application's", async () => {
    for (const [status, body] of [
      [404, ""],
      [403, "not yours"],
    ] as const) {
      app = await serveWebApp((_, reply) => void reply.writeHead(status).end(body));
      await behind(app.url);
      const here = await rows({ ...web, localUrl: app.url }, mayReach);
      expect(here("comfyui/valid-token/page")).toBe("passed");
      expect(here("comfyui/tests/token comfyui-api/allow/")).toBe("passed");
      const elsewhere = await rows(web, mayReach);
      expect(elsewhere("comfyui/valid-token/page")).toBe("undecided");
      await app.close();
    }
  }, 60_000);

  test("16: a web app's own 401 does not pass for a refusal by Access", async () => {
    app = await serveWebApp((_, reply) => {
      reply.writeHead(401, { "www-authenticate": "Basic", "content-type": "text/html" }).end(FLASK_401);
    });
    await behind(app.url, false);
    await deployed.change.addPolicy({ name: "open", decision: "bypass", include: [{ everyone: {} }] }, 1);
    const row = await rows(web);
    expect(row("comfyui/nobody/page")).toBe("failed");
    expect(row("comfyui/wrong-token/page")).toBe("failed");
  }, 60_000);
});

describe("a test account's page in an access test", () => {
  const page = (role: "allowed-user" | "other-user", outcome: Outcome, result: VerifyRow["result"]) => ({
    id: `comfyui/${role}/page`,
    group: "matrix" as const,
    who: "",
    what: "",
    expected: "",
    got: "",
    result,
    outcome,
    ms: 0,
  });
  const allowed = { email: "artist@datacrew.space", password: "x" };
  const other = { email: "stranger@example.org", password: "x" };
  const application = { name: "comfyui", url: "https://comfyui.datacrew.space" };

  async function judged(role: "allowed-user" | "other-user", verdict: "allow" | "deny", outcome: Outcome) {
    const who = role === "allowed-user" ? allowed.email : other.email;
    const tests = [{ who, allow: [], deny: [], [verdict]: ["comfyui"] }];
    const accessTests = { tests, state: stateOf("app", "aud") };
    const target = { environment: "", applications: [application], people: { allowed, other }, accessTests };
    const context = { application } as CellContext;
    const played = [page(role, outcome, "failed")];
    return (await accessTestRows(target, [context], {} as Requests, played))[0]?.result;
  }

  const noName: Outcome = { is: "unreachable", reason: "name", detail: "ERR_NAME_NOT_RESOLVED" };
  const noLine: Outcome = { is: "unreachable", reason: "connection", detail: "ERR_CONNECTION_REFUSED" };

  test.each([noName, noLine])(
    "16: that was not seen ($detail) decides nothing, either way",
    async (outcome) => {
      for (const role of ["allowed-user", "other-user"] as const) {
        for (const verdict of ["allow", "deny"] as const) {
          expect(await judged(role, verdict, outcome), `${role} ${verdict}`).toBe("undecided");
        }
      }
    },
  );

  test("16: is judged by what it was", async () => {
    const came: Outcome = { is: "comfyui", status: 200 };
    const refused: Outcome = { is: "refused", status: 403, by: "access" };
    expect(await judged("other-user", "allow", came)).toBe("passed");
    expect(await judged("other-user", "deny", came)).toBe("failed");
    expect(await judged("allowed-user", "deny", refused)).toBe("passed");
    expect(await judged("allowed-user", "allow", refused)).toBe("failed");
    expect(await judged("allowed-user", "deny", { is: "cross-site", status: 403 })).toBe("failed");
  });
});
