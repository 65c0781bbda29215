import type { Wire } from "../../cloudflare/account-api";
import { type Spelling, wireSpelling } from "../drift/spelling";

/** The program's names where they are more than another spelling of the API's. */
const ODD: Spelling = {
  includes: "include",
  requires: "require",
  excludes: "exclude",
  emails: "email",
  azureAd: "azureAD",
  githubOrganization: "github-organization",
  serviceAuth401Redirect: "service_auth_401_redirect",
  ipv4Only: "ipv4_only",
  ipv6Only: "ipv6_only",
};

/** Properties of a resource in the API's spelling. */
export const toWire = (properties: Readonly<Record<string, unknown>>): Wire =>
  wireSpelling(properties, ODD) as Wire;
