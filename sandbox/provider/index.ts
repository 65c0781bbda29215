import { serveProvider } from "../../src/provider-host";
import { cloudflarePackage } from "./cloudflare/package";
import { gcpPackage } from "./gcp/package";
import { combinePackages } from "./package-provider";
import { randomPackage } from "./random/package";
import type { RetryPolicy } from "./retry";

export interface SandboxProviderOptions {
  /** Base URL of the Cloudflare API with its path; default: the environment's CLOUDFLARE_BASE_URL. */
  apiUrl?: string;
  /** Token for it; default: the environment's CLOUDFLARE_API_TOKEN. */
  apiToken?: string;
  /** Base URL of the Google endpoints, before `/v1`; default: the environment's SANDBOX_GCP_URL. */
  gcpUrl?: string;
  /** Loopback port; default 0, any free one. */
  port?: number;
  /** How often a failing call is tried; default as the real provider does. */
  retry?: RetryPolicy;
}

export interface SandboxProvider {
  port: number;
  /** Value of PULUMI_DEBUG_PROVIDERS that attaches an engine to it. */
  debugProviders: string;
  close(): Promise<void>;
}

/** Starts the provider of the sandbox: the packages `cloudflare`, `random` and `gcp` on one port. */
export async function startSandboxProvider(options: SandboxProviderOptions = {}): Promise<SandboxProvider> {
  const packages = {
    cloudflare: cloudflarePackage(
      {
        baseUrl: options.apiUrl ?? process.env.CLOUDFLARE_BASE_URL,
        apiToken: options.apiToken ?? process.env.CLOUDFLARE_API_TOKEN,
      },
      options.retry,
    ),
    random: randomPackage,
    gcp: gcpPackage(options.gcpUrl ?? process.env.SANDBOX_GCP_URL, options.retry),
  };
  const served = await serveProvider(combinePackages(packages, "0.0.0"), { port: options.port });
  const debugProviders = Object.keys(packages)
    .map((name) => `${name}:${served.port}`)
    .join(",");
  return { ...served, debugProviders };
}
