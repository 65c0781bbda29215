import { ComfyUIError } from "./errors";
import type { Said } from "./said";

const tlsCodes = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/;
const connectCodes = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EACCES",
  "EPERM",
]);

/** This client's error for what undici, ws, or Node's network throws. `what` names the request, e.g. `GET /queue`. */
export function failureOf(thrown: unknown, what: string, host: string, said: Said): ComfyUIError {
  if (thrown instanceof ComfyUIError) return thrown;
  const code = codeOf(thrown);
  const made = (kind: ComfyUIError["kind"], name: string, words: string) =>
    new ComfyUIError(kind, name, `${what}: ${words}`, { cause: causeOf(thrown, said) });
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT") {
    return made("timeout", "connect", `no connection to ${host} in time`);
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT") return made("timeout", "headers", `no answer from ${host} in time`);
  if (code === "UND_ERR_BODY_TIMEOUT")
    return made("timeout", "idle", `the answer of ${host} stood still for too long`);
  if (connectCodes.has(code))
    return made("network", "connect", `cannot connect to ${host} (${code}): is it running?`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return made("network", "dns", `${host} has no address (${code})`);
  if (tlsCodes.test(code)) return made("network", "tls", `no trusted TLS connection to ${host} (${code})`);
  // The parser does not name every mistake.
  if (nameOf(thrown) === "HTTPParserError" || code === "UND_ERR_HEADERS_OVERFLOW") {
    return made("protocol", "http", `what ${host} answered is not HTTP, or has too large headers (${code})`);
  }
  if (code === "UND_ERR_ABORTED" || nameOf(thrown) === "AbortError")
    return made("aborted", "aborted", "aborted by the caller");
  return made("network", "cut", `the connection to ${host} broke (${code || nameOf(thrown)})`);
}

/** What was thrown, without what it may carry along: undici's parser gives the very bytes that it could not read. */
function causeOf(thrown: unknown, said: Said): Error {
  const cause = new Error(said.text(thrown instanceof Error ? thrown.message : typeof thrown));
  const code = codeOf(thrown);
  return Object.assign(cause, { name: nameOf(thrown), ...(code !== "" && { code }) });
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : typeof thrown;
}
