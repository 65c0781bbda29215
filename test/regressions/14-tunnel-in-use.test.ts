import { afterAll, beforeAll, expect, test } from "vitest";
import { ProblemsError } from "../../packages/base/problems";
import { findOrphans } from "../../packages/cli/orphans/find";
import { AccountApi, type Wire } from "../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { leftBehind } from "../../packages/cloudflare/left-behind";
import { Account, search, stateOf } from "../orphans/support";

let account: Account;

beforeAll(async () => {
  account = await Account.open();
});
afterAll(() => account.sandbox.close());

/** What Cloudflare's API says since October 2026, and what more of it may be missing. */
class LaterApi extends AccountApi {
  left: readonly string[] = ["connections"];

  override async list(path: string, object: string): Promise<Wire[]> {
    const found = await super.list(path, object);
    if (object !== "the tunnels") return found;
    return found.map((tunnel) =>
      Object.fromEntries(Object.entries(tunnel).filter(([name]) => !this.left.includes(name))),
    );
  }
}

function later(): LaterApi {
  const { sandbox, api } = account;
  return new LaterApi({ accountId: api.accountId, token: sandbox.tokens.up, baseUrl: sandbox.apiUrl });
}

test("14: a connected tunnel is held also when the API leaves its connections out", async () => {
  const { tunnel, record: _, ...known } = await account.stack();
  await fetch(`${account.sandbox.url}/__sandbox__/tunnels/${tunnel}/connectors`, { method: "POST" });
  const api = later();
  for (const left of [["connections"], ["connections", "conns_active_at"], ["connections", "status"]]) {
    api.left = left;
    const found = (await findOrphans(new AccountSnapshot(api), search(stateOf(known)))).find(
      ({ id }) => id === tunnel,
    );
    expect(found?.hold?.code, left.join()).toBe("connected");
  }
  // By what remains the list of connectors alone is asked.
  api.left = ["connections", "status", "conns_active_at", "conns_inactive_at"];
  const found = (await findOrphans(new AccountSnapshot(api), search(stateOf(known)))).find(
    ({ id }) => id === tunnel,
  );
  expect(found?.hold?.code).toBe("connected");
});

test("14: a tunnel of which the API does not say that nobody ran it is not taken over", async () => {
  const accountId = "account-1";
  const application = { name: "comfyui", hostname: "comfyui.datacrew.space" };
  const take = (tunnel: object) =>
    leftBehind(
      {
        accountId,
        zoneId: "zone-1",
        applications: [application],
        tunnel: { name: "comfyui-dev" },
        adopted: [],
        seen: {
          applications: [],
          records: [],
          tunnel: { tunnel: { id: "t", name: "comfyui-dev", ...tunnel }, rules: [] },
        },
      },
      async () => [],
    );
  expect((await take({ status: "inactive" })).tunnel).toBe(`${accountId}/t`);
  for (const tunnel of [{ status: "healthy" }, { status: "degraded" }, { status: "down" }, {}]) {
    await expect(take(tunnel), JSON.stringify(tunnel)).rejects.toThrow(ProblemsError);
  }
});

test("14: the sandbox leaves a tunnel's connections out, unless it is set to show them", async () => {
  const id = await account.tunnel("another");
  const shown = async () => Object.keys((await new AccountSnapshot(account.api).tunnel(id)) ?? {});
  expect(await shown()).not.toContain("connections");
  account.sandbox.store.settings.tunnelConnections = "shown";
  expect(await shown()).toContain("connections");
});
