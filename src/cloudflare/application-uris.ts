import { fieldsOf, listOf } from "../json-values";
import type { Wire } from "./account-api";

/**
 * Where an application stands, each as `host` or `host/path`, out of all three fields in which the API says so. It
 * moves them together, but a list may show only some of them.
 */
export function applicationUris({ destinations, self_hosted_domains: domains, domain }: Wire): string[] {
  const uris = [...listOf(destinations).map((each) => fieldsOf(each)["uri"]), domain, ...listOf(domains)];
  return uris.filter((uri) => typeof uri === "string" && uri !== "") as string[];
}
