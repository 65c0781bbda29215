import { type PropertyMap, reveal } from "../../../provider/host";
import type { PlanForm } from "../kind";
import type { PackageParts } from "../package-provider";
import type { RetryPolicy } from "../retry";
import { type ApiAccess, CloudflareApi } from "./api";
import { apiKind } from "./api-kind";
import { accessApplication } from "./kinds/access-application";
import { accessPolicy } from "./kinds/access-policy";
import { dnsRecord } from "./kinds/dns-record";
import { identityProvider } from "./kinds/identity-provider";
import { notificationPolicy } from "./kinds/notification-policy";
import { serviceToken } from "./kinds/service-token";
import { tunnel } from "./kinds/tunnel";
import { tunnelConfig } from "./kinds/tunnel-config";
import { lookups } from "./lookups";

const TABLES = [
  accessApplication,
  accessPolicy,
  dnsRecord,
  identityProvider,
  notificationPolicy,
  serviceToken,
  tunnel,
  tunnelConfig,
];

/**
 * The package `cloudflare`. The provider's config (`apiToken`, `baseUrl`) goes before `access`.
 * @param planForm default: as the real provider was recorded to tell its plans
 */
export function cloudflarePackage(
  access: ApiAccess,
  retry?: RetryPolicy,
  planForm: PlanForm = "names",
): PackageParts {
  const api = new CloudflareApi(access, retry);
  return {
    kinds: TABLES.map((table) => apiKind(api, table)),
    planForm,
    functions: lookups(api),
    configure: (args) =>
      api.configure({ apiToken: setting(args, "apiToken"), baseUrl: setting(args, "baseUrl") }),
  };
}

function setting(args: PropertyMap, name: string): string | undefined {
  const value = reveal(args[name] ?? null);
  return typeof value === "string" && value !== "" ? value : undefined;
}
