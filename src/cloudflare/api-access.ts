import * as pulumi from "@pulumi/pulumi";
import type { ApiAccess } from "./preflight";

/** The API as the Cloudflare provider reaches it: its config, or else its environment variables. */
export function apiAccess(env: NodeJS.ProcessEnv = process.env): ApiAccess {
  const config = new pulumi.Config("cloudflare");
  return {
    baseUrl: config.get("baseUrl") ?? env.CLOUDFLARE_BASE_URL,
    token: config.get("apiToken") ?? env.CLOUDFLARE_API_TOKEN,
  };
}
