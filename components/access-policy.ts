import { ZeroTrustAccessPolicy } from "@pulumi/cloudflare/zeroTrustAccessPolicy.js";
import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../packages/base/errors";

/** Who may log in with Google. */
export interface GoogleEmailPolicyArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Addresses of the people allowed; may be empty when `emailDomains` is not. */
  emails: readonly string[];
  /** Mail domains of which everybody is allowed; may be empty when `emails` is not. */
  emailDomains: readonly string[];
  /** The Google login that has to have been used: an address alone could also come from another provider. */
  identityProviderId: pulumi.Input<string>;
  /** How long a login lasts, as a Go duration. Always explicit: the API's default is not the application's. */
  sessionDuration: string;
}

/**
 * Allows listed people, after a Google login.
 * @throws UserError when nobody is listed
 */
export class GoogleEmailPolicy extends ZeroTrustAccessPolicy {
  constructor(name: string, args: GoogleEmailPolicyArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, googleEmailPolicy(name, args), opts);
  }
}

/** Which service tokens may pass. */
export interface ServiceTokenPolicyArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Ids (UUID, not client id) of the tokens; at least one. */
  tokenIds: readonly pulumi.Input<string>[];
  /** How long a session lasts, as a Go duration. */
  sessionDuration: string;
}

/**
 * Lets the named service tokens in, and only them, without a login ("Service Auth" in the dashboard).
 * @throws UserError when no token is named
 */
export class ServiceTokenPolicy extends ZeroTrustAccessPolicy {
  constructor(name: string, args: ServiceTokenPolicyArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, serviceTokenPolicy(name, args), opts);
  }
}

/**
 * What {@link GoogleEmailPolicy} declares.
 * @throws UserError when nobody is listed
 */
export function googleEmailPolicy(name: string, args: GoogleEmailPolicyArgs) {
  return {
    accountId: args.accountId,
    name,
    decision: "allow",
    includes: emailRules(name, args.emails, args.emailDomains),
    requires: [{ loginMethod: { id: args.identityProviderId } }],
    sessionDuration: args.sessionDuration,
  };
}

/**
 * What {@link ServiceTokenPolicy} declares.
 * @throws UserError when no token is named
 */
export function serviceTokenPolicy(name: string, args: ServiceTokenPolicyArgs) {
  return {
    accountId: args.accountId,
    name,
    // Under any other decision Access would ask an API client for a login.
    decision: "non_identity",
    includes: tokenRules(name, args.tokenIds),
    sessionDuration: args.sessionDuration,
  };
}

/**
 * The include rules for addresses and domains, one key per rule; any one of them is enough.
 * @throws UserError when both lists are empty
 */
export function emailRules(policy: string, emails: readonly string[], emailDomains: readonly string[]) {
  if (emails.length + emailDomains.length === 0) {
    throw new UserError(`policy ${policy} allows nobody`, "Name at least one e-mail address or mail domain.");
  }
  return [
    ...emails.map((email) => ({ email: { email } })),
    ...emailDomains.map((domain) => ({ emailDomain: { domain } })),
  ];
}

/**
 * The include rules for tokens, each by its id.
 * @throws UserError when there is none
 */
export function tokenRules(policy: string, tokenIds: readonly pulumi.Input<string>[]) {
  if (tokenIds.length === 0) {
    throw new UserError(`policy ${policy} names no service token`, "Name at least one service token.");
  }
  return tokenIds.map((tokenId) => ({ serviceToken: { tokenId } }));
}
