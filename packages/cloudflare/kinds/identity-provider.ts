import {
  all,
  bookkeeping,
  DELIVERS,
  type Field,
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
import { changed, opening, turnedOff } from "./opens";
import { TYPES } from "./types";

/** Says who vouches for an address. */
const vouching = (field: Field): Field =>
  opening(field, changed, "somebody else now vouches for the addresses that log in");

const FIELDS: Fields = {
  ...given("accountId", "zoneId"),
  ...nothing("name"),
  ...all(DELIVERS, "readOnly", "samlCertificateSetId"),
  ...bookkeeping("the certificates of the set that is named beside it", "samlCertificateSet"),
  // Who vouches: another type is another login.
  type: vouching(judged("access")),
  config: judged("credentials", {
    // Which client of the vendor's asks: the vendor vouches for the same people.
    clientSecret: withheld("the API never shows it"),
    clientId: vouching(NOTHING),
    ...nothing("redirectUrl", "prompt", "maxSsoUrlLength", "useLoginHint"),
    ...all(
      vouching(unjudged("credentials")),
      "appsDomain",
      "authUrl",
      "authorizationServerId",
      "centrifyAccount",
      "centrifyAppId",
      "certsUrl",
      "directoryId",
      "emailAttributeName",
      "emailClaimName",
      "idpPublicCerts",
      "issuerUrl",
      "oktaAccount",
      "oneloginAccount",
      "pingEnvId",
      "ssoTargetUrl",
      "tokenUrl",
    ),
    pkceEnabled: opening(unjudged("credentials"), turnedOff, "an intercepted login code can be used"),
    ...all(
      unjudged("credentials"),
      "attributes",
      "claims",
      "conditionalAccessEnabled",
      "enableEncryption",
      "forceAuthn",
      "headerAttributes",
      "restrictToAccountMembers",
      "scopes",
      "signRequest",
      "supportGroups",
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
