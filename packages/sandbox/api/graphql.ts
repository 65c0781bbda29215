import type { Context } from "hono";
import type { TokenUse } from "../account/entities";
import type { Store } from "../account/store";
import { hasPermission } from "./auth";
import { readJson } from "./body";
import type { Register, SandboxEnv } from "./context";

/**
 * /graphql: of the analytics only the logins with service tokens, newest first, and of the language only the
 * filters by time and token. As the vendor does, it answers 200 with `errors` to what it will not do.
 * https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-access-login-events/
 */
export const graphql: Register = (app, store) => {
  app.post("/graphql", async (c) => {
    const { query } = ((await readJson(c)) ?? {}) as { query?: unknown };
    const text = typeof query === "string" ? query : "";
    if (!text.includes("accessLoginRequestsAdaptiveGroups")) return refusal(c, "unknown field");
    const accountId = argument(text, "accountTag");
    const token = c.get("token");
    if (token === undefined || !hasPermission(token, "Account Analytics Read", { accountId })) {
      return refusal(c, "not authorized for that account");
    }
    const groups = uses(store, accountId, text).map(({ at }) => ({ dimensions: { datetime: at } }));
    const accounts = [{ accessLoginRequestsAdaptiveGroups: groups }];
    return c.json({ data: { viewer: { accounts } }, errors: null });
  });
};

function uses(store: Store, accountId: string, query: string): TokenUse[] {
  const ids = /serviceTokenId_in: (\[[^\]]*\])/.exec(query)?.[1];
  const wanted = ids === undefined ? [] : (JSON.parse(ids) as string[]);
  const since = Date.parse(argument(query, "datetime_geq"));
  const until = Date.parse(argument(query, "datetime_leq"));
  const limit = Number(/limit: (\d+)/.exec(query)?.[1] ?? 100);
  return store.tokenUses
    .filter(({ tokenId, at }) => {
      const isOfAccount = store.serviceTokens.get(tokenId)?.accountId === accountId;
      return isOfAccount && wanted.includes(tokenId) && Date.parse(at) >= since && Date.parse(at) <= until;
    })
    .toReversed()
    .slice(0, limit);
}

function argument(query: string, name: string): string {
  return new RegExp(`${name}: "([^"]*)"`).exec(query)?.[1] ?? "";
}

function refusal(c: Context<SandboxEnv>, message: string): Response {
  return c.json({ data: null, errors: [{ message, path: null, extensions: { timestamp: "" } }] });
}
