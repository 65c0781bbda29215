import { loginCallback } from "../../../access/team-domain";
import { fieldsOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import { compared } from "./kind";

/** A login method of Access. */
export const identityProvider = compared(KINDS.identityProvider, {
  subject: "identity provider",
  expected: (wire, { authDomain }) => {
    const config = fieldsOf(wire["config"]);
    const callback = loginCallback(authDomain);
    return { ...wire, config: { ...config, redirect_url: config["redirect_url"] ?? callback } };
  },
});
