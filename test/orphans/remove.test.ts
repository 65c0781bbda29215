import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusePending } from "../../packages/cli/orphans/command";
import { findOrphans } from "../../packages/cli/orphans/find";
import type { OrphanSearch } from "../../packages/cli/orphans/orphan";
import { type Removal, removable, removeOrphans } from "../../packages/cli/orphans/remove";
import { renderOrphans, renderRemovals } from "../../packages/cli/orphans/render";
import { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { Account, type Stack, search, stateOf } from "./support";

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

async function remove(readSearch?: () => Promise<OrphanSearch>): Promise<Removal[]> {
  const state = search(stateOf(stack));
  const found = removable(await findOrphans(new AccountSnapshot(account.api), state));
  return removeOrphans(account.api, found, readSearch ?? (async () => state));
}

const outcomes = (removals: Removal[]) =>
  removals.map(({ orphan: { kind, name }, outcome }) => `${outcome} ${kind} ${name}`);

/** Every object of the account, as the sandbox keeps it. */
function everything(): string {
  const {
    policies,
    applications,
    identityProviders,
    serviceTokens,
    tunnels,
    dnsRecords,
    notificationPolicies,
  } = account.sandbox.store.snapshot();
  const all = [
    policies,
    applications,
    identityProviders,
    serviceTokens,
    tunnels,
    dnsRecords,
    notificationPolicies,
  ];
  return JSON.stringify(all);
}

/** Another one of everything that can be there twice. */
async function doubles(): Promise<void> {
  const login = await account.login();
  const token = await account.token();
  await account.tokenPolicy(token);
  await account.emailPolicy(login);
  await account.record("old.datacrew.space", stack.tunnel);
  await account.alert("comfyui-access-dev token-expiry", "expiring_service_token_alert");
}

describe("removing orphans", () => {
  it("takes each kind in an order that the API lets through, and nothing else", async () => {
    const before = everything();
    await doubles();
    expect(outcomes(await remove())).toEqual([
      "removed alert comfyui-access-dev token-expiry",
      "removed DNS record old.datacrew.space",
      "removed policy comfyui-service-token",
      "removed policy comfyui-google-email",
      "removed service token comfyui-api",
      "removed identity provider Google",
    ]);
    expect(everything()).toBe(before);
    expect(await findOrphans(new AccountSnapshot(account.api), search(stateOf(stack)))).toEqual([]);
  });

  it("goes on after a failure and names it", async () => {
    await doubles();
    const refused = {
      method: "DELETE",
      pathRegex: "/access/policies/",
      action: "status",
      status: 403,
    } as const;
    account.sandbox.faults.add(refused);
    const removals = await remove();
    expect(outcomes(removals).filter((line) => line.startsWith("failed"))).toEqual([
      "failed policy comfyui-service-token",
      // The policy that is still there names the token.
      "failed service token comfyui-api",
    ]);
    expect(renderRemovals(removals)).toMatch(
      /failed +policy .*could not remove policy comfyui-service-token .*HTTP 403/,
    );
    expect(outcomes(removals).filter((line) => line.startsWith("removed"))).toHaveLength(4);
  });

  it("keeps what the state has learnt of meanwhile", async () => {
    const token = await account.token();
    const removals = await remove(async () => search(stateOf({ ...stack, token })));
    expect(outcomes(removals)).toEqual(["kept service token comfyui-api"]);
    expect(account.sandbox.store.serviceTokens.get(token)).toBeDefined();
  });

  it("keeps what somebody has begun to use meanwhile", async () => {
    const token = await account.token();
    const state = search(stateOf(stack));
    const removals = await remove(async () => {
      await account.tokenPolicy(token, "theirs");
      return state;
    });
    expect(removals).toMatchObject([{ outcome: "kept", reason: "used by policy theirs" }]);
  });

  it("leaves alone what was renamed or removed meanwhile", async () => {
    const token = await account.token();
    const state = search(stateOf(stack));
    const path = account.api.below(`access/service_tokens/${token}`);
    const renamed = await remove(async () => {
      await account.api.write("put", path, { action: "rename", object: "it", body: { name: "another" } });
      return state;
    });
    expect(renamed).toMatchObject([{ outcome: "gone" }]);
    expect(account.sandbox.store.serviceTokens.get(token)?.name).toBe("another");
  });

  it("refuses everything without a state", async () => {
    const found = await findOrphans(new AccountSnapshot(account.api), search([]));
    expect(() => removable(found)).toThrow(/state is empty.*adopt/s);
  });

  it("refuses while an update is under way", () => {
    const pending = ["creating comfyui-api"];
    expect(() => refusePending("dev", { pending })).toThrow(/stack dev is under way.*creating comfyui-api/);
    expect(() => refusePending("dev", { pending: [] })).not.toThrow();
  });
});

describe("the table", () => {
  it("is aligned and says age, last use and why", () => {
    const now = new Date("2026-11-25T12:00:00Z");
    const orphans = [
      {
        code: "token-by-retry" as const,
        data: { name: "comfyui-api", gapMs: 3000 },
        severity: "warning" as const,
        where: "service token comfyui-api",
        kind: "service token" as const,
        id: "7d2c1f0e-0000-4000-8000-000000000001",
        name: "comfyui-api",
        createdAt: "2026-11-25T11:57:00Z",
        lastUsedAt: "never",
      },
      {
        code: "policy-by-name" as const,
        data: {},
        severity: "warning" as const,
        where: "policy comfyui-service-token",
        kind: "policy" as const,
        id: "7d2c1f0e-0000-4000-8000-000000000002",
        name: "comfyui-service-token",
        createdAt: "2026-09-01T00:00:00Z",
        hold: { code: "named" as const, data: { by: ["application wiki"] } },
      },
    ];
    expect(renderOrphans(orphans, "stack prod", now)).toMatchInlineSnapshot(`
      "stack prod: 2 objects that the stack's state does not know

        kind           name                   id                                    age    last use  why / used by
        service token  comfyui-api            7d2c1f0e-0000-4000-8000-000000000001  3 min  never     made 3 s before the comfyui-api in the state, as by a retry
        policy         comfyui-service-token  7d2c1f0e-0000-4000-8000-000000000002  85 d   -         used by application wiki

      Remove the 1 that nothing uses with: orphans --remove
      "
    `);
    expect(renderOrphans([], "stack prod", now)).toBe("stack prod: no orphans\n");
  });
});
