import type { IncomingMessage } from "node:http";
import { empty, type Reply } from "./reply";
import type { OriginSettings } from "./settings";

/**
 * What ComfyUI's middleware says to a request before any route sees it: a refusal, the answer to OPTIONS, or
 * nothing. With `--enable-cors-header` the checks are gone and CORS headers come instead
 * (Comfy-Org/ComfyUI, server.py).
 */
export function guarded(request: IncomingMessage, settings: OriginSettings): Reply | undefined {
  if (settings.enableCorsHeader === undefined) {
    if (isRefusedCrossSite(request, settings.crossSiteCheck) || hasForeignOriginOnLoopback(request)) {
      return empty(403);
    }
  }
  return request.method === "OPTIONS" ? empty(200) : undefined;
}

/** Headers that every answer gets; none unless `--enable-cors-header` is set. */
export function corsHeaders(settings: OriginSettings): Record<string, string> {
  if (settings.enableCorsHeader === undefined) return {};
  return {
    "Access-Control-Allow-Origin": settings.enableCorsHeader,
    "Access-Control-Allow-Methods": "POST, GET, DELETE, PUT, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
    "Access-Control-Allow-Credentials": "true",
  };
}

function isRefusedCrossSite(request: IncomingMessage, check: OriginSettings["crossSiteCheck"]): boolean {
  if (check === "off" || request.headers["sec-fetch-site"] !== "cross-site") return false;
  const isPage = request.method === "GET" && new URL(request.url ?? "/", "http://origin").pathname === "/";
  return !(check === "all-but-page" && isPage);
}

/** Keeps other web sites from using a ComfyUI on the visitor's own machine. */
function hasForeignOriginOnLoopback(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (host === undefined || origin === undefined) return false;
  const own = parsed(`http://${host}`);
  const foreign = parsed(origin);
  if (own === undefined || foreign === undefined || foreign.host === "" || !isLoopback(own.hostname)) {
    return false;
  }
  // A port is only compared when both name one.
  const both = own.port !== "" && foreign.port !== "";
  return both ? own.host !== foreign.host : own.hostname !== foreign.hostname;
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
