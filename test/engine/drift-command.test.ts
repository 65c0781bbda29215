import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drift } from "../../packages/cli/drift/drift";
import { exitCode } from "../../packages/cli/drift/exit-code";
import { renderMarkdown } from "../../packages/cli/drift/render/markdown";
import { renderText } from "../../packages/cli/drift/render/text";
import type { DriftReport } from "../../packages/cli/drift/types";
import { projectDir, withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { type OpenStack, sandboxedStack } from "../../packages/cli/stack/open-stack";
import { AccountApi } from "../../packages/cloudflare/account-api";
import { EngineRig } from "./support";

const ACCOUNT = "/accounts/0123456789abcdef0123456789abcdef";
const HOST = "comfyui.datacrew.space";

let rig: EngineRig;
let stack: OpenStack;

beforeAll(async () => {
  rig = await EngineRig.open({ access: true, rateLimit: false });
  const file = await rig.config();
  const up = await rig.up();
  expect(up.code, up.stdout + up.stderr).toBe(0);
  rig.session.access?.connectAll();
  stack = await sandboxedStack(rig.session, "dev", file);
});

afterAll(() => rig?.close());

const fields = ({ changes }: DriftReport) =>
  changes.map(({ subject, name, field, what }) => `${subject} ${name}: ${field ?? what}`);

const unseen = (report: DriftReport, what: string) => report.unseen.find((each) => each.what === what);

/** One call of Google's APIs, as somebody in its console would make it. */
async function google(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await fetch(`${rig.session.url}/gcp/v1/projects/datacrew-dev/${path}`, {
    method,
    headers: { authorization: "Bearer console", "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  expect(answer.status, `${method} ${path}`).toBe(200);
}

/** The command as a schedule runs it, on this stack. */
function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { env } = rig.session.target("preview");
  const options = ["packages/cli/main.ts", "drift", "--stack", "dev", "--no-sandbox", "--no-probe", ...args];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...withTypeScript, ...options],
      { cwd: projectDir, env },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("a stack as it was left", () => {
  test("has no drift; its token passes, and the tunnel's secret is the state's where that may be read", async () => {
    const report = await drift(stack);
    expect(fields(report)).toEqual([]);
    expect(report).toMatchObject({ verdict: "none", failures: [], orphans: [], expiring: [] });
    expect(exitCode(report)).toBe(0);
    expect(unseen(report, "secret of service token comfyui-api")).toMatchObject({ result: "as expected" });
    expect(unseen(report, "secret of tunnel comfyui-dev")).toMatchObject({
      result: "open",
      detail: expect.stringContaining("may only read"),
    });
    const mayEdit = await drift({ ...stack, account: () => stack.account("up") });
    expect(unseen(mayEdit, "secret of tunnel comfyui-dev")).toMatchObject({ result: "as expected" });
    expect(mayEdit.verdict).toBe("none");
  });

  test("nothing is written, and no secret is in any report", async () => {
    const before = (await rig.writes()).length;
    const report = await drift(stack);
    expect(await rig.writes()).toHaveLength(before);
    const outputs = (await rig.outputs()) as {
      serviceTokens: Record<string, { clientSecret: string }>;
      tunnel: { token: string };
    };
    const secrets = [outputs.serviceTokens["comfyui-api"]?.clientSecret ?? "", outputs.tunnel.token];
    for (const text of [JSON.stringify(report), renderText(report), renderMarkdown(report)]) {
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  test("names a token that ends within the days asked for, and that is no change", async () => {
    const report = await drift(stack, { days: 366, probe: false });
    expect(report.expiring).toEqual([{ name: "comfyui-api", expiresAt: expect.stringMatching(/^20/) }]);
    expect(exitCode(report)).toBe(0);
  });

  test("the command ends with 0 and says so", async () => {
    const { code, stdout, stderr } = await command("--json");
    expect(code, stderr).toBe(0);
    const { environment, verdict, changes } = JSON.parse(stdout) as DriftReport;
    expect({ environment, verdict, changes }).toEqual({
      environment: "stack dev",
      verdict: "none",
      changes: [],
    });
  });
});

describe("objects in Google Cloud", () => {
  const secret = "secrets/comfyui-access-dev-comfyui-api";

  test.each<[string, () => Promise<void>, () => Promise<void>, string[]]>([
    [
      "a label",
      () => google("PATCH", `${secret}?updateMask=labels`, { labels: { by: "hand" } }),
      () => google("PATCH", `${secret}?updateMask=labels`, {}),
      [`Google Cloud projects/datacrew-dev/${secret}: labels`],
    ],
    [
      "a reader",
      () => google("POST", `${secret}:setIamPolicy`, { policy: { bindings: [] } }),
      () =>
        google("POST", `${secret}:setIamPolicy`, {
          policy: {
            bindings: [
              {
                role: "roles/secretmanager.secretAccessor",
                members: ["serviceAccount:comfyui-client@datacrew-dev.iam.gserviceaccount.com"],
              },
            ],
          },
        }),
      [
        `Google Cloud projects/datacrew-dev/${secret}/roles/secretmanager.secretAccessor/serviceAccount:comfyui-client@datacrew-dev.iam.gserviceaccount.com: deleted`,
      ],
    ],
    [
      "a version",
      () => google("POST", `${secret}/versions/1:disable`, {}),
      () => google("POST", `${secret}/versions/1:enable`, {}),
      [`Google Cloud projects/datacrew-dev/${secret}/versions/1: enabled`],
    ],
  ])("%s is found by the engine's own reading", async (_, change, back, told) => {
    await change();
    const report = await drift(stack, { probe: false });
    expect(fields(report)).toEqual(told);
    expect(report.verdict).toBe("changed");
    expect(exitCode(report)).toBe(3);
    expect(exitCode(report, "widening")).toBe(0);
    await back();
    expect(fields(await drift(stack, { probe: false }))).toEqual([]);
  });
});

describe("a check that cannot be made", () => {
  const refuse = (pathRegex: string) =>
    rig.addFaults({ action: "status", times: 50, pathRegex, status: 403 });

  test("is a failure and never silence: one list is refused", async () => {
    await refuse("/access/apps$");
    const report = await drift(stack, { probe: false });
    await rig.clearFaults();
    expect(exitCode(report)).toBe(1);
    expect(exitCode(report, "widening")).toBe(1);
    const stdout = renderText(report);
    expect(stdout).toContain("NOT KNOWN: no change was found, but not everything could be checked");
    expect(stdout).toMatch(
      /the Access applications +could not read the Access applications \(HTTP 403, code 10000\)/,
    );
  });

  test("nor is one that says who gains overruled by it", async () => {
    await refuse("/alerting/v3/policies/");
    const records = "/zones/fedcba9876543210fedcba9876543210/dns_records";
    const [record] = await rig.api<{ id: string }[]>("GET", `${records}?name=${HOST}`);
    await rig.api("PATCH", `${records}/${record?.id}`, { proxied: false });
    const report = await drift(stack, { probe: false });
    await rig.api("PATCH", `${records}/${record?.id}`, { proxied: true });
    await rig.clearFaults();
    expect(report.failures.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^notification policy /),
      expect.stringMatching(/^notification policy /),
    ]);
    expect(exitCode(report)).toBe(4);
  });

  test("the API token is not accepted", async () => {
    const { accountId } = stack.settings.config;
    const account = () => new AccountApi({ accountId, token: "not-a-token", baseUrl: rig.session.apiUrl });
    const report = await drift({ ...stack, account }, { probe: false });
    expect(report.failures.length).toBeGreaterThan(10);
    expect(JSON.stringify(report)).not.toContain("not-a-token");
    expect(exitCode(report)).toBe(1);
  });
});

describe("a secret that was changed by hand", () => {
  test("of a token, is found by the version and by its refusal at the edge", async () => {
    const [token] = await rig.api<{ id: string }[]>("GET", `${ACCOUNT}/access/service_tokens`);
    await rig.api("POST", `${ACCOUNT}/access/service_tokens/${token?.id}/rotate`, {});
    const report = await drift(stack);
    expect(fields(report)).toEqual(["service token comfyui-api: client_secret_version"]);
    expect(unseen(report, "secret of service token comfyui-api")).toMatchObject({
      result: "not as expected",
    });
    expect(exitCode(report)).toBe(4);
    const text = renderText(report);
    expect(text).toContain("! whoever rotated it has a secret that passes, and the stack does not");
  });

  test("of a tunnel, is found with an API token that may edit it", async () => {
    const [tunnel] = await rig.api<{ id: string }[]>("GET", `${ACCOUNT}/cfd_tunnel`);
    await rig.api("PATCH", `${ACCOUNT}/cfd_tunnel/${tunnel?.id}`, {
      tunnel_secret: Buffer.alloc(32, 1).toString("base64"),
    });
    const report = await drift({ ...stack, account: () => stack.account("up") }, { probe: false });
    expect(fields(report)).toContain("tunnel comfyui-dev: tunnel_secret");
    expect(unseen(report, "secret of tunnel comfyui-dev")).toMatchObject({ result: "not as expected" });
  });

  test("the report masks addresses in Markdown, and reads well in both forms", async () => {
    const policies = await rig.api<{ id: string; name: string }[]>("GET", `${ACCOUNT}/access/policies`);
    const policy = policies.find(({ name }) => name === "comfyui-google-email");
    await rig.api("PUT", `${ACCOUNT}/access/policies/${policy?.id}`, {
      ...policy,
      include: [{ email: { email: "artist@datacrew.space" } }, { email: { email: "stranger@example.org" } }],
    });
    const markdown = await command("--markdown");
    expect(markdown.code).toBe(4);
    expect(markdown.stdout).not.toContain("stranger@example.org");
    expect(markdown.stdout).toMatch(/person-[a-z0-9]{8}/);
    const text = renderText(await drift(stack, { probe: false }));
    expect(text).toContain("+ e-mail is stranger@example.org");
    expect(text).toContain(`stranger@example.org → ${HOST} – by logging in, for 24h`);
  });
});
