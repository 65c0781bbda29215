/**
 * Looks at a credential before it is sent. One with a line break or quotes around it, as copying leaves them, fails
 * later: as a header that cannot be sent, which looks like a fault of the network, or as a credential that is not
 * known, which looks like one that has expired. The commands use it too; it stands here since the client imports nothing
 * from outside its folder.
 */

/**
 * What of a text no credential has, in a few words that show nothing of it, e.g. `holds a line break`; undefined when
 * it may be one.
 */
export function flawOf(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return "holds a line break";
  if (/\s/.test(text)) return "holds white space";
  if (/["'`“”‘’]$|^["'`“”‘’]/.test(text)) return "has quotes around it";
  if (/[\u0080-\uffff]/.test(text)) return "holds a character that is not ASCII";
  if (/[^\x21-\x7e]/.test(text)) return "holds a control character";
  return undefined;
}

/** The two halves of a service token. Secret. */
interface TokenPair {
  clientId: string;
  clientSecret: string;
}

/**
 * Which half of a service token is none, and why; undefined when both may be.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
 */
export function pairFlawOf({
  clientId,
  clientSecret,
}: TokenPair): { part: keyof TokenPair; flaw: string } | undefined {
  const parts = { clientId, clientSecret };
  for (const part of ["clientId", "clientSecret"] as const) {
    const flaw = flawOf(parts[part]);
    if (flaw !== undefined) return { part, flaw };
  }
  if (!clientId.endsWith(".access")) return { part: "clientId", flaw: "does not end in .access" };
  return undefined;
}

/** What to do about a credential that was copied with more, or less, than itself. */
export const COPY_AGAIN = "Set it again as it was given out: without quotes, spaces or line breaks.";

/** Whether a text is a service token as one line: `<client id>.access:<client secret>`. */
export function isAccessPair(text: string): boolean {
  const [clientId = "", ...rest] = text.split(":");
  const clientSecret = rest.join(":");
  return clientSecret !== "" && pairFlawOf({ clientId, clientSecret }) === undefined;
}
