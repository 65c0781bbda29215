import { loginCallback } from "../../../access/team-domain";
import { fieldsOf } from "../../../base/json-values";
import { KINDS } from "../../../cloudflare/kinds";
import { compared, turnedOff } from "./kind";

/** Parts of a provider that say who vouches for an address; secrets and appearance aside. */
const VOUCHES = new Set([
  "type",
  "config.client_id",
  "config.auth_url",
  "config.token_url",
  "config.certs_url",
  "config.issuer_url",
  "config.sso_target_url",
  "config.idp_public_certs",
  "config.apps_domain",
  "config.directory_id",
  "config.okta_account",
  "config.authorization_server_id",
  "config.onelogin_account",
  "config.ping_env_id",
  "config.centrify_account",
  "config.centrify_app_id",
  "config.email_claim_name",
  "config.email_attribute_name",
]);

/** A login method of Access. */
export const identityProvider = compared(KINDS.identityProvider, {
  subject: "identity provider",
  expected: (wire, { authDomain }) => {
    const config = fieldsOf(wire["config"]);
    const callback = loginCallback(authDomain);
    return { ...wire, config: { ...config, redirect_url: config["redirect_url"] ?? callback } };
  },
  opens(difference) {
    if (VOUCHES.has(difference.field)) return "somebody else now vouches for the addresses that log in";
    if (difference.field === "config.pkce_enabled" && turnedOff(difference)) {
      return "an intercepted login code can be used";
    }
    return undefined;
  },
});
