import { domainToASCII } from "node:url";
import { z } from "zod";
import { compilePath } from "./go-regexp";
import {
  IngressError,
  merged,
  type OriginRequest,
  originRequestFields,
  type RequiredAccess,
  requiredAccess,
} from "./origin-request";

/** Where a rule sends a request. */
type Service =
  | { kind: "http"; url: URL }
  | { kind: "status"; code: number }
  | { kind: "hello" }
  /** What cloudflared can serve and the sandbox does not play. */
  | { kind: "unsupported"; service: string };

export interface Rule {
  hostname: string;
  path: RegExp | undefined;
  service: Service;
  originRequest: OriginRequest;
  access: RequiredAccess | undefined;
}

const configuration = z.looseObject({
  ingress: z
    .array(
      z.looseObject({
        hostname: z.string().nullish(),
        path: z.string().nullish(),
        service: z.string(),
        originRequest: originRequestFields.nullish(),
      }),
    )
    .nullish(),
  originRequest: originRequestFields.nullish(),
});
type RawRule = NonNullable<z.infer<typeof configuration>["ingress"]>[number];

/** What cloudflared does without any rule: 503 for everything. */
const NO_RULES: Rule = {
  hostname: "",
  path: undefined,
  service: { kind: "status", code: 503 },
  originRequest: merged({}, {}),
  access: undefined,
};

/**
 * The rules of a tunnel's configuration.
 * @throws IngressError when cloudflared would not apply it (ingress/ingress.go, config/configuration.go).
 */
export function parseIngress(config: unknown): Rule[] {
  const parsed = configuration.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new IngressError(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { ingress, originRequest } = parsed.data;
  if (!ingress?.length) return [NO_RULES];
  return ingress.map((raw, index) => {
    const own = raw.originRequest ?? {};
    const rule = {
      hostname: raw.hostname ?? "",
      service: serviceOf(raw.service, (own.bastionMode ?? originRequest?.bastionMode) === true),
      originRequest: merged(originRequest ?? {}, own),
      access: requiredAccess(own),
    };
    refuseHostname(raw, index, ingress.length);
    return { ...rule, path: pathOf(raw.path ?? "", index) };
  });
}

/** Index of the first rule that matches; the last one matches everything. */
export function findMatchingRule(rules: readonly Rule[], host: string, path: string): number {
  const hostname = withoutPort(host);
  const found = rules.findIndex((rule) => matchesHost(rule, hostname) && (rule.path?.test(path) ?? true));
  return found < 0 ? rules.length - 1 : found;
}

function matchesHost({ hostname }: Rule, requested: string): boolean {
  if (hostname === "" || hostname === "*") return true;
  return [hostname, domainToASCII(hostname)].some(
    (pattern) =>
      pattern !== "" &&
      (pattern === requested || (pattern.startsWith("*.") && requested.endsWith(pattern.slice(1)))),
  );
}

function withoutPort(host: string): string {
  return /^\[([^\]]*)\]:\d*$/.exec(host)?.[1] ?? /^([^:]*):[^:]*$/.exec(host)?.[1] ?? host;
}

function pathOf(path: string, index: number): RegExp | undefined {
  if (path === "") return undefined;
  try {
    return compilePath(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new IngressError(`Rule #${index + 1} has an invalid regex: ${detail}`);
  }
}

function refuseHostname(raw: RawRule, index: number, total: number): void {
  const hostname = raw.hostname ?? "";
  if (withoutPort(hostname) !== hostname) throw new IngressError("Hostname cannot contain a port");
  if (hostname.lastIndexOf("*") > 0) {
    throw new IngressError(`Hostname "${hostname}": a wildcard can only be the first character`);
  }
  const catchesAll = (hostname === "" || hostname === "*") && (raw.path ?? "") === "";
  const isLast = index === total - 1;
  if (isLast && !catchesAll) {
    throw new IngressError("The last ingress rule must match all URLs: no hostname, no path");
  }
  if (!isLast && catchesAll) {
    throw new IngressError(`Rule #${index + 1} matches every hostname, so the rules after it never apply`);
  }
}

function serviceOf(service: string, bastion: boolean): Service {
  if (/^unix(\+tls)?:/.test(service)) return { kind: "unsupported", service };
  const status = /^http_status:(.*)$/.exec(service)?.[1];
  if (status !== undefined) {
    const code = /^[+-]?\d+$/.test(status) ? Number(status) : Number.NaN;
    if (!(code >= 100 && code <= 999)) throw new IngressError(`invalid HTTP status code: ${status}`);
    return { kind: "status", code };
  }
  if (service === "hello_world" || service === "hello-world") return { kind: "hello" };
  if (service === "socks-proxy" || service === "bastion" || bastion) return { kind: "unsupported", service };
  const [, , authority = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(service) ?? [];
  if (authority === "" || !URL.canParse(service)) {
    throw new IngressError(`${service} is an invalid address: it needs a scheme and a hostname`);
  }
  // Also a lone slash is a path.
  if (rest.startsWith("/"))
    throw new IngressError(`${service} is an invalid address: it cannot carry a path`);
  const url = new URL(service);
  const scheme = { "http:": "http:", "ws:": "http:", "https:": "https:", "wss:": "https:" }[url.protocol];
  if (scheme === undefined) return { kind: "unsupported", service };
  return { kind: "http", url: new URL(`${scheme}//${url.host}`) };
}
