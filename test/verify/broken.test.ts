import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VerifyReport } from "../../packages/cli/verify/report";
import { type VerifyOptions, verify } from "../../packages/cli/verify/verify";
import { type Deployed, deploy } from "./deployed";

// Each test breaks one property of what the program deploys, as somebody would in the dashboard, and names every
// check that has to turn red. The declaration stays: what is expected never follows what is found.

let deployed: Deployed;
beforeEach(async () => {
  deployed = await deploy();
});
afterEach(() => deployed?.close());

async function found(options: VerifyOptions = {}): Promise<VerifyReport> {
  return verify(deployed.target, { network: deployed.network, write: true, ...options });
}

function red({ rows }: VerifyReport): string[] {
  return rows.filter(({ result }) => result === "failed").map(({ id }) => id.replace(/^comfyui\//, ""));
}

function row({ rows }: VerifyReport, id: string) {
  return rows.find((each) => each.id === `comfyui/${id}`);
}

const cells = (who: string, what = ["page", "api", "websocket", "upload"]) =>
  what.map((each) => `${who}/${each}`);
const everyone = [{ everyone: {} }];
const withoutBrowser = { browser: false };

describe("one broken property turns its cells red", () => {
  test("decision: the token's policy asks for a login", async () => {
    await deployed.change.machines({ decision: "allow" });
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual(cells("valid-token"));
    expect(row(report, "valid-token/api")?.finding?.code).toBe("token-in-no-policy");
  });

  test("decision: the people's policy blocks them", async () => {
    await deployed.change.people({ decision: "deny" });
    const report = await found({ only: ["nobody", "allowed-user", "other-user"] });
    // Without an Allow there is no login to be sent to.
    const asked = cells("nobody", ["page", "api", "websocket"]);
    expect(red(report)).toEqual(expect.arrayContaining([...asked, ...cells("allowed-user")]));
  });

  test("include: everyone may log in", async () => {
    await deployed.change.people({ include: everyone, require: [] });
    const report = await found({ only: ["allowed-user", "other-user"] });
    expect(red(report)).toEqual(expect.arrayContaining(cells("other-user")));
    expect(red(report).join()).not.toContain("allowed-user");
    expect(row(report, "other-user/page")?.finding?.code).toBe("too-many-people");
  });

  test("precedence: a block that stood behind the people now stands before them", async () => {
    await deployed.change.addPolicy({ name: "nobody else", decision: "deny", include: everyone }, 3);
    const before = await found({ only: ["allowed-user", "other-user"] });
    expect(red(before)).toEqual([]);
    await deployed.change.addPolicy({ name: "nobody at all", decision: "deny", include: everyone }, 1);
    const report = await found({ only: ["allowed-user", "valid-token"] });
    expect(red(report)).toEqual(cells("allowed-user"));
  });

  test("aud: the connector expects another application's JWT", async () => {
    await deployed.change.ingress({ required: true, teamName: "datacrew", audTag: ["0".repeat(64)] });
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual([...cells("valid-token"), "barriers/connector"]);
    expect(row(report, "valid-token/page")).toMatchObject({
      got: "403 by the connector, the second barrier",
      cause: expect.stringMatching(/audTag/),
    });
  });

  test("aud, seen by a person: told from ComfyUI's own refusal", async () => {
    await deployed.change.ingress({ required: true, teamName: "datacrew", audTag: ["0".repeat(64)] });
    const report = await found({ only: ["allowed-user"] });
    expect(red(report)).toEqual(expect.arrayContaining(cells("allowed-user")));
    expect(row(report, "allowed-user/page")?.got).toContain("by the connector");
  });

  test("a ComfyUI that takes the way back from the login for an attack", async () => {
    deployed.origin.settings.enableCorsHeader = undefined;
    const report = await found({ only: ["allowed-user", "valid-token"] });
    expect(red(report)).toEqual(["allowed-user/page"]);
    expect(row(report, "allowed-user/page")).toMatchObject({
      got: "403 (by ComfyUI, as cross-site)",
      next: expect.stringContaining("--enable-cors-header"),
    });
  });

  test("required: the connector no longer checks, which only its own row shows while Access stands", async () => {
    await deployed.change.ingress(undefined);
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual(["barriers/connector"]);
    expect(row(report, "barriers/connector")?.got).toContain("`required` is off");
  });

  test("allowed IdP: the application offers another login than Google", async () => {
    const pin = await deployed.change.send(
      "POST",
      "/accounts/0123456789abcdef0123456789abcdef/access/identity_providers",
      { name: "One-time PIN", type: "onetimepin", config: {} },
    );
    await deployed.change.application({ allowed_idps: [pin["id"]] });
    const report = await found({ only: ["nobody", "valid-token", "allowed-user"] });
    expect(red(report)).toEqual(expect.arrayContaining(cells("allowed-user")));
    expect(red(report).join()).not.toMatch(/nobody|valid-token/);
  });

  test("expired token", async () => {
    const [token] = deployed.sandbox.store.serviceTokens.all();
    if (token === undefined) throw new Error("no token");
    deployed.sandbox.store.serviceTokens.put({ ...token, expiresAt: "2026-01-01T00:00:00Z" });
    const applications = deployed.target.applications.map((each) => {
      return each.token ? { ...each, token: { ...each.token, expiresAt: "2026-01-01T00:00:00Z" } } : each;
    });
    deployed = { ...deployed, target: { ...deployed.target, applications } };
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual(cells("valid-token"));
    const { finding, cause } = row(report, "valid-token/api") ?? {};
    expect(finding).toEqual({
      code: "token-expired",
      severity: "error",
      where: "comfyui/valid-token/api",
      data: { expiresAt: "2026-01-01T00:00:00Z" },
    });
    expect(cause).toContain("expired at 2026-01-01");
  });

  test("DNS not proxied: the edge does not take the name", async () => {
    await deployed.change.record({ proxied: false });
    const report = await found(withoutBrowser);
    const all = ["page", "api", "websocket", "upload", "preflight"];
    expect(red(report)).toEqual(["nobody", "wrong-token", "valid-token"].flatMap((who) => cells(who, all)));
    // The sandbox has no public DNS to miss the name in: its edge ends the connection.
    const { finding, next } = row(report, "nobody/page") ?? {};
    expect(finding?.code).toBe("no-connection");
    expect(next).toContain("proxied");
  });

  test("application deleted: the second barrier is all that is left, and the report says so", async () => {
    await deployed.change.send(
      "DELETE",
      `/accounts/0123456789abcdef0123456789abcdef/access/apps/${deployed.ids.app}`,
    );
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual(
      expect.arrayContaining([...cells("nobody"), ...cells("wrong-token"), ...cells("valid-token")]),
    );
    expect(row(report, "nobody/page")?.finding?.code).toBe("past-access-to-connector");
    // Nothing reaches ComfyUI for all that.
    expect(red(report).join()).not.toContain("around");
  });

  test("an extra Bypass, with the second barrier", async () => {
    await deployed.change.addPolicy({ name: "open", decision: "bypass", include: everyone }, 3);
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual(expect.arrayContaining([...cells("nobody"), ...cells("wrong-token")]));
    expect(report.summary.verdict).not.toContain("open");
    expect(row(report, "nobody/api")?.finding?.code).toBe("past-access-to-connector");
    expect(red(report).join()).not.toContain("around");
  });

  test("an extra Bypass, without the second barrier: ComfyUI is open to everybody", async () => {
    await deployed.change.addPolicy({ name: "open", decision: "bypass", include: everyone }, 1);
    await deployed.change.ingress(undefined);
    const report = await found(withoutBrowser);
    expect(report.summary.verdict).toMatch(/^ComfyUI is open to the wrong callers\. /);
    expect(row(report, "nobody/api")).toMatchObject({
      got: "200 from ComfyUI",
      next: expect.stringMatching(/stop cloudflared/),
    });
    expect(red(report)).toEqual(
      expect.arrayContaining(["around/assertion-own-key", "around/path-api", "barriers/connector"]),
    );
  });

  test("the tunnel has no connector, which says nothing of who may in", async () => {
    deployed.sandbox.edge?.tunnels.close();
    const report = await found(withoutBrowser);
    expect(red(report)).toEqual([]);
    const open = report.rows.filter(({ result }) => result === "undecided").map(({ id }) => id);
    expect(open).toEqual(cells("valid-token").map((id) => `comfyui/${id}`));
    expect(row(report, "valid-token/page")?.finding).toMatchObject({
      code: "tunnel-without-connector",
      severity: "warning",
    });
  });
}, 60_000);
