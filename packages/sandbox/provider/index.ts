import { UserError } from "../../base/errors";
import { serveProvider } from "../../provider/host";
import { cloudflarePackage } from "./cloudflare/package";
import { gcpPackage } from "./gcp/package";
import type { PlanForm } from "./kind";
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
  /** Loopback port of `cloudflare`; default 0, any free one. */
  port?: number;
  /** How often a failing call is tried; default as the real provider does. */
  retry?: RetryPolicy;
  /** How Cloudflare's plans are told; default: the environment's SANDBOX_PLAN_FORM, or as recorded of the real one. */
  planForm?: PlanForm;
}

export interface SandboxProvider {
  /** Port of `cloudflare`. */
  port: number;
  /** Value of PULUMI_DEBUG_PROVIDERS that attaches an engine to it. */
  debugProviders: string;
  close(): Promise<void>;
}

/** Starts the provider of the sandbox: the packages `cloudflare`, `random` and `gcp`, each on a port of its own. */
export async function startSandboxProvider(options: SandboxProviderOptions = {}): Promise<SandboxProvider> {
  const packages = {
    cloudflare: cloudflarePackage(
      {
        baseUrl: options.apiUrl ?? process.env.CLOUDFLARE_BASE_URL,
        apiToken: options.apiToken ?? process.env.CLOUDFLARE_API_TOKEN,
      },
      options.retry,
      options.planForm ?? planFormOf(process.env.SANDBOX_PLAN_FORM),
    ),
    random: randomPackage,
    gcp: gcpPackage(options.gcpUrl ?? process.env.SANDBOX_GCP_URL, options.retry),
  };
  // One server a package: each reports the version of the SDK that it stands in for, which the engine compares.
  const served = await Promise.all(
    Object.entries(packages).map(async ([name, parts]) => {
      const server = await serveProvider(combinePackages({ [name]: parts }, sdkVersion(name)), {
        port: name === "cloudflare" ? options.port : 0,
      });
      return { name, ...server };
    }),
  );
  return {
    port: served[0]?.port ?? 0,
    debugProviders: served.map(({ name, port }) => `${name}:${port}`).join(","),
    close: async () => {
      await Promise.all(served.map((server) => server.close()));
    },
  };
}

/** Reads SANDBOX_PLAN_FORM; unset or empty is the recorded form. */
function planFormOf(value: string | undefined): PlanForm | undefined {
  if (value === undefined || value === "") return undefined;
  if (value === "names" || value === "paths") return value;
  throw new UserError(
    `SANDBOX_PLAN_FORM is "${value}"`,
    'Set it to "names", as the real provider tells its plans, or to "paths".',
  );
}

function sdkVersion(name: string): string {
  return (require(`@pulumi/${name}/package.json`) as { version: string }).version;
}
