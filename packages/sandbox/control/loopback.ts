/**
 * Whether a URL's host is this machine by a name that no other can own. A web page elsewhere can point a name of
 * its own at 127.0.0.1 and read what answers there, unless the name is looked at.
 */
export function isLoopback(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}
