const ENDING = ".cloudflareaccess.com";

/** The host name of a Zero Trust team, where its people log in: `<team>.cloudflareaccess.com`. */
export const teamDomain = (team: string): string => `${team}${ENDING}`;

/** Origin of a team's pages, and the issuer of its JWTs. */
export const teamOrigin = (team: string): string => `https://${teamDomain(team)}`;

/** The team of such a host name; a domain of the account's own is given as it is. */
export function teamIn(domain: string): string {
  return domain.endsWith(ENDING) ? domain.slice(0, -ENDING.length) : domain;
}

/** Where a login's provider sends people back to, at a team's host name; an OAuth client has to list it. */
export const loginCallback = (domain: string): string => `https://${domain}/cdn-cgi/access/callback`;
