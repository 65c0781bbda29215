import { z } from "zod";
import type { TunnelConfiguration } from "../account/entities";
import { microsecondsTime } from "../account/ids";
import { guard } from "./auth";
import { plainRefusal, readBody } from "./body";
import type { Register } from "./context";
import { ok, VendorError } from "./envelope";
import { ingressFault } from "./ingress";
import { knownTunnel } from "./tunnels";

const DOCS = "zero_trust/subresources/tunnels/subresources/cloudflared/subresources/configurations/methods/";

// Rules and origin settings are open: what the sandbox does not know is kept as it came.
const loose = z.record(z.string(), z.unknown());
const configFields = z.strictObject({
  ingress: z.array(loose).nullish(),
  originRequest: loose.nullish(),
  "warp-routing": z.strictObject({ enabled: z.boolean().optional() }).nullish(),
});
const configurationBody = z.strictObject({
  // Checked and not taken from the schema, which would put the names in an order of its own.
  config: z
    .custom<z.infer<typeof configFields>>()
    .superRefine((config, context) => {
      for (const issue of configFields.safeParse(config).error?.issues ?? []) context.addIssue({ ...issue });
    })
    .nullish(),
});

/** /accounts/{account}/cfd_tunnel/{id}/configurations: read and replaced whole; the last writer wins. */
export const tunnelConfigurations: Register = (app, store) => {
  const path = "/accounts/:account/cfd_tunnel/:id/configurations";

  app.get(path, guard(store, { permission: "Cloudflare Tunnel Read", docs: `${DOCS}get` }), (c) => {
    const tunnel = knownTunnel(c, store);
    const configuration = store.tunnelConfigurations.get(tunnel.id);
    if (!configuration) {
      throw new VendorError(404, { code: 1055, message: "Configuration for tunnel not found" });
    }
    return ok(c, render(configuration));
  });

  app.put(path, guard(store, { permission: "Cloudflare Tunnel Write", docs: `${DOCS}update` }), async (c) => {
    const tunnel = knownTunnel(c, store);
    const { config } = await readBody(c, configurationBody, plainRefusal);
    const fault = ingressFault(config?.ingress ?? []);
    if (fault !== undefined) {
      throw new VendorError(400, { code: 1056, message: `Bad Configuration: ${fault}` });
    }
    const configuration: TunnelConfiguration = {
      id: tunnel.id,
      accountId: tunnel.accountId,
      // Every PUT counts, also one that changes nothing: cloudflared applies only a higher version.
      version: (store.tunnelConfigurations.get(tunnel.id)?.version ?? 0) + 1,
      config: Object.fromEntries(Object.entries(config ?? {}).filter(([, value]) => value != null)),
      createdAt: microsecondsTime(store.now()),
    };
    return ok(c, render(store.tunnelConfigurations.put(configuration)));
  });
};

const render = (configuration: TunnelConfiguration) => ({
  tunnel_id: configuration.id,
  version: configuration.version,
  source: "cloudflare",
  config: configuration.config,
  created_at: configuration.createdAt,
});
