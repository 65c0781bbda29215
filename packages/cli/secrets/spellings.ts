import { escapeHtml } from "../../base/escape-html";

/** How a secret may be written where it leaked. */
export type SpellingName =
  | "in clear"
  | "as JSON writes it"
  | "percent-encoded"
  | "as HTML writes it"
  | "in Base64"
  | "in hexadecimal"
  | "in UTF-16";

/** One way to write a secret, as the bytes to look for. */
export interface Spelling {
  name: SpellingName;
  bytes: Buffer;
}

/**
 * Every way in which a secret is looked for, each sequence of bytes once.
 *
 * Base64 depends on what stands before: `<client id>:<secret>` looks different from the secret alone. So there are three
 * forms of it, each without the characters that its neighbours share.
 * @param secret text, or the bytes of one that is none, such as a key.
 */
export function spellingsOf(secret: string | Buffer): Spelling[] {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  const found: [SpellingName, string | Buffer][] = [["in clear", bytes]];
  if (typeof secret === "string") {
    const percent = encodeURIComponent(secret);
    found.push(
      ["as JSON writes it", JSON.stringify(secret).slice(1, -1)],
      ["percent-encoded", percent],
      ["percent-encoded", percent.replace(/%../g, (code) => code.toLowerCase())],
      ["as HTML writes it", escapeHtml(secret)],
      ["in UTF-16", Buffer.from(secret, "utf16le")],
    );
  }
  const hex = bytes.toString("hex");
  found.push(["in hexadecimal", hex], ["in hexadecimal", hex.toUpperCase()]);
  for (const before of [0, 1, 2]) {
    const text = inBase64(bytes, before);
    found.push(["in Base64", text], ["in Base64", text.replaceAll("+", "-").replaceAll("/", "_")]);
  }
  const spellings = new Map<string, Spelling>();
  for (const [name, text] of found) {
    const spelled = Buffer.from(text as string);
    const key = spelled.toString("latin1");
    if (!spellings.has(key)) spellings.set(key, { name, bytes: spelled });
  }
  return [...spellings.values()];
}

/** The characters that say nothing but the bytes, where so many others stand before them. */
function inBase64(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}
