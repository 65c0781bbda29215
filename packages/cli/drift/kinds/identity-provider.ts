import { loginCallback } from "../../../access/team-domain";
import { fieldsOf } from "../../../base/json-values";
import { TYPES } from "../../../cloudflare/kinds";
import { wireSpelling } from "../spelling";
import { ID, type Kind, TIMES, turnedOff } from "./kind";

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

/**
 * A login method of Access.
 * @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/identity_providers/
 */
export const identityProvider: Kind = {
  subject: "identity provider",
  type: TYPES.identityProvider,
  path: (account, { id }) => account.below(`access/identity_providers/${id}`),
  expected: (properties, { authDomain }) => {
    const wire = fieldsOf(wireSpelling(properties));
    const { client_secret: _, ...config } = fieldsOf(wire["config"]);
    const callback = loginCallback(authDomain);
    return { ...wire, config: { ...config, redirect_url: config["redirect_url"] ?? callback } };
  },
  shown: (live) => {
    // Never shown so far; should an answer hold it, it is no text for a report.
    const { client_secret: _, redirect_url, ...config } = fieldsOf(live["config"]);
    const { secret: __, ...scim } = fieldsOf(live["scim_config"]);
    return { ...live, config: { ...config, redirect_url }, scim_config: scim };
  },
  fields: { name: {}, type: {}, config: {}, scim_config: {}, read_only: {}, saml_certificate_set_id: {} },
  bookkeeping: {
    id: ID,
    uid: ID,
    version: "changes with every write",
    created_at: TIMES,
    updated_at: TIMES,
  },
  withheld: {
    "config.client_secret": "the API never shows it",
    "scim_config.secret": "the API shows it once",
  },
  writtenAt: "updated_at",
  opens(difference) {
    if (VOUCHES.has(difference.field)) return "somebody else now vouches for the addresses that log in";
    if (difference.field === "config.pkce_enabled" && turnedOff(difference)) {
      return "an intercepted login code can be used";
    }
    return undefined;
  },
};
