import { ZeroTrustAccessServiceToken } from "@pulumi/cloudflare/zeroTrustAccessServiceToken.js";
import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../packages/base/errors";

/** What a service token is made of. */
export interface ServiceTokenArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** How long it lives, as a Go duration or `forever`. */
  duration: string;
  /** Rotation counter, 1 for a token that was never rotated. */
  version: number;
  /** Until when the secret before the last rotation is accepted (RFC 3339); exactly when `version` is above 1. */
  previousExpiresAt?: string;
  /**
   * Refuse to delete the token, and leave it in the account when the stack goes: its clients live longer
   * than the stack, and a token made anew has another id and secret.
   */
  protect: boolean;
}

/**
 * A token with which API clients pass Access. Id and secret are known to the stack only from the creation or
 * a rotation on; the API never shows the secret again.
 * @throws UserError when version and previousExpiresAt do not belong together
 */
export class ServiceToken extends ZeroTrustAccessServiceToken {
  constructor(name: string, args: ServiceTokenArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, serviceToken(name, args), { ...opts, protect: args.protect, retainOnDelete: args.protect });
  }
}

/**
 * What {@link ServiceToken} declares.
 * @throws UserError when version and previousExpiresAt do not belong together
 */
export function serviceToken(name: string, args: Omit<ServiceTokenArgs, "protect">) {
  return { accountId: args.accountId, name, duration: args.duration, ...rotation(name, args) };
}

/**
 * The two inputs that rotate a token: both or neither, as the provider refuses one alone, also for version 1.
 * @throws UserError when only one of them says that the token was rotated
 */
export function rotation(
  token: string,
  { version, previousExpiresAt }: Pick<ServiceTokenArgs, "version" | "previousExpiresAt">,
): { clientSecretVersion?: number; previousClientSecretExpiresAt?: string } {
  if (version > 1 !== (previousExpiresAt !== undefined)) {
    throw new UserError(
      `service token ${token}: version ${version} ${previousExpiresAt === undefined ? "without" : "with"} previousExpiresAt`,
      "Raise version and set previousExpiresAt in the same step, and keep both.",
    );
  }
  return previousExpiresAt === undefined
    ? {}
    : { clientSecretVersion: version, previousClientSecretExpiresAt: previousExpiresAt };
}
