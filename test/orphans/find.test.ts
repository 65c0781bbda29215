import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../config/stack-config";
import { findOrphans } from "../../packages/cli/orphans/find";
import type { Orphan } from "../../packages/cli/orphans/orphan";
import { type ToldOrphan, told } from "../../packages/cli/orphans/words";
import type { StackResource } from "../../packages/cli/stack/read-stack";
import { AccountApi } from "../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { DEV_ZONE_ID } from "../../packages/sandbox/account/seed";
import { Account, HOST, type Stack, search, settings, stateOf } from "./support";

let account: Account;
let stack: Stack;

beforeAll(async () => {
  account = await Account.open();
});
afterAll(() => account.sandbox.close());
beforeEach(async () => {
  account.sandbox.reset();
  stack = await account.stack();
});

/** What is found when the state knows all of the stack but these parts. */
async function orphans(lost: (keyof Stack)[] = []): Promise<(Orphan & ToldOrphan)[]> {
  const known = Object.fromEntries(
    Object.entries(stack).filter(([part]) => !lost.includes(part as keyof Stack)),
  );
  return (await findOrphans(new AccountSnapshot(account.api), search(stateOf(known)))).map(told);
}

const brief = (found: (Orphan & ToldOrphan)[]) =>
  found.map(({ kind, id, usedBy }) => ({ kind, id, ...(usedBy && { usedBy }) }));

/** An account as others use it: what of it looks like ours belongs to another stack. */
async function foreigners(): Promise<number> {
  const login = await account.login("Google", "theirs.apps.googleusercontent.com");
  let made = 1;
  for (let index = 0; index < 8; index++) {
    const token = await account.token(`their-api-${index}`);
    const machines = await account.tokenPolicy(token, `their-${index}-service-token`);
    const people = await account.emailPolicy(login, `their-${index}-google-email`);
    const host = `their-${index}.datacrew.space`;
    await account.application(`their-${index}`, host, { policies: [machines, people], logins: [login] });
    await account.record(host, await account.tunnel(`their-${index}`), "comfyui-access comfyui-access/prod");
    made += 6;
  }
  await account.alert("comfyui-access-prod token-expiry", "expiring_service_token_alert");
  return made + 1;
}

describe("a sound account", () => {
  it("has none", async () => {
    expect(await orphans()).toEqual([]);
  });

  it("has none either when others have fifty objects in it", async () => {
    expect(await foreigners()).toBe(50);
    expect(await orphans()).toEqual([]);
  });

  it("is only read", async () => {
    const from = account.sandbox.requests.length;
    await account.token();
    await orphans();
    const methods = account.sandbox.requests.slice(from).filter(({ path }) => !path.endsWith("/graphql"));
    expect(methods.map(({ method }) => method).filter((method) => method !== "GET")).toEqual(["POST"]);
  });
});

