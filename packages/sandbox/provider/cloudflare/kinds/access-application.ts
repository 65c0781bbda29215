import {
  type Change,
  isMap,
  type PropertyMap,
  type PropertyValue,
  topLevel,
  unwrap,
} from "../../../../provider/host";
import { count, flag, listOf, object, text, texts } from "../../fields";
import type { ApiKindTable } from "../api-kind";
import { isObject, type Json, type JsonObject } from "../json";
import { connectionRules, mfaConfig, rules } from "./access-rules";

/** An Access application. SaaS applications and SCIM are not served. */
export const accessApplication: ApiKindTable = {
  type: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  collection: "/{scope}/access/apps",
  update: "put",
  importId: "accounts|zones/{scopeId}/{id}",
  fields: {
    accountId: text({ replace: true, inPath: true }),
    zoneId: text({ replace: true, inPath: true }),
    allowAuthenticateViaWarp: flag(),
    allowIframe: flag(),
    allowedIdps: texts(),
    appLauncherLogoUrl: text(),
    appLauncherVisible: flag({ default: true }),
    autoRedirectToIdentity: flag(),
    bgColor: text(),
    corsHeaders: object({
      allowAllHeaders: flag(),
      allowAllMethods: flag(),
      allowAllOrigins: flag(),
      allowCredentials: flag(),
      allowedHeaders: texts(),
      allowedMethods: texts(),
      allowedOrigins: texts(),
      maxAge: count(),
    }),
    customDenyMessage: text(),
    customDenyUrl: text(),
    customNonIdentityDenyUrl: text(),
    customPages: texts(),
    destinations: listOf(
      object({
        cidr: text(),
        hostname: text(),
        l4Protocol: text({ wire: "l4_protocol" }),
        mcpServerId: text(),
        portRange: text(),
        type: text({ default: "public" }),
        uri: text(),
        vnetId: text(),
        workerId: text(),
      }),
    ),
    domain: text({ setBy: "either", sentBack: true }),
    enableBindingCookie: flag(),
    footerLinks: listOf(object({ name: text({ required: true }), url: text({ required: true }) })),
    headerBgColor: text(),
    httpOnlyCookieAttribute: flag({ default: true }),
    landingPageDesign: object({
      buttonColor: text(),
      buttonTextColor: text(),
      imageUrl: text(),
      message: text(),
      title: text(),
    }),
    logoUrl: text(),
    mfaConfig,
    name: text(),
    optionsPreflightBypass: flag(),
    pathCookieAttribute: flag(),
    policies: listOf(
      object({
        connectionRules,
        decision: text(),
        excludes: rules("exclude"),
        id: text(),
        includes: rules("include"),
        mfaConfig,
        name: text(),
        precedence: count(),
        requires: rules("require"),
      }),
    ),
    readServiceTokensFromHeader: text(),
    sameSiteCookieAttribute: text(),
    selfHostedDomains: texts(undefined, { setBy: "either", sentBack: true }),
    serviceAuth401Redirect: flag({ wire: "service_auth_401_redirect" }),
    sessionDuration: text({ default: "24h" }),
    skipAppLauncherLoginPage: flag(),
    skipInterstitial: flag(),
    tags: texts(),
    type: text(),
    aud: text({ setBy: "server" }),
  },
  complete: withPrecedence,
  renewedBy: addresses,
  shown: (result, state) => ({ ...result, policies: references(result.policies, state.policies ?? null) }),
};

const ADDRESSES = ["destinations", "domain", "selfHostedDomains"];

/** Three ways to say where an application is: with one of them changed the server decides the others anew. */
function addresses(changes: Change[]): string[] {
  const moves = changes.some(({ path }) => ADDRESSES.includes(topLevel(path)));
  return moves ? ADDRESSES : [];
}

/** Where a policy names no precedence it is the previous one's plus one. */
function withPrecedence(plan: PropertyMap): PropertyMap {
  const policies = plan.policies === undefined ? undefined : unwrap(plan.policies);
  if (!Array.isArray(policies)) return plan;
  let previous = 0;
  const numbered = policies.map((policy) => {
    if (!isMap(policy)) return policy;
    const given = policy.precedence;
    previous = typeof given === "number" ? given : previous + 1;
    return { ...policy, precedence: given ?? previous };
  });
  return { ...plan, policies: numbered };
}

/** The API shows policies whole; state keeps a reference, unless the policy was declared within the application. */
function references(policies: Json | undefined, declared: PropertyValue): Json {
  if (!Array.isArray(policies)) return null;
  const before = unwrap(declared);
  return policies.map((policy, at): Json => {
    if (!isObject(policy) || policy.id === undefined) return policy;
    const mine = Array.isArray(before) ? unwrap(before[at] ?? null) : null;
    if (isMap(mine) && (mine.id ?? null) === null) return { ...policy, id: null };
    const reference: JsonObject = { id: policy.id };
    if (policy.precedence !== undefined) reference.precedence = policy.precedence;
    return reference;
  });
}
