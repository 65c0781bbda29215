import {
  all,
  DELIVERS,
  type Fields,
  given,
  judged,
  type Kind,
  known,
  NOTHING,
  nothing,
  OLD_TIMES,
  unjudged,
} from "./field";
import { given as nowGiven, opening, turnedOff, turnedOn } from "./opens";
import { MFA_CONFIG, RULES } from "./policy";
import { TYPES } from "./types";

/** From the one that sends the cookie most freely. */
const SAME_SITE = ["", "none", "lax", "strict"];

function isLessStrict(before: unknown, after: unknown): boolean {
  return SAME_SITE.indexOf(String(after ?? "")) < SAME_SITE.indexOf(String(before ?? ""));
}

const FIELDS: Fields = {
  ...given("accountId", "zoneId"),
  ...nothing("name", "tags"),
  ...OLD_TIMES,
  type: unjudged("access", "self_hosted"),
  aud: { ...judged("access"), readHidden: true },
  destinations: known(
    judged("access", {
      type: unjudged("access", "public"),
      uri: judged("access"),
      ...all(
        unjudged("access"),
        "cidr",
        "hostname",
        "l4Protocol",
        "mcpServerId",
        "portRange",
        "vnetId",
        "workerId",
      ),
    }),
  ),
  domain: judged("access"),
  selfHostedDomains: { ...judged("access"), notAlwaysShown: true },
  policies: known(
    judged("access", {
      ...nothing("name"),
      id: judged("access"),
      precedence: judged("access"),
      decision: judged("access"),
      ...RULES,
      connectionRules: unjudged("access"),
      mfaConfig: unjudged("credentials"),
    }),
  ),
  allowedIdps: known(judged("access")),
  // With one login it saves the page that asks which.
  autoRedirectToIdentity: NOTHING,
  allowAuthenticateViaWarp: opening(
    unjudged("access"),
    turnedOn,
    "a device's WARP session passes for a login",
  ),
  optionsPreflightBypass: known(judged("access")),
  readServiceTokensFromHeader: unjudged("credentials"),
  serviceAuth401Redirect: { ...NOTHING, api: "service_auth_401_redirect" },
  skipInterstitial: NOTHING,
  corsHeaders: known(
    judged("credentials", {
      allowAllOrigins: judged("credentials"),
      allowedOrigins: judged("credentials"),
      // Of a page that may call at all; what it may send and read then.
      ...all(
        unjudged("credentials"),
        "allowAllHeaders",
        "allowAllMethods",
        "allowedHeaders",
        "allowedMethods",
      ),
      allowCredentials: opening(
        unjudged("credentials"),
        turnedOn,
        "pages of other origins call it in a visitor's name",
      ),
      maxAge: NOTHING,
    }),
  ),
  sessionDuration: { ...known(judged("credentials")), default: "24h" },
  mfaConfig: MFA_CONFIG,
  enableBindingCookie: opening(
    unjudged("credentials"),
    turnedOff,
    "a stolen session cookie works in another browser",
  ),
  httpOnlyCookieAttribute: opening(
    { ...unjudged("credentials", true), default: true },
    turnedOff,
    "scripts in its pages can read the session cookie",
  ),
  pathCookieAttribute: unjudged("credentials"),
  sameSiteCookieAttribute: opening(
    unjudged("credentials", "lax"),
    isLessStrict,
    "requests from other sites carry the session cookie",
  ),
  oauthConfiguration: opening(unjudged("access"), nowGiven, "other programs may get tokens for it by OAuth"),
  saasApp: unjudged("access"),
  scimConfig: unjudged("access"),
  targetCriterias: unjudged("access"),
  // How it looks, and what somebody sees who is refused all the same.
  allowIframe: opening(DELIVERS, turnedOn, "pages of other sites may frame it"),
  appLauncherVisible: { ...NOTHING, default: true },
  ...nothing(
    "appLauncherLogoUrl",
    "bgColor",
    "customDenyMessage",
    "customDenyUrl",
    "customNonIdentityDenyUrl",
    "customPages",
    "footerLinks",
    "headerBgColor",
    "landingPageDesign",
    "logoUrl",
    "skipAppLauncherLoginPage",
  ),
};

/** @see https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/applications/ */
export const application = {
  types: [TYPES.application, "cloudflare:index/accessApplication:AccessApplication"],
  path: "/accounts/{accountId}/access/apps/{id}",
  writtenAt: "updated_at",
  fields: FIELDS,
  onlyInApi: {
    ...given("id", "uid"),
    eager_redirect_cookie_setting: { ...unjudged("credentials"), default: true },
    use_clientless_isolation_app_launcher_url: DELIVERS,
  },
} as const satisfies Kind;
