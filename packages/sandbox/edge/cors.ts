import type { EdgeRequest } from "./core";

/** An application's `cors_headers`, as the API has them. */
interface CorsHeaders {
  allow_all_headers?: boolean;
  allow_all_methods?: boolean;
  allow_all_origins?: boolean;
  allow_credentials?: boolean;
  allowed_headers?: string[];
  allowed_methods?: string[];
  allowed_origins?: string[];
  /** Seconds. */
  max_age?: number;
}

type Asking = Pick<EdgeRequest, "method" | "header">;

/** Whether a request is a browser's question before a request across origins. */
export function isPreflight({ method, header }: Asking): boolean {
  return (
    method === "OPTIONS" &&
    header("origin") !== undefined &&
    header("access-control-request-method") !== undefined
  );
}

/** The CORS headers of an answer; empty when the origin is not allowed or the application has no settings. */
export function corsHeaders(settings: unknown, { header }: Asking): Record<string, string> {
  const cors = asSettings(settings);
  const origin = header("origin");
  if (cors === undefined || origin === undefined || !allowsOrigin(cors, origin)) return {};
  const credentials: Record<string, string> = cors.allow_credentials
    ? { "access-control-allow-credentials": "true" }
    : {};
  return {
    "access-control-allow-origin": cors.allow_all_origins ? "*" : origin,
    vary: "Origin",
    ...credentials,
  };
}

/** The headers that answer a preflight; undefined when what it asks for is not allowed. */
export function preflightHeaders(settings: unknown, request: Asking): Record<string, string> | undefined {
  const cors = asSettings(settings);
  const base = corsHeaders(cors, request);
  const method = request.header("access-control-request-method") ?? "";
  const asked = (request.header("access-control-request-headers") ?? "")
    .split(",")
    .map((name) => name.trim());
  const wanted = asked.filter((name) => name !== "");
  if (cors === undefined || base["access-control-allow-origin"] === undefined) return undefined;
  if (!cors.allow_all_methods && !cors.allowed_methods?.includes(method)) return undefined;
  const allowed = new Set((cors.allowed_headers ?? []).map((name) => name.toLowerCase()));
  if (!cors.allow_all_headers && wanted.some((name) => !allowed.has(name.toLowerCase()))) return undefined;
  return {
    ...base,
    "access-control-allow-methods": cors.allow_all_methods ? method : (cors.allowed_methods ?? []).join(", "),
    ...(wanted.length === 0 ? {} : { "access-control-allow-headers": wanted.join(", ") }),
    ...(cors.max_age === undefined ? {} : { "access-control-max-age": String(cors.max_age) }),
  };
}

function asSettings(settings: unknown): CorsHeaders | undefined {
  return typeof settings === "object" && settings !== null ? settings : undefined;
}

function allowsOrigin({ allow_all_origins, allowed_origins }: CorsHeaders, origin: string): boolean {
  return allow_all_origins === true || (allowed_origins ?? []).includes(origin);
}
