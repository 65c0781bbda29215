/** Attributes of a cookie; each is `Secure`, as everything of Access is. */
export interface CookieAttributes {
  httpOnly?: boolean;
  sameSite?: "none" | "lax" | "strict" | "";
  path?: string;
  expires?: Date;
}

/** A `Set-Cookie` value. */
export function setCookie(name: string, value: string, attributes: CookieAttributes = {}): string {
  const { httpOnly, sameSite, path = "/", expires } = attributes;
  return [
    `${name}=${value}`,
    ...(expires === undefined ? [] : [`Expires=${expires.toUTCString()}`]),
    `Path=${path}`,
    "Secure",
    ...(httpOnly ? ["HttpOnly"] : []),
    ...(sameSite ? [`SameSite=${sameSite}`] : []),
  ].join("; ");
}

/** A `Set-Cookie` value that removes the cookie. */
export function clearCookie(name: string, path = "/"): string {
  return setCookie(name, "", { path, expires: new Date(0) });
}

/** Every value of a cookie in a `Cookie` header: a browser can hold one per path, an attacker can add another. */
export function cookieValues(header: string | undefined, name: string): string[] {
  return pairs(header).flatMap(([key, value]) => (key === name ? [value] : []));
}

/** The `Cookie` header without some cookies; undefined when none is left. */
export function withoutCookies(header: string | undefined, names: readonly string[]): string | undefined {
  const kept = pairs(header).filter(([key]) => !names.includes(key));
  return kept.length === 0 ? undefined : kept.map(([key, value]) => `${key}=${value}`).join("; ");
}

function pairs(header: string | undefined): [name: string, value: string][] {
  return (header ?? "").split(";").flatMap((part): [string, string][] => {
    const equals = part.indexOf("=");
    return equals === -1 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()]];
  });
}
