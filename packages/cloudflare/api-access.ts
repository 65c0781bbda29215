import * as pulumi from "@pulumi/pulumi";
import { apiAddress, refuseForeignAddresses } from "../../config/provider-addresses";
import type { ApiAccess } from "./preflight";

/**
 * The API as the Cloudflare provider reaches it: its config, or else its environment variables.
 * @throws {UserError} when a provider of the stack would send its credentials to somebody else
 */
export function apiAccess(env: NodeJS.ProcessEnv = process.env): ApiAccess {
  refuseForeignAddresses(Object.entries(pulumi.runtime.allConfig()), env);
  const config = new pulumi.Config("cloudflare");
  return {
    baseUrl: apiAddress(config.get("baseUrl"), env),
    token: config.get("apiToken") ?? env.CLOUDFLARE_API_TOKEN,
  };
}
