import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import * as pulumi from "@pulumi/pulumi";
import { tunnelHost } from "../packages/access/tunnel-host";
import { UserError } from "../packages/base/errors";

/** Which name leads to which tunnel. */
export interface DnsRouteArgs {
  /** Id of the zone that holds the name. */
  zoneId: pulumi.Input<string>;
  /** Fully qualified host name; a short one would show a difference on every run. */
  hostname: string;
  /** Id of the tunnel. */
  tunnelId: pulumi.Input<string>;
  /** Marks the record as this stack's, see `ownerComment`. */
  comment: string;
  /** Whether Cloudflare stands in front. Default and only safe value: true. */
  proxied?: boolean;
  /** Seconds, or 1 for automatic. Default and, for a proxied record, only valid value: 1. */
  ttl?: number;
}

/**
 * The public name of an application. It has to depend on the ingress rule: with the name in place first, the
 * host would answer before it is guarded.
 * @throws UserError for an unproxied record, or a ttl that a proxied one cannot have
 */
export class DnsRoute extends DnsRecord {
  constructor(name: string, args: DnsRouteArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, dnsRoute(args, pulumi.output(args.tunnelId).apply(tunnelHost)), opts);
  }
}

/**
 * What {@link DnsRoute} declares.
 * @param content the tunnel's own host name
 * @throws UserError for an unproxied record, or a ttl that a proxied one cannot have
 */
export function dnsRoute<Content>(args: Omit<DnsRouteArgs, "tunnelId">, content: Content) {
  const { zoneId, hostname, comment, proxied = true, ttl = 1 } = args;
  checkProxied(hostname, proxied, ttl);
  return { zoneId, name: hostname, type: "CNAME", content, proxied, ttl, comment };
}

/** @throws UserError for what the API would only refuse, or worse accept, when the change is applied */
function checkProxied(hostname: string, proxied: boolean, ttl: number): void {
  if (!proxied) {
    throw new UserError(
      `record ${hostname} is not proxied`,
      "Leave proxied out; Access guards proxied names only.",
    );
  }
  if (ttl !== 1) {
    throw new UserError(
      `record ${hostname} is proxied and has a ttl of ${ttl}`,
      "Leave ttl out; a proxied record has 1.",
    );
  }
}

/** The comment by which a look-up tells this stack's records from others; at most the 100 characters of the API. */
export function ownerComment(project: string, stack: string): string {
  return `${MARK}${project}/${stack}`.slice(0, 100);
}

const MARK = "comfyui-access ";

/** Whether a comment is that of a stack of this project, whichever. */
export const isOwnerComment = (comment: string): boolean => comment.startsWith(MARK);
