import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** Headers that concern one connection and are not passed on. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** The body is framed anew, and 100-continue has been answered by the edge. */
const NOT_PASSED_ON = [...HOP_BY_HOP, "content-length", "expect"];
/** Answers' headers that are meant for the edge and stay there (connection/header.go). */
const CONTROL = ["cf-int-", "cf-cloudflared-", "cf-proxy-"];

/** The value of a header, whatever case its name was given in; the first one of several. */
export function headerOf(headers: OutgoingHttpHeaders, name: string): string | undefined {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const [first] = [found].flat();
  return first === undefined ? undefined : String(first);
}

/**
 * A request's headers for the origin: those of one connection are left out, the connector's tag comes in, and
 * the body is framed as it came. With `httpHostHeader` the host that was asked for goes to X-Forwarded-Host.
 */
export function requestHeaders(
  request: IncomingMessage,
  headers: OutgoingHttpHeaders,
  options: { connectorId: string; httpHostHeader: string },
): OutgoingHttpHeaders {
  const named = connectionNames(headerOf(headers, "connection"));
  const kept = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => value !== undefined && !NOT_PASSED_ON.includes(name) && !named.has(name));
  const result: OutgoingHttpHeaders = {
    ...Object.fromEntries(kept),
    ...framing(request),
    "cf-warp-tag-id": options.connectorId,
  };
  if (options.httpHostHeader === "") return result;
  const host = headerOf(headers, "host");
  if (host !== undefined) result["x-forwarded-host"] = host;
  return { ...result, host: options.httpHostHeader };
}

function framing({ headers, method = "GET" }: IncomingMessage): OutgoingHttpHeaders {
  if (headers["transfer-encoding"] !== undefined) return { "transfer-encoding": "chunked" };
  if (headers["content-length"] !== undefined) return { "content-length": headers["content-length"] };
  // Without a length Node would announce a chunked body where there is none.
  return ["POST", "PUT", "PATCH"].includes(method) ? { "content-length": "0" } : {};
}

/** An answer's headers for the client, as a flat list in the order in which they came. */
export function responseHeaders(rawHeaders: readonly string[]): string[] {
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, index) =>
    rawHeaders.slice(2 * index, 2 * index + 2),
  );
  const connection = pairs.filter(([name]) => name?.toLowerCase() === "connection");
  const named = connectionNames(connection.map(([, value]) => value).join(","));
  return pairs
    .filter(([name = ""]) => {
      const lower = name.toLowerCase();
      const isControl = CONTROL.some((prefix) => lower.startsWith(prefix));
      return !isControl && !HOP_BY_HOP.includes(lower) && !named.has(lower);
    })
    .flat();
}

function connectionNames(connection: string | undefined): Set<string> {
  return new Set((connection ?? "").split(",").map((name) => name.trim().toLowerCase()));
}
