import {
  all,
  bookkeeping,
  DELIVERS,
  type Fields,
  given,
  judged,
  type Kind,
  NOTHING,
  nothing,
  TIMES,
  unjudged,
  withheld,
} from "./field";
import { TYPES } from "./types";

const FIELDS: Fields = {
  ...given("accountId", "zoneId"),
  ...nothing("name"),
  ...all(DELIVERS, "readOnly", "samlCertificateSetId"),
  ...bookkeeping("the certificates of the set that is named beside it", "samlCertificateSet"),
  // Who vouches: another type is another login.
  type: judged("access"),
  config: judged("credentials", {
    // Which client of the vendor's asks: the vendor vouches for the same people.
    clientSecret: withheld("the API never shows it"),
    ...nothing("clientId", "redirectUrl", "prompt", "maxSsoUrlLength", "useLoginHint"),
    ...all(
      unjudged("credentials"),
      "appsDomain",
      "attributes",
      "authUrl",
      "authorizationServerId",
      "centrifyAccount",
      "centrifyAppId",
      "certsUrl",
      "claims",
      "conditionalAccessEnabled",
      "directoryId",
      "emailAttributeName",
      "emailClaimName",
      "enableEncryption",
      "forceAuthn",
      "headerAttributes",
      "idpPublicCerts",
      "issuerUrl",
      "oktaAccount",
      "oneloginAccount",
      "pingEnvId",
      "pkceEnabled",
      "restrictToAccountMembers",
      "scopes",
      "signRequest",
      "ssoTargetUrl",
      "supportGroups",
      "tokenUrl",
    ),
  }),
  scimConfig: judged("credentials", {
    scimBaseUrl: NOTHING,
    secret: withheld("the API shows it once"),
    ...all(
      unjudged("credentials"),
      "enabled",
      "identityUpdateBehavior",
      "seatDeprovision",
      "userDeprovision",
    ),
  }),
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/identity_providers/ */
export const identityProvider = {
  types: [TYPES.identityProvider, "cloudflare:index/accessIdentityProvider:AccessIdentityProvider"],
  path: "/accounts/{accountId}/access/identity_providers/{id}",
  writtenAt: "updated_at",
  fields: FIELDS,
  onlyInApi: {
    ...given("id", "uid"),
    ...bookkeeping("changes with every write", "version"),
    ...bookkeeping(TIMES, "created_at", "updated_at"),
  },
} as const satisfies Kind;
