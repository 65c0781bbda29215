/** What tokens, secrets and JWTs look like; paths, resource names and versions do not. */
const SECRET_SHAPE = /eyJ[A-Za-z0-9+/_=.-]{8,}|[A-Za-z0-9+=]{32,}(\.access)?/g;

const MASK = "***";

/**
 * Somebody else's words, fit to be shown: without the secrets that they may repeat, in clear or as Base64, and
 * without what looks like one.
 * @param secrets the values that were sent along.
 */
export function maskSecrets(text: string, secrets: Iterable<string> = []): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret === "") continue;
    // JSON writes quotes and backslashes differently; Base64 is how Google's payloads travel.
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString("base64"),
    ]) {
      masked = masked.replaceAll(form, MASK);
    }
  }
  return masked.replace(SECRET_SHAPE, MASK);
}
