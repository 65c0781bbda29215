import { UserError } from "../packages/base/errors";
import { isLoopback, plainUrl, urlIn } from "../packages/base/host-name";

/** Names hosts, with commas between, to which credentials may be sent besides the vendor's own. */
const TRUSTED_HOSTS = "COMFYUI_ACCESS_TRUSTED_HOSTS";

/** Where Cloudflare's own API is. */
export const CLOUDFLARE_API = "https://api.cloudflare.com/client/v4";

type Environment = Readonly<Record<string, string | undefined>>;

/** A setting of a provider that says where its credentials are sent. */
interface AddressSetting {
  /** Matches names of settings, as the provider's config has them. */
  names: RegExp;
  /** The vendor's own hosts. */
  own: RegExp;
  /** What the vendor is called. */
  vendor: string;
  /** True when the value is a host name alone. */
  isHost?: true;
}

const GOOGLE = { own: /^([a-z0-9-]+\.)*googleapis\.com$/, vendor: "Google" };
const CLOUDFLARE = { own: /^api\.cloudflare\.com$/, vendor: "Cloudflare" };

/** By package. What a version of a provider that is not used here reads counts as well: releases differ. */
const SETTINGS: Readonly<Record<string, readonly AddressSetting[]>> = {
  cloudflare: [
    { names: /^baseUrl$/, ...CLOUDFLARE },
    { names: /^apiHostname$/, ...CLOUDFLARE, isHost: true },
  ],
  // The stack's own provider, which calls Cloudflare too.
  "comfyui-access": [{ names: /^baseUrl$/, ...CLOUDFLARE }],
  gcp: [
    { names: /CustomEndpoint$/, ...GOOGLE },
    { names: /^universeDomain$/, ...GOOGLE, isHost: true },
  ],
};

/** The setting of a provider that an address stands in; undefined for one that holds none. */
const settingOf = (provider: string, name: string): AddressSetting | undefined =>
  SETTINGS[provider]?.find(({ names }) => names.test(name));

/** Whether a setting of a provider, by its package, says where its credentials are sent. */
export const isAddressSetting = (provider: string, name: string): boolean =>
  settingOf(provider, name) !== undefined;

/** What is wrong with an address, and what to do. */
interface Fault {
  found: string;
  remedy: string;
}

/**
 * What is wrong with an address that a provider's setting holds: credentials go to the vendor alone, encrypted.
 * @param provider package of the provider, e.g. `cloudflare`
 * @param name of the setting, e.g. `baseUrl`
 * @param env what trusts another host, and where the sandbox says where its own API is
 * @returns undefined when nothing is, and for a setting that holds no address
 */
export function addressFault(
  provider: string,
  name: string,
  value: string,
  env: Environment = process.env,
): Fault | undefined {
  const setting = settingOf(provider, name);
  if (setting === undefined || value === "") return undefined;
  const { own, vendor, isHost } = setting;
  const remedy = `Leave it out: ${vendor}'s own address is the default.`;
  const url = plainUrl(isHost ? `https://${value}` : value);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return { found: "is no address", remedy };
  if (url.username !== "" || url.password !== "") {
    return { found: "holds a user name or password", remedy };
  }
  // It never leaves this machine, and only whoever runs the command can say so.
  if (isLoopback(url.hostname) && value === env["CLOUDFLARE_BASE_URL"]) return undefined;
  // Not the port, the path or the query: none of them is part of whose host it is.
  const there = `${url.protocol}//${url.host}`;
  if (url.protocol !== "https:") {
    return { found: `would send credentials unencrypted to ${there}`, remedy };
  }
  if (own.test(url.hostname) || trusted(env).includes(url.hostname)) return undefined;
  return {
    found: `would send credentials to ${there}, which is not ${vendor}'s`,
    remedy: `${remedy} If that host is meant, say so where the command runs: ${TRUSTED_HOSTS}=${url.hostname}`,
  };
}

/** How an address reads in ASCII, whatever letters it is written in; as it is, where it is no address. */
export const inAscii = (address: string): string => urlIn(address)?.href ?? address;

/**
 * What is wrong with the address of an Infisical instance, to which secrets and a credential go.
 * @returns undefined when it is https, and of one host for whoever reads it
 */
export function siteFault(value: string): Fault | undefined {
  const url = plainUrl(value);
  const isSite = url?.protocol === "https:" && /^https:\/\/[^/?#@]+\/?$/.test(value);
  if (isSite) return undefined;
  const remedy = "Give the instance's address in plain ASCII, e.g. https://app.infisical.com.";
  const read = urlIn(value);
  // Not repeated: it may hold a password.
  if (read === undefined || value.includes("@")) return { found: "is no address of an instance", remedy };
  const means = url === undefined ? `, and would be read as ${read.protocol}//${read.host}` : "";
  return { found: `${JSON.stringify(value)} does not fit${means}`, remedy };
}

/**
 * Where Cloudflare's API is: what the stack's config says, or else the environment.
 * @param configured `cloudflare:baseUrl` of the stack's config
 * @returns undefined for the vendor's own address
 * @throws {UserError} when an API token must not be sent there
 */
export function apiAddress(
  configured: string | undefined,
  env: Environment = process.env,
): string | undefined {
  const where = configured ? "cloudflare:baseUrl of the stack's config" : "CLOUDFLARE_BASE_URL";
  const address = configured || env["CLOUDFLARE_BASE_URL"] || undefined;
  if (address === undefined) return undefined;
  const fault = addressFault("cloudflare", "baseUrl", address, env);
  if (fault !== undefined) throw new UserError(`${where} ${fault.found}`, fault.remedy);
  return address;
}

/**
 * Refuses a config by which a provider would send its credentials to somebody else.
 * @param entries full keys, e.g. `cloudflare:baseUrl`, with their values
 * @throws {UserError} for the first such setting
 */
export function refuseForeignAddresses(
  entries: Iterable<readonly [key: string, value: string | undefined]>,
  env: Environment = process.env,
): void {
  for (const [key, value = ""] of entries) {
    const [provider = "", name = ""] = key.split(":");
    const fault = addressFault(provider, name, value, env);
    if (fault !== undefined) throw new UserError(`${key} of the stack's config ${fault.found}`, fault.remedy);
  }
}

const trusted = (env: Environment): string[] =>
  (env[TRUSTED_HOSTS] ?? "").split(",").map((host) => host.trim().toLowerCase());
