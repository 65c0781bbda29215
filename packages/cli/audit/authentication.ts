import { evidenceOf, isHandedIn } from "./evidence";
import type { Authentication, Source, Text } from "./types";

const ACCESS = /cf-access-(client-(id|secret)|token)|CF_ACCESS_CLIENT_(ID|SECRET)|COMFYUI_ACCESS_TOKEN/i;
const BEARER = /\bBearer(\b|_)|bearer_?auth\(|SetBearer|httpBearerAuth/i;
// Looked for in the shells' options too: `-u user:…` and `-H "Authorization: …"`.
const BASIC =
  /\bBasic\b|basic_?auth\b|BasicAuth\(|\bauth=\(|(^|\s)(-u|--user|-Credential)\s|CURLOPT_USERPWD|NetworkCredential\(|Credentials\.basic\(|["']?auth["']?\s*(=>|:)\s*(\[|\{\s*["']?user)/i;

/**
 * Says how a call identifies itself, from the call as written and the values of what it is handed.
 * @param credentials whether the address holds a user name
 * @param through what the call goes through besides, as written: a function of the file that makes the request
 */
export function authenticationOf(
  text: Text,
  source: Source,
  credentials: boolean,
  through: readonly Text[] = [],
): Authentication {
  const found = [text, ...through].map((each) => ({ each, evidence: evidenceOf(each, source) }));
  const all = found.flatMap(({ evidence }) => [evidence.written, ...evidence.behind]).join("\n");
  if (ACCESS.test(all)) return "access";
  if (BEARER.test(all)) return "bearer";
  if (credentials || BASIC.test(all)) return "basic";
  const literal = text.pieces.filter((piece) => typeof piece === "string").join("");
  if (/[?&](token|api_?key|access_token)=/i.test(literal)) return "token in the address";
  return found.some(({ each, evidence }) => isHandedIn(evidence, each, source)) ? "given elsewhere" : "none";
}
