import type { Rule } from "../rule";
import { allJudged } from "./all-judged";
import { allowNamesPeople } from "./allow-names-people";
import { allowRequiresGoogleLogin } from "./allow-requires-google-login";
import { applicationHasPolicies } from "./application-has-policies";
import { destinationsAgree } from "./destinations-agree";
import { dnsProxied } from "./dns-proxied";
import { explicitPrecedence } from "./explicit-precedence";
import { hostnameCovered } from "./hostname-covered";
import { ingressCatchAll } from "./ingress-catch-all";
import { ingressRequiresAccess } from "./ingress-requires-access";
import { noAnyToken } from "./no-any-token";
import { noBypass } from "./no-bypass";
import { noEveryone } from "./no-everyone";
import { noPlainSecret } from "./no-plain-secret";
import { oneIdentityProvider } from "./one-identity-provider";
import { providerAddress } from "./provider-address";
import { secretReaders } from "./secret-readers";
import { serviceAtOrigin } from "./service-at-origin";
import { serviceAuthNamesTokens } from "./service-auth-names-tokens";
import { sessionDuration } from "./session-duration";
import { tokenDuration } from "./token-duration";
import { tokenOverlap } from "./token-overlap";
import { tokenProtected } from "./token-protected";
import { tokensOnlyInServiceAuth } from "./tokens-only-in-service-auth";

/** Every rule of the pack. */
export const RULES: readonly Rule[] = [
  noEveryone,
  noAnyToken,
  noBypass,
  allowNamesPeople,
  allowRequiresGoogleLogin,
  tokensOnlyInServiceAuth,
  serviceAuthNamesTokens,
  applicationHasPolicies,
  explicitPrecedence,
  sessionDuration,
  oneIdentityProvider,
  destinationsAgree,
  hostnameCovered,
  ingressRequiresAccess,
  ingressCatchAll,
  serviceAtOrigin,
  dnsProxied,
  tokenDuration,
  tokenOverlap,
  tokenProtected,
  noPlainSecret,
  secretReaders,
  providerAddress,
  allJudged,
];
