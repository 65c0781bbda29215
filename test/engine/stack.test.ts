import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changesOf } from "../../packages/cli/sandboxed/pulumi";
import { EngineRig } from "./support";

const account = "/accounts/0123456789abcdef0123456789abcdef";
const zone = "/zones/fedcba9876543210fedcba9876543210";

interface Application {
  name: string;
  hostname: string;
  allow: { emails?: string[]; emailDomains?: string[] };
  sessionDuration?: string;
  serviceTokens?: string[];
}

let rig: EngineRig;
let before: Record<string, unknown>;

beforeAll(async () => {
  rig = await EngineRig.open();
  before = await rig.account();
  await rig.config();
});

afterAll(() => rig?.close());

// One stack lives through these tests, in their order: each step starts from what the one before left.
describe("the dev stack in the sandbox", () => {
  let printed = "";

  test("up makes every object with one write each", async () => {
    const result = await rig.up();
    printed += result.stdout + result.stderr;
    expect(result.code, result.stdout + result.stderr).toBe(0);

    const writes = (await rig.writes()).map(({ method, path, status }) => {
      expect(status, `${method} ${path}`).toBeLessThan(300);
      return `${method} ${path.replace("/client/v4", "").replace(account, "").replace(zone, "")}`;
    });
    const kinds = writes.map((write) => write.replace(/[0-9a-f-]{36}/, "{id}")).sort();
    expect(kinds).toEqual([
      "POST /access/apps",
      "POST /access/identity_providers",
      "POST /access/policies",
      "POST /access/policies",
      "POST /access/service_tokens",
      "POST /alerting/v3/policies",
      "POST /alerting/v3/policies",
      "POST /cfd_tunnel",
      "POST /dns_records",
      "PUT /cfd_tunnel/{id}/configurations",
    ]);
    expect(new Set(writes.filter((write) => write.startsWith("PUT"))).size).toBe(1);
  });

  test("nothing is public before its guard", async () => {
    const order = (await rig.writes()).map(({ path }) => path.replace(/^.*?(accounts|zones)\/\w+\//, ""));
    // The policy for tokens needs no login, so it may come before the identity provider.
    const guards = ["access/identity_providers", "access/policies", "access/policies"];
    expect(
      order
        .slice(0, order.indexOf("access/apps"))
        .filter((path) => guards.includes(path))
        .sort(),
    ).toEqual(guards);
    expect(order.lastIndexOf("access/policies")).toBeGreaterThan(order.indexOf("access/identity_providers"));
    const opened = order.findIndex((path) => path.endsWith("/configurations"));
    expect(opened).toBeGreaterThan(order.indexOf("access/apps"));
    expect(order.indexOf("dns_records")).toBeGreaterThan(opened);
  });

  test("a second preview shows no changes, with a token that may only read", async () => {
    const result = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
    expect(result.code, result.stdout + result.stderr).toBe(0);
  });

  test("a second up writes nothing", async () => {
    const writes = (await rig.writes()).length;
    const result = await rig.up();
    expect(result.code).toBe(0);
    expect((await rig.writes()).length).toBe(writes);
  });

  test("no secret stands in the state, the plan or what was printed", async () => {
    const outputs = (await rig.outputs()) as {
      serviceTokens: Record<string, { clientSecret: string }>;
      tunnel: { token: string };
    };
    const connector = JSON.parse(Buffer.from(outputs.tunnel.token, "base64").toString()) as { s: string };
    const secrets = [
      "sandbox-google-client-secret",
      outputs.serviceTokens["comfyui-api"]?.clientSecret ?? "",
      outputs.tunnel.token,
      connector.s,
    ];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(20);

    await rig.config((settings) => {
      (settings.google as { clientId: string }).clientId = "other.apps.googleusercontent.com";
    });
    const texts = [{ path: "up", text: printed }];
    for (const args of [["preview"], ["preview", "--json"], ["preview", "--diff"]]) {
      const result = await rig.run(args);
      expect(result.code, result.stderr).toBe(0);
      texts.push({ path: args.join(" "), text: result.stdout + result.stderr });
    }
    const exported = await rig.run(["stack", "export"]);
    texts.push({ path: "stack export", text: exported.stdout });
    texts.push(...(await rig.filesOnDisk()));
    expect(texts.some(({ path }) => path.startsWith("state/"))).toBe(true);
    for (const { path, text } of texts) {
      for (const secret of secrets) {
        const forms = [secret, Buffer.from(secret).toString("base64")];
        expect(
          forms.some((form) => text.includes(form)),
          `a secret in ${path}`,
        ).toBe(false);
      }
    }
    await rig.config();
  });

  test("one more e-mail is one update, of the policy", async () => {
    await rig.config((settings) => {
      const [application] = settings.applications as Application[];
      application?.allow.emails?.push("second@datacrew.space");
    });
    expect(await rig.plan()).toEqual([expect.stringMatching(/^update .*ZeroTrustAccessPolicy /)]);
    const writes = (await rig.writes()).length;
    expect(changesOf(await rig.up())).toMatchObject({ update: 1 });
    expect((await rig.writes()).slice(writes)).toHaveLength(1);
  });

  test("a shorter session is an update of that application and nothing else", async () => {
    await rig.config((settings) => {
      const [application] = settings.applications as Application[];
      if (application) application.sessionDuration = "8h";
    });
    const plan = await rig.plan();
    expect(plan.filter((step) => step.includes("ZeroTrustAccessApplication"))).toHaveLength(1);
    expect(plan.every((step) => step.startsWith("update "))).toBe(true);
    expect((await rig.up()).code).toBe(0);
  });

  test("another hostname moves the rule and the record without replacing the application", async () => {
    await rig.config((settings) => {
      const [application] = settings.applications as Application[];
      if (application) application.hostname = "studio.datacrew.space";
    });
    const plan = await rig.plan();
    expect(plan.some((step) => step.includes("replace") && step.includes("Application"))).toBe(false);
    expect((await rig.up()).code).toBe(0);
    const records = await rig.api<{ name: string; type: string }[]>("GET", `${zone}/dns_records`);
    expect(records.map(({ name }) => name)).toContain("studio.datacrew.space");
    expect(records.map(({ name }) => name)).not.toContain("comfyui.datacrew.space");
  });

  test("another zone replaces the record", async () => {
    await rig.config((settings) => {
      settings.zone = "example.org";
      const [application] = settings.applications as Application[];
      if (application) application.hostname = "studio.example.org";
    });
    expect((await rig.plan()).some((step) => /replace.*DnsRecord/.test(step))).toBe(true);
    expect((await rig.up()).code).toBe(0);
    await rig.config();
    expect((await rig.up()).code).toBe(0);
  });

  test("refresh sees what was changed in the dashboard, and up puts it back", async () => {
    const [policy] = await rig
      .api<{ id: string; name: string; decision: string; include: unknown[] }[]>(
        "GET",
        `${account}/access/policies`,
      )
      .then((policies) => policies.filter(({ decision }) => decision === "allow"));
    if (!policy) throw new Error("the account has no allow policy");
    await rig.api("PUT", `${account}/access/policies/${policy.id}`, {
      name: policy.name,
      decision: "allow",
      include: [{ everyone: {} }],
    });
    const refreshed = await rig.run(["refresh", "--yes"]);
    expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
    expect(changesOf(refreshed)).toMatchObject({ update: 1 });
    expect((await rig.up()).code).toBe(0);
    const restored = await rig.api<{ include: unknown }>("GET", `${account}/access/policies/${policy.id}`);
    expect(restored.include).toEqual([{ email: { email: "artist@datacrew.space" } }]);
  });

  test("an interrupted up can be run again and converges", async () => {
    await rig.config((settings) => {
      const applications = settings.applications as Application[];
      if (applications[0]) applications[0].serviceTokens = ["comfyui-api"];
      applications.push({
        name: "grafana",
        hostname: "grafana.datacrew.space",
        allow: { emails: ["ops@datacrew.space"] },
      });
    });
    const writes = (await rig.writes()).length;
    const stop = new AbortController();
    const watch = setInterval(async () => {
      if ((await rig.writes()).length > writes) stop.abort();
    }, 20);
    await rig.up({ signal: stop.signal });
    clearInterval(watch);
    const again = await rig.up();
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const preview = await rig.run(["preview", "--expect-no-changes"], { as: "preview" });
    expect(preview.code, preview.stdout).toBe(0);
    const names = (await rig.api<{ name: string }[]>("GET", `${account}/access/policies`)).map(
      ({ name }) => name,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("destroy leaves the account as it was", async () => {
    const result = await rig.run(["destroy", "--yes", "--skip-preview"]);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(await rig.account()).toEqual(before);
  });
});
