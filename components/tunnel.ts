import { ZeroTrustTunnelCloudflared } from "@pulumi/cloudflare/zeroTrustTunnelCloudflared.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomBytes } from "@pulumi/random/randomBytes.js";
import type { TunnelConfig } from "../config/stack-config";
import { COMPONENTS } from "./types";

/** Which tunnel leads to the origin. */
export interface TunnelArgs {
  /** Account id. */
  accountId: string;
  /** Id of a shared tunnel, which stays as it is, or name of one to create and own. */
  tunnel: TunnelConfig;
  /**
   * `<account id>/<tunnel id>` of the one to own, when an interrupted run of the stack made it already. Its secret
   * cannot be read, so the next run after this one sets it. Default: a new one is made.
   */
  importId?: string;
  /** Refuse to delete a tunnel of the stack's own: other stacks may have rules on it. Default: false. */
  protect?: boolean;
}

/** The tunnel through which cloudflared reaches the origin: one that exists, or one that the stack owns. */
export class Tunnel extends pulumi.ComponentResource {
  /** Id of the tunnel. */
  readonly tunnelId: pulumi.Output<string>;
  /** What `cloudflared tunnel run --token` takes (secret); only for an owned tunnel. */
  readonly connectorToken?: pulumi.Output<string>;

  constructor(name: string, args: TunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    super(COMPONENTS.tunnel, name, {}, opts);
    const { accountId, importId, protect, tunnel } = args;
    if (tunnel.name === undefined) {
      this.tunnelId = pulumi.output(tunnel.id);
    } else {
      // Made here rather than by the API, so that the connector token is known without asking for it:
      // reading it back needs the permission to edit tunnels, which a preview should not have.
      const secret = new RandomBytes(tunnelSecretName(name), TUNNEL_SECRET, { parent: this }).base64;
      const owned = new ZeroTrustTunnelCloudflared(
        name,
        ownedTunnel(accountId, tunnel.name, pulumi.secret(secret)),
        {
          parent: this,
          protect,
          import: importId,
          ignoreChanges: importId === undefined ? [] : ["tunnelSecret"],
        },
      );
      this.tunnelId = owned.id;
      this.connectorToken = pulumi.secret(
        pulumi.all([owned.id, secret]).apply(([id, value]) => connectorToken(accountId, id, value)),
      );
    }
    this.registerOutputs({ tunnelId: this.tunnelId, connectorToken: this.connectorToken });
  }
}

/** The secret that {@link Tunnel} makes for a tunnel of the stack's own. */
export const TUNNEL_SECRET = { length: 32 };

/** Name of the resource that is that secret. */
export const tunnelSecretName = (tunnel: string): string => `${tunnel}-secret`;

/** What {@link Tunnel} declares where it makes one. */
export function ownedTunnel<Secret>(accountId: string, name: string, tunnelSecret: Secret) {
  return { accountId, name, configSrc: "cloudflare", tunnelSecret };
}

/**
 * The token that a connector starts with: account, tunnel and secret, as base64 of JSON.
 * @param secret the tunnel's secret in base64
 */
export function connectorToken(accountId: string, tunnelId: string, secret: string): string {
  return Buffer.from(JSON.stringify({ a: accountId, t: tunnelId, s: secret })).toString("base64");
}