describe("what a lost answer leaves behind", () => {
  it("a token that was to stand in for another one during a rotation", async () => {
    const id = await account.token("comfyui-api-stand-in");
    expect(brief(await orphans())).toEqual([{ kind: "service token", id }]);
  });

  it("a token made just before the one in the state", async () => {
    const second = { ...stack };
    stack.token = await account.token();
    const machines = account.api.below(`access/policies/${stack.machines}`);
    await account.api.write("put", machines, {
      action: "write",
      object: "the policy",
      body: {
        name: "comfyui-service-token",
        decision: "non_identity",
        include: [{ service_token: { token_id: stack.token } }],
      },
    });
    const [found, ...more] = await orphans();
    expect(more).toEqual([]);
    expect(found).toMatchObject({ kind: "service token", id: second.token, name: "comfyui-api" });
    expect(found).toMatchObject({
      code: "token-by-retry",
      severity: "warning",
      where: "service token comfyui-api",
    });
    expect(found?.why).toMatch(/before the comfyui-api in the state, as by a retry/);
    expect(Date.parse(found?.createdAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect(found).not.toHaveProperty("usedBy");
  });

  it("a policy with the token that it names: both can go", async () => {
    const token = await account.token();
    const policy = await account.tokenPolicy(token);
    expect(brief(await orphans())).toEqual([
      { kind: "service token", id: token },
      { kind: "policy", id: policy },
    ]);
  });

  it("a policy by the name and the decision that the state has, whatever the name ends in", async () => {
    const policy = await account.emailPolicy(stack.login, "crew-service-token");
    const inputs = { name: "crew-service-token", decision: "allow" };
    const known = { ...stateOf(stack).find(({ id }) => id === stack.people), id: "66b191d9", inputs };
    const state = [...stateOf(stack), known as StackResource];
    const found = await findOrphans(new AccountSnapshot(account.api), search(state));
    expect(found).toMatchObject([{ code: "policy-by-name", kind: "policy", id: policy }]);
    known.inputs = { ...inputs, decision: "non_identity" };
    expect(await findOrphans(new AccountSnapshot(account.api), search(state))).toEqual([]);
  });

  it("a login, an alert, and a record of another name", async () => {
    const login = await account.login();
    const alert = await account.alert("comfyui-access-dev tunnel-health", "tunnel_health_event");
    const record = await account.record("old.datacrew.space", stack.tunnel);
    expect(brief(await orphans())).toEqual([
      { kind: "identity provider", id: login },
      { kind: "DNS record", id: record },
      { kind: "alert", id: alert },
    ]);
  });

  it("a tunnel that nothing leads through", async () => {
    const [record] = await orphans(["record", "tunnel"]);
    expect(record?.kind).toBe("tunnel");
    const path = `/zones/${DEV_ZONE_ID}/dns_records/${stack.record}`;
    await account.api.write("delete", path, { action: "delete", object: "the record" });
    expect(brief(await orphans(["record", "tunnel"]))).toEqual([{ kind: "tunnel", id: stack.tunnel }]);
  });

  it("an application, as long as its host name leads nowhere", async () => {
    expect((await orphans(["application"]))[0]?.usedBy).toContain(`DNS record ${HOST}`);
    const path = `/zones/${DEV_ZONE_ID}/dns_records/${stack.record}`;
    await account.api.write("delete", path, { action: "delete", object: "the record" });
    expect(brief(await orphans(["application", "record"]))).toEqual([
      { kind: "application", id: stack.application },
    ]);
  });
});

describe("the last use of a token", () => {
  const lastUse = async (token: string) => {
    const { apiUrl: baseUrl, tokens } = account.sandbox;
    const access = { accountId: account.api.accountId, token: tokens.admin, baseUrl };
    const found = await findOrphans(new AccountSnapshot(new AccountApi(access)), search(stateOf(stack)));
    return found.find(({ id }) => id === token)?.lastUsedAt;
  };

  it("is read from the logs of the logins, as far as the API token may", async () => {
    const token = await account.token();
    expect(await lastUse(token)).toBe("never");
    account.sandbox.store.noteTokenUse(token);
    account.sandbox.store.noteTokenUse(stack.token);
    expect(Date.parse((await lastUse(token)) ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect((await orphans())[0]).not.toHaveProperty("lastUsedAt");
  });

  it("is not known of a token that is older than the logs", async () => {
    const token = await account.token();
    const { serviceTokens } = account.sandbox.store;
    const made = serviceTokens.get(token);
    if (made) serviceTokens.put({ ...made, createdAt: "2026-01-01T00:00:00Z" });
    expect(await lastUse(token)).toBeUndefined();
  });
});

describe("what somebody uses stays", () => {
  it("a token and a policy that another application has", async () => {
    const token = await account.token();
    const policy = await account.tokenPolicy(token);
    await account.application("wiki", "wiki.datacrew.space", { policies: [policy], logins: [stack.login] });
    expect(brief(await orphans())).toEqual([
      { kind: "service token", id: token, usedBy: "application wiki" },
      { kind: "policy", id: policy, usedBy: "application wiki" },
    ]);
  });

  it("a token that a policy of the stack itself names", async () => {
    expect(brief(await orphans(["token"]))).toEqual([
      { kind: "service token", id: stack.token, usedBy: "application comfyui, policy comfyui-service-token" },
    ]);
  });

  it("a token where a policy lets every token in, unless a retry explains it", async () => {
    await account.api.write("post", account.api.below("access/policies"), {
      action: "make",
      object: "a policy",
      body: { name: "machines", decision: "non_identity", include: [{ any_valid_service_token: {} }] },
    });
    account.sandbox.store.advanceClock(3_600_000);
    const token = await account.token();
    expect(brief(await orphans())).toEqual([
      { kind: "service token", id: token, usedBy: "machines, which lets every service token in" },
    ]);
  });

  it("a login that an application names, or that one offers with all others", async () => {
    const login = await account.login();
    const options = { policies: [stack.people], logins: [] };
    await account.application("wiki", "wiki.datacrew.space", options);
    expect(brief(await orphans())).toEqual([
      { kind: "identity provider", id: login, usedBy: "application wiki, which offers every login" },
    ]);
  });

  it("a tunnel with a connected cloudflared, or with rules of others", async () => {
    await account.ingress(stack.tunnel, [
      { hostname: "wiki.datacrew.space", service: "http://localhost:1" },
      { service: "http_status:404" },
    ]);
    const [found] = await orphans(["tunnel"]);
    expect(found?.usedBy).toBe("rules for wiki.datacrew.space");
    await fetch(`${account.sandbox.url}/__sandbox__/tunnels/${stack.tunnel}/connectors`, { method: "POST" });
    expect((await orphans(["tunnel"]))[0]?.usedBy).toBe("a cloudflared that is connected");
  });

  it("a record that leads to something else, and an application of another name", async () => {
    const record = await account.record("old.datacrew.space", "", undefined, "elsewhere.example.org");
    expect((await orphans())[0]).toMatchObject({ id: record, usedBy: expect.stringContaining("no tunnel") });
    const path = account.api.below(`access/apps/${stack.application}`);
    const body = { ...(await account.api.read(path, "the application")), name: "theirs" };
    await account.api.write("put", path, { action: "write", object: "the application", body });
    const application = (await orphans(["application"])).find(({ kind }) => kind === "application");
    expect(application?.usedBy).toMatch(/theirs/);
  });
});

describe("a state that is not there", () => {
  it("makes nothing removable, but names everything", async () => {
    const found = await findOrphans(new AccountSnapshot(account.api), search([]));
    expect(found).toHaveLength(9);
    expect(new Set(found.map(({ hold }) => hold?.code))).toEqual(new Set(["state-empty"]));
  });

  it("is the same as a state of another account", async () => {
    const { record: _, ...rest } = stack;
    const found = await findOrphans(
      new AccountSnapshot(account.api),
      search(stateOf(rest, "f".repeat(32)), {}),
    );
    expect(found.every(({ hold }) => hold?.code === "state-empty")).toBe(true);
    expect(found.map(({ id }) => id)).toEqual([stack.record]);
  });
});

describe("what is not the stack's own", () => {
  it("is never an orphan: a login and a tunnel that are referred to by id", async () => {
    const shared = parseConfig({
      ...settings.config,
      google: { identityProviderId: stack.login },
      tunnel: { id: stack.tunnel },
    } as unknown as Record<string, unknown>);
    const { login, tunnel, ...known } = stack;
    const found = await findOrphans(new AccountSnapshot(account.api), {
      ...search(stateOf(known)),
      settings: { ...settings, config: shared },
    });
    expect([login, tunnel].filter((id) => found.some((orphan) => orphan.id === id))).toEqual([]);
    expect(found).toEqual([]);
  });

  it("is what waits to be deleted by the next up", async () => {
    const token = await account.token();
    expect(
      await findOrphans(
        new AccountSnapshot(account.api),
        search(stateOf(stack), { pendingDeletes: [token] }),
      ),
    ).toEqual([]);
  });
});
