import { guard } from "./auth";
import type { Register } from "./context";
import { page } from "./envelope";
import { knownQuery } from "./query";

const DOCS = "zero_trust/subresources/access/subresources/groups/methods/";
const PERMISSION = "Access: Organizations, Identity Providers, and Groups";

/** /accounts/{account}/access/groups: nothing here makes one, so that there are none. */
export const groups: Register = (app, store) => {
  app.get(
    "/accounts/:account/access/groups",
    guard(store, { permission: `${PERMISSION} Read`, docs: `${DOCS}list`, access: true }),
    (c) => {
      knownQuery(c, []);
      return page(c, [], 25);
    },
  );
};
