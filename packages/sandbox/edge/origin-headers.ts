import type { OutgoingHttpHeaders } from "node:http";
import { withoutCookies } from "./cookies";
import type { EdgeRequest } from "./core";
import { singleHeaderPairs } from "./credentials";
import type { EdgeSettings } from "./settings";

/** What Access and the network write themselves: a client's own is never passed on, however it is spelt. */
const OURS = new Set([
  "cf-access-authenticated-user-email",
  "cf-access-client-id",
  "cf-access-client-secret",
  "cf-access-jwt-assertion",
  "cf-access-token",
  "cf-connecting-ip",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "x-forwarded-proto",
]);

/** What the origin is told of a request that passed. */
export interface Passed {
  /** `Cf-Access-Jwt-Assertion` */
  assertion?: string;
  /** Address of the person, when one is logged in. */
  email?: string;
  /** The header that the application reads service tokens from. */
  singleHeader?: string;
}

/** A request's headers for the origin. */
export function originHeaders(
  request: EdgeRequest,
  passed: Passed,
  settings: EdgeSettings,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    const kept = keptValue(name.toLowerCase(), value, passed);
    if (kept === undefined) continue;
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? kept : [headers[key], kept].flat().map(String);
  }
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().map(String);
  return {
    ...headers,
    "cdn-loop": "cloudflare",
    "cf-connecting-ip": settings.clientIp,
    "cf-ipcountry": settings.clientCountry,
    "cf-ray": request.rayId,
    "cf-visitor": '{"scheme":"https"}',
    "x-forwarded-for": [...forwarded, settings.clientIp].join(", "),
    "x-forwarded-proto": "https",
    ...(passed.assertion === undefined ? {} : { "cf-access-jwt-assertion": passed.assertion }),
    ...(passed.email === undefined || !settings.userEmailHeader
      ? {}
      : { "cf-access-authenticated-user-email": passed.email }),
  };
}

function keptValue(name: string, value: string, { singleHeader }: Passed): string | undefined {
  // Some servers read `cf_access_jwt_assertion` as the same header.
  if (OURS.has(name.replaceAll("_", "-"))) return undefined;
  if (name === "cookie") return withoutCookies(value, ["CF_Binding"]);
  const holdsToken =
    name === singleHeader?.toLowerCase() && singleHeaderPairs([name, value], singleHeader).length > 0;
  return holdsToken ? undefined : value;
}
