import { ZeroTrustAccessIdentityProvider } from "@pulumi/cloudflare/zeroTrustAccessIdentityProvider.js";
import * as pulumi from "@pulumi/pulumi";
import type { GoogleConfig } from "../config/stack-config";
import { loginCallback, teamDomain, teamOrigin } from "../packages/access/team-domain";
import { COMPONENTS } from "./types";

/** How the login is called, and of which kind it is. */
export const GOOGLE_LOGIN = { name: "Google", type: "google" } as const;

/** What a Google login is made of. */
export interface GoogleIdentityProviderArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Zero Trust team, the `<team>` of `<team>.cloudflareaccess.com`. */
  teamName: string;
  /** The OAuth client to create the provider with, or the id of a provider that exists and stays as it is. */
  google: GoogleConfig<pulumi.Input<string>>;
  /** Refuse to delete a login of the stack's own: other stacks may offer it. Default: false. */
  protect?: boolean;
}

/**
 * The Google login of the account's Access applications.
 *
 * It lets every Google account authenticate; who gets in is decided by the policies alone.
 * https://developers.cloudflare.com/cloudflare-one/integrations/identity-providers/google/
 */
export class GoogleIdentityProvider extends pulumi.ComponentResource {
  /** Id of the identity provider. */
  readonly providerId: pulumi.Output<string>;
  /** What the OAuth client has to list as redirect URI. */
  readonly redirectUri: string;
  /** What the OAuth client has to list as JavaScript origin. */
  readonly javascriptOrigin: string;

  constructor(name: string, args: GoogleIdentityProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    // The args of a component are saved in its state; the client secret has no business there.
    super(COMPONENTS.login, name, {}, opts);
    const { google } = args;
    this.javascriptOrigin = teamOrigin(args.teamName);
    this.redirectUri = loginCallback(teamDomain(args.teamName));
    this.providerId =
      google.identityProviderId === undefined
        ? new ZeroTrustAccessIdentityProvider(
            name,
            googleLogin(args.accountId, google.clientId, pulumi.secret(google.clientSecret)),
            { parent: this, protect: args.protect },
          ).id
        : pulumi.output(google.identityProviderId);
    this.registerOutputs({ providerId: this.providerId });
  }
}

/** What {@link GoogleIdentityProvider} declares where it makes one. */
export function googleLogin<Secret>(accountId: pulumi.Input<string>, clientId: string, clientSecret: Secret) {
  return { accountId, ...GOOGLE_LOGIN, config: { clientId, clientSecret } };
}
