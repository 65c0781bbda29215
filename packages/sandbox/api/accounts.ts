import type { Account } from "../account/entities";
import { guard, reachesResource } from "./auth";
import type { Register } from "./context";
import { ok, page } from "./envelope";
import { knownQuery } from "./query";

/** GET /accounts, /accounts/{id}. */
export const accounts: Register = (app, store) => {
  app.get("/accounts", guard(store, { docs: "accounts/methods/list" }), (c) => {
    knownQuery(c, ["name", "direction"]);
    const token = c.get("token");
    const name = c.req.query("name");
    const visible = store.accounts.where(
      (account) =>
        token !== undefined &&
        reachesResource(token, { accountId: account.id }) &&
        (name === undefined || account.name === name),
    );
    return page(c, visible.map(render), 20);
  });

  app.get(
    "/accounts/:account",
    guard(store, { permission: "Account Settings Read", docs: "accounts/methods/get" }),
    (c) => ok(c, render(c.get("account"))),
  );
};

const render = (account: Account) => ({
  id: account.id,
  name: account.name,
  type: account.type,
  settings: { enforce_twofactor: false, abuse_contact_email: null },
  created_on: account.createdAt,
});
