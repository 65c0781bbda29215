import type { JsonObject } from "../account/entities";
import { compilePath } from "../tunnel/go-regexp";

const SCHEMES = ["http:", "https:", "ws:", "wss:", "tcp:", "ssh:", "rdp:", "smb:"];

/**
 * What cloudflared would say against a list of ingress rules, or undefined when it would run them.
 * The last rule must match everything, and only the last one may.
 * See https://github.com/cloudflare/cloudflared, ingress/ingress.go.
 */
export function ingressFault(rules: readonly JsonObject[]): string | undefined {
  for (const [index, rule] of rules.entries()) {
    const fault =
      hostnameFault(rule.hostname) ??
      pathFault(rule.path) ??
      serviceFault(rule.service) ??
      accessFault(rule.originRequest);
    if (fault !== undefined) return `rule #${index + 1}: ${fault}`;
    const isLast = index === rules.length - 1;
    if (isLast && !matchesEverything(rule)) {
      return "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)";
    }
    if (!isLast && matchesEverything(rule)) {
      return `Rule #${index + 1} is matching all URLs, which would prevent the rules after it from ever being used`;
    }
  }
  return undefined;
}

function matchesEverything(rule: JsonObject): boolean {
  const anyHost = rule.hostname === undefined || rule.hostname === "" || rule.hostname === "*";
  return anyHost && (rule.path === undefined || rule.path === "");
}

function hostnameFault(hostname: unknown): string | undefined {
  if (hostname === undefined || hostname === "" || hostname === "*") return undefined;
  if (typeof hostname !== "string") return "hostname must be a string";
  if (hostname.includes(":")) return `hostname "${hostname}" cannot contain a port`;
  if (hostname.slice(1).includes("*") || (hostname.startsWith("*") && !hostname.startsWith("*."))) {
    return `hostname "${hostname}": a wildcard can only be the first label`;
  }
  return undefined;
}

function pathFault(path: unknown): string | undefined {
  if (path === undefined || path === "") return undefined;
  if (typeof path !== "string") return "path must be a string";
  try {
    compilePath(path);
    return undefined;
  } catch {
    return `path "${path}" is not a regular expression`;
  }
}

function serviceFault(service: unknown): string | undefined {
  if (typeof service !== "string" || service === "") return "a service is required";
  if (["hello_world", "hello-world", "bastion", "socks-proxy"].includes(service)) return undefined;
  if (service.startsWith("unix:") || service.startsWith("unix+tls:")) return undefined;
  const status = /^http_status:(.*)$/.exec(service)?.[1];
  if (status !== undefined) {
    return /^[1-5]\d\d$/.test(status) ? undefined : `service "${service}": no such HTTP status`;
  }
  if (!URL.canParse(service)) return `service "${service}" is not a URL`;
  const url = new URL(service);
  if (!SCHEMES.includes(url.protocol)) return `service "${service}": unknown scheme`;
  if (url.host === "") return `service "${service}" has no host`;
  // The URL class adds a slash of its own.
  if (url.pathname !== "" && url.pathname !== "/") return `service "${service}" cannot carry a path`;
  return undefined;
}

function accessFault(originRequest: unknown): string | undefined {
  if (typeof originRequest !== "object" || originRequest === null || !("access" in originRequest)) {
    return undefined;
  }
  const access = originRequest.access as JsonObject | null;
  if (access === null) return undefined;
  const audTag = access.audTag ?? [];
  if (!Array.isArray(audTag)) return "originRequest.access.audTag must be a list";
  // As cloudflared: a blank team name passes when there is nothing to compare it with.
  if (access.required === true && !access.teamName && audTag.length > 0) {
    return "originRequest.access.teamName is required";
  }
  return undefined;
}
