import "../../base/process/no-environment-in-reports";
import { apiAddress } from "../../../config/provider-addresses";
import { endWithParent } from "../../base/process/end-with-parent";
import { serveProvider } from "../host";
import { tunnelIngressProvider } from "./provider";
import { type ApiAccess, TunnelApi } from "./tunnel-api";

/** The Cloudflare settings of the stack, where the engine hands its config to plugins. */
function cloudflareConfig(): ApiAccess {
  try {
    const config = JSON.parse(process.env["PULUMI_CONFIG"] ?? "{}") as Record<string, unknown>;
    const text = (key: string) => (typeof config[key] === "string" ? config[key] : undefined);
    return { apiToken: text("cloudflare:apiToken"), baseUrl: text("cloudflare:baseUrl") };
  } catch {
    return {};
  }
}

function connect(access: ApiAccess): TunnelApi {
  return new TunnelApi({ ...access, baseUrl: apiAddress(access.baseUrl) });
}

// The engine passes its own address as the one argument, and reads the port from stdout.
serveProvider(tunnelIngressProvider(connect, cloudflareConfig()), { engineAddress: process.argv.at(2) }).then(
  ({ port }) => {
    console.log(port);
    endWithParent();
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
