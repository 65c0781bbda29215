import { ZeroTrustTunnelCloudflaredConfig } from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig.js";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../packages/base/errors";
import { TYPES } from "../packages/cloudflare/kinds";
import { COMPONENTS } from "./types";

/** One host name of the tunnel. */
export interface IngressRule {
  /** Public host name, fully qualified. */
  hostname: string;
  /** Origin as cloudflared reaches it, e.g. `http://localhost:8188`. */
  service: string;
  /** Audience tag of the Access application in front of it. */
  aud: pulumi.Input<string>;
}

/** Where a tunnel leads to. */
export interface TunnelIngressArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Zero Trust team whose JWTs the connector accepts. */
  teamName: string;
  /** Id of the tunnel. */
  tunnelId: pulumi.Input<string>;
  /** Whether others have rules on the same tunnel; theirs are then kept. */
  shared: boolean;
  /** The rules of this stack, without a catch-all. */
  rules: readonly IngressRule[];
  /** What answers for every other host name of an owned tunnel. Default: `http_status:404`. */
  catchAll?: string;
}

/**
 * The ingress rules of the stack's applications.
 *
 * Each rule has the connector itself check the Access JWT, so that the origin stays closed even where the
 * host name is reached past Access. On the rule, since cloudflared ignores that setting at the top level.
 * @throws UserError for a rule that would catch other hosts, a duplicate, or a catch-all that serves something
 */
export class TunnelIngress extends pulumi.ComponentResource {
  /** The object that holds the rules; what makes them public depends on it. */
  readonly configuration: pulumi.CustomResource;

  constructor(name: string, args: TunnelIngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super(COMPONENTS.ingress, name, {}, opts);
    checkRules(args.rules, catchAllOf(args));
    const child = { parent: this };
    this.configuration = args.shared
      ? new SharedTunnelIngress(name, sharedIngress(args), child)
      : new ZeroTrustTunnelCloudflaredConfig(name, ownedIngress(args), child);
    this.registerOutputs({});
  }
}

/** One rule as the API spells it. */
interface SharedIngressRule {
  hostname: string;
  service: string;
  originRequest: { access: { required: true; teamName: string; audTag: pulumi.Input<string>[] } };
}

/** What this stack adds to a tunnel that it shares. */
interface SharedTunnelIngressArgs {
  accountId: pulumi.Input<string>;
  tunnelId: pulumi.Input<string>;
  /** The rules of this stack only. */
  rules: SharedIngressRule[];
}

/**
 * This stack's rules in a shared tunnel's list, merged in by the project's own provider (`packages/provider/tunnel-ingress`):
 * the Cloudflare provider's resource replaces the whole list, and with it the host names of everybody else.
 */
class SharedTunnelIngress extends pulumi.CustomResource {
  constructor(name: string, args: SharedTunnelIngressArgs, opts?: pulumi.CustomResourceOptions) {
    super(TYPES.sharedIngress, name, { ...args }, opts);
  }
}

/** What {@link TunnelIngress} declares for a tunnel of the stack's own: the whole list, as the Cloudflare provider takes it. */
export function ownedIngress(args: TunnelIngressArgs) {
  const { accountId, rules, teamName, tunnelId } = args;
  const own = rules.map(({ hostname, service, aud }) => ({
    hostname,
    service,
    originRequest: { access: { required: true, teamName, audTags: [aud] } },
  }));
  return { accountId, tunnelId, config: { ingresses: [...own, { service: catchAllOf(args) }] } };
}

/** What {@link TunnelIngress} declares for a shared tunnel: the stack's rules alone. */
export function sharedIngress(args: TunnelIngressArgs): SharedTunnelIngressArgs {
  return { accountId: args.accountId, tunnelId: args.tunnelId, rules: ingressRules(args) };
}

/** The stack's rules, without a catch-all, as the API takes them. */
export function ingressRules({ rules, teamName }: TunnelIngressArgs): SharedIngressRule[] {
  return rules.map(({ hostname, service, aud }) => ({
    hostname,
    service,
    originRequest: { access: { required: true, teamName, audTag: [aud] } },
  }));
}

const catchAllOf = ({ catchAll = "http_status:404" }: TunnelIngressArgs): string => catchAll;

/**
 * Refuses a list that cloudflared or Access would take to mean something else.
 * @throws UserError naming the rule
 */
export function checkRules(rules: readonly IngressRule[], catchAll: string): void {
  if (!/^http_status:\d{3}$/.test(catchAll)) {
    throw new UserError(
      `the catch-all rule serves ${catchAll}`,
      "Let it answer with a status such as http_status:404; what it serves would be public.",
    );
  }
  const seen = new Set<string>();
  for (const { hostname } of rules) {
    if (hostname === "" || hostname.includes("*")) {
      throw new UserError(
        `ingress rule ${JSON.stringify(hostname)} catches other hosts too`,
        "Give each rule one host name.",
      );
    }
    if (seen.has(hostname)) {
      throw new UserError(
        `two ingress rules for ${hostname}`,
        "Keep one; only the first would ever be used.",
      );
    }
    seen.add(hostname);
  }
}
