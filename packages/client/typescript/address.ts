import { BlockList, isIP, isIPv4 } from "node:net";
import { ComfyUIError } from "./errors";

const local = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  // Shared address space (RFC 6598): overlay networks such as Tailscale's.
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  local.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  local.addSubnet(network, prefix, "ipv6");
}

const localDomains = [".localhost", ".local", ".internal"];

/** The address of ComfyUI, with a path that does not end in `/`. */
export function parseAddress(url: string): URL {
  const bad = (what: string) =>
    new ComfyUIError(
      "usage",
      "bad_url",
      `COMFYUI_URL: ${what}; expected e.g. http://localhost:8188 or https://comfyui.example.org`,
    );
  if (!URL.canParse(url)) throw bad("is not a URL with its scheme");
  const address = new URL(url);
  if (address.protocol !== "http:" && address.protocol !== "https:") {
    throw bad(
      `starts with ${address.protocol}// instead of http:// or https:// (the WebSocket's address follows from it)`,
    );
  }
  if (address.port === "0") throw bad("has port 0");
  if (address.username !== "" || address.password !== "") throw bad("holds a user name or password");
  if (address.search !== "" || address.hash !== "") throw bad("has a query or fragment");
  // `1..` and `a..b` are no names in DNS, and what a resolver makes of them is its own affair.
  if (/^\.|\.\./.test(address.hostname)) throw bad("has a host name with an empty part between its dots");
  address.pathname = address.pathname.replace(/\/+$/, "");
  return address;
}

/**
 * Whether the address is on this machine or its own network: loopback, private and link-local IP addresses, names
 * of one label such as `comfyui` (Docker, Compose), `*.localhost`, `*.local`, `*.internal` (so `host.docker.internal`).
 */
export function isLocal(url: URL): boolean {
  const hostname = url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (isIP(hostname) !== 0) return isLocalIp(hostname);
  return !hostname.includes(".") || localDomains.some((domain) => hostname.endsWith(domain));
}

/** Whether a credential may be sent there: over TLS to a host that is not local. */
export function mayCarryCredential(url: URL): boolean {
  return url.protocol === "https:" && !isLocal(url);
}

function isLocalIp(ip: string): boolean {
  // `new URL` writes IPv4-mapped addresses in hexadecimal; BlockList compares them with the IPv4 subnets.
  return local.check(ip, isIPv4(ip) ? "ipv4" : "ipv6");
}
