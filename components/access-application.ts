import { ZeroTrustAccessApplication } from "@pulumi/cloudflare/zeroTrustAccessApplication.js";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../packages/base/errors";
import { type LeftApplication, REPLACEMENT } from "../packages/cloudflare/left-behind";
import {
  GoogleEmailPolicy,
  type GoogleEmailPolicyArgs,
  ServiceTokenPolicy,
  type ServiceTokenPolicyArgs,
} from "./access-policy";
import { COMPONENTS } from "./types";

/** What is protected, and for whom. */
export interface AccessApplicationArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Public host name, fully qualified. */
  hostname: string;
  /** The only login that the application offers. */
  identityProviderId: pulumi.Input<string>;
  /** People who may log in; both lists may be empty when there are tokens. */
  allow: { emails: readonly string[]; emailDomains: readonly string[] };
  /** Ids of the service tokens that may pass; may be empty when somebody is allowed. */
  tokenIds: readonly pulumi.Input<string>[];
  /** How long a login lasts, as a Go duration. */
  sessionDuration: string;
  /**
   * One that an interrupted run of the stack made: it is taken into the state, if it is what is declared here; its
   * `importId` is `accounts/<account id>/<application id>`. Default: a new one is made.
   */
  leftBehind?: LeftApplication;
}

/**
 * An Access application in front of one host name, with its policies.
 *
 * Policies are reusable objects of their own and come first: an application without any would either lock
 * everybody out or, after the last one is detached, keep nobody out of what it was meant to guard.
 * @throws UserError when nobody is allowed and no token is named
 */
export class AccessApplication extends pulumi.ComponentResource {
  /** Id of the application. */
  readonly applicationId: pulumi.Output<string>;
  /** Audience tag that its JWTs carry; it changes only when the application is recreated. */
  readonly aud: pulumi.Output<string>;

  constructor(name: string, args: AccessApplicationArgs, opts?: pulumi.ComponentResourceOptions) {
    super(COMPONENTS.application, name, {}, opts);
    const child = { parent: this };
    const policies = applicationPolicies(name, args).map((policy) =>
      policy.people === undefined
        ? new ServiceTokenPolicy(policy.name, policy.tokens, child)
        : new GoogleEmailPolicy(policy.name, policy.people, child),
    );
    const { importId, replaces = false } = args.leftBehind ?? {};
    const replacement = `${name}${REPLACEMENT}`;
    const application = new ZeroTrustAccessApplication(
      replaces ? replacement : name,
      accessApplication(name, args, policies),
      // A hostname belongs to one application at a time: a new one beside the old is refused. Meanwhile the
      // ingress rule asks for a JWT of an application that no longer exists, so nobody passes the tunnel.
      {
        ...child,
        deleteBeforeReplace: true,
        import: importId,
        aliases: replaces ? [] : [{ name: replacement }],
        // The provider does not read these on an import; whoever gives `importId` has compared them.
        ignoreChanges: importId === undefined ? [] : UNREAD_ON_IMPORT,
      },
    );
    this.applicationId = application.id;
    this.aud = application.aud;
    this.registerOutputs({ applicationId: this.applicationId, aud: this.aud });
  }
}

// https://github.com/cloudflare/terraform-provider-cloudflare/blob/v5.19.1/internal/services/zero_trust_access_application/resource_test.go
const UNREAD_ON_IMPORT = ["destinations", "enableBindingCookie", "optionsPreflightBypass"];

interface ZeroTrustPolicy {
  readonly id: pulumi.Input<string>;
}

/** A policy of an application: for people, or for tokens. */
type ApplicationPolicy = { name: string } & (
  | { people: GoogleEmailPolicyArgs; tokens?: undefined }
  | { tokens: ServiceTokenPolicyArgs; people?: undefined }
);

/** Names of an application's policies: the one for people, and the one for tokens. */
export function policyNames(application: string) {
  return { people: `${application}-google-email`, tokens: `${application}-service-token` };
}

/** The policies that {@link AccessApplication} declares, in their order. */
export function applicationPolicies(name: string, args: AccessApplicationArgs): ApplicationPolicy[] {
  const { accountId, allow, identityProviderId, sessionDuration, tokenIds } = args;
  const names = policyNames(name);
  const policies: ApplicationPolicy[] = [];
  if (allow.emails.length + allow.emailDomains.length > 0) {
    const people = { accountId, ...allow, identityProviderId, sessionDuration };
    policies.push({ name: names.people, people });
  }
  if (tokenIds.length > 0) {
    policies.push({ name: names.tokens, tokens: { accountId, tokenIds, sessionDuration } });
  }
  return policies;
}

/**
 * What {@link AccessApplication} declares besides its policies.
 * @throws UserError when there is no policy
 */
export function accessApplication(
  name: string,
  args: AccessApplicationArgs,
  policies: readonly ZeroTrustPolicy[],
) {
  return {
    accountId: args.accountId,
    name,
    type: "self_hosted",
    // Neither `domain` nor `selfHostedDomains`: the API moves all three together and this one wins.
    destinations: [{ type: "public", uri: args.hostname }],
    policies: precedence(name, policies),
    allowedIdps: [args.identityProviderId],
    autoRedirectToIdentity: true,
    sessionDuration: args.sessionDuration,
    appLauncherVisible: true,
    httpOnlyCookieAttribute: true,
    // Not `strict`: the way back from the login is a cross-site navigation, which it would loop.
    sameSiteCookieAttribute: "lax",
    // API clients and WebSockets cannot carry a binding cookie.
    enableBindingCookie: false,
    // Lets API clients see a refusal instead of the login page's 302.
    serviceAuth401Redirect: true,
    optionsPreflightBypass: false,
  };
}

/**
 * References to policies in the order given, numbered from 1. Explicit, because the provider would number
 * them by position only and an empty list detaches every policy without a word.
 * @throws UserError when there is none
 */
export function precedence(application: string, policies: readonly ZeroTrustPolicy[]) {
  if (policies.length === 0) {
    throw new UserError(
      `application ${application} has no policy`,
      "Allow an e-mail address or a mail domain, or name a service token.",
    );
  }
  return policies.map(({ id }, index) => ({ id, precedence: index + 1 }));
}
