import { z } from "zod";

// cloudflared reads durations from the remote configuration as whole seconds.
const seconds = z.int();
const access = z.looseObject({
  required: z.boolean().optional(),
  teamName: z.string().optional(),
  audTag: z.array(z.string()).nullish(),
});

/** `originRequest` as the configuration holds it; further fields are let through. */
export const originRequestFields = z.looseObject({
  connectTimeout: seconds.nullish(),
  tlsTimeout: seconds.nullish(),
  httpHostHeader: z.string().nullish(),
  originServerName: z.string().nullish(),
  matchSNItoHost: z.boolean().nullish(),
  noTLSVerify: z.boolean().nullish(),
  bastionMode: z.boolean().nullish(),
  access: access.nullish(),
});

/** How the connector speaks to an origin. */
export interface OriginRequest {
  connectTimeoutMs: number;
  tlsTimeoutMs: number;
  /** Host header for the origin; "" keeps the request's own. */
  httpHostHeader: string;
  /** Name that the origin's certificate must have; "" is the service's host. */
  originServerName: string;
  /** The certificate must have the request's Host as its name. */
  matchSniToHost: boolean;
  noTlsVerify: boolean;
}

/** `originRequest.access` of a rule with `required: true`. */
export interface RequiredAccess {
  teamName: string;
  audTag: string[];
}

type Fields = z.infer<typeof originRequestFields>;

/** A rule's settings over the global ones over cloudflared's defaults. */
export function merged(global: Fields, own: Fields): OriginRequest {
  const pick = <K extends keyof Fields>(key: K): Fields[K] => own[key] ?? global[key];
  return {
    connectTimeoutMs: (pick("connectTimeout") ?? 30) * 1000,
    tlsTimeoutMs: (pick("tlsTimeout") ?? 10) * 1000,
    httpHostHeader: pick("httpHostHeader") ?? "",
    originServerName: pick("originServerName") ?? "",
    matchSniToHost: pick("matchSNItoHost") ?? false,
    noTlsVerify: pick("noTLSVerify") ?? false,
  };
}

/**
 * The check that a rule asks for. Only its own `access` counts: cloudflared installs no check for one in the
 * global `originRequest` (ingress/ingress.go, validateIngress).
 * @throws IngressError when audiences are listed without a team.
 */
export function requiredAccess(own: Fields): RequiredAccess | undefined {
  if (own.access?.required !== true) return undefined;
  const { teamName = "", audTag } = own.access;
  if (teamName === "" && (audTag ?? []).length > 0) {
    throw new IngressError("access.teamName cannot be blank when access.audTag is present");
  }
  return { teamName, audTag: audTag ?? [] };
}

/** Why cloudflared would not apply a configuration. */
export class IngressError extends Error {
  override readonly name = "IngressError";
}
