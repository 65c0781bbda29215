/** What Google's error page is told in its address. */
export interface AuthError {
  /** e.g. `redirect_uri_mismatch` */
  code: string;
  reason: string;
  /** As the page shows it: `Error 400: …`. */
  status: number;
}

/** Where Google sends a browser whose request it does not accept. */
export const ERROR_PATH = "/signin/oauth/error";

// Field 1 is the code, 2 the words, 3 an address in the documentation, 4 the status: read in captured addresses, e.g.
// authError=Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw.
const CODE = 0x0a;
const REASON = 0x12;
const STATUS = 0x20;

/** The `authError` parameter: a small protocol buffer in base64, without padding. */
export function encodeAuthError({ code, reason, status }: AuthError): string {
  const text = (tag: number, value: string) => {
    const bytes = Buffer.from(value);
    return [tag, ...varint(bytes.length), ...bytes];
  };
  const bytes = Buffer.from([...text(CODE, code), ...text(REASON, reason), STATUS, ...varint(status)]);
  return bytes.toString("base64").replace(/=+$/, "");
}

/** @returns undefined for a text that {@link encodeAuthError} did not make. */
export function decodeAuthError(text: string): AuthError | undefined {
  const bytes = Buffer.from(text, "base64");
  const found: Partial<AuthError> = {};
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = bytes[at++];
    if (tag === STATUS) found.status = number();
    else if (tag === CODE || tag === REASON) {
      const length = number();
      found[tag === CODE ? "code" : "reason"] = bytes.toString("utf8", at, at + length);
      at += length;
    } else return undefined;
  }
  const { code, reason, status } = found;
  return code !== undefined && reason !== undefined && status !== undefined
    ? { code, reason, status }
    : undefined;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
