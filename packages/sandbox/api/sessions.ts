import { z } from "zod";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register } from "./context";
import { accessInvalid, accessNotFound, ok } from "./envelope";

const DOCS = "zero_trust/subresources/";

// `devices` and `warp_session_reauth` are about WARP, which the sandbox does not play.
const revokeUserBody = z.strictObject({
  email: z.string().min(1),
  devices: z.boolean().optional(),
  user_uid: z.string().optional(),
  warp_session_reauth: z.boolean().optional(),
});

/** Ending sessions: a person's everywhere, or everybody's at one application. Service tokens are not touched. */
export const sessions: Register = (app, store) => {
  app.post(
    "/accounts/:account/access/organizations/revoke_user",
    guard(store, {
      permission: "Access: Organizations, Identity Providers, and Groups Write",
      docs: `${DOCS}organizations/methods/revoke_users`,
      access: true,
    }),
    async (c) => {
      const { email } = await readBody(c, revokeUserBody, accessInvalid);
      store.revocations.revokeUser(c.get("account").id, email, store.now());
      return ok(c, true);
    },
  );

  app.post(
    "/accounts/:account/access/apps/:id/revoke_tokens",
    guard(store, {
      permission: "Access: Apps and Policies Write",
      docs: `${DOCS}access/subresources/applications/methods/revoke_tokens`,
      access: true,
    }),
    (c) => {
      const application = store.applications.get(c.req.param("id") ?? "");
      if (application?.accountId !== c.get("account").id) throw accessNotFound("application");
      store.revocations.revokeApplication(application.id, store.now());
      return ok(c, {});
    },
  );
};
