import type { Context } from "hono";
import type { GcpService } from "../account/entities";
import { newHex32 } from "../account/ids";
import type { Store } from "../account/store";
import type { SandboxApp, SandboxEnv } from "../api/context";
import { GoogleError, invalidArgument } from "./errors";

/**
 * Service Usage v1: enable, disable and read the services of a project.
 * See https://cloud.google.com/service-usage/docs/reference/rest/v1/services.
 */
export function serviceUsage(app: SandboxApp, store: Store): void {
  app.get("/v1/projects/:project/services/:service", (c) => {
    const { project, service } = c.req.param();
    return c.json(render(serviceOf(store, project, service)));
  });

  app.post("/v1/projects/:project/services/:target", (c) => {
    const [service, action] = c.req.param("target").split(":");
    if (action === "enable") return setState(c, store, service ?? "", "ENABLED");
    if (action === "disable") return setState(c, store, service ?? "", "DISABLED");
    throw new GoogleError(404, "NOT_FOUND", `sandbox: no method ${action ?? ""} of services`);
  });
}

/** @throws GoogleError PERMISSION_DENIED, as Google answers when an API is not enabled in the project. */
export function requireService(store: Store, project: string, service: string): void {
  if (!store.settings.gcpServicesMustBeEnabled) return;
  if (serviceOf(store, project, service).state === "ENABLED") return;
  throw new GoogleError(
    403,
    "PERMISSION_DENIED",
    `${service} has not been used in project ${project} before or it is disabled.`,
    [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "SERVICE_DISABLED",
        domain: "googleapis.com",
        metadata: { service, consumer: `projects/${project}` },
      },
    ],
  );
}

function setState(c: Context<SandboxEnv>, store: Store, name: string, state: GcpService["state"]): Response {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name)) throw invalidArgument(`"${name}" is not a service name`);
  const project = c.req.param("project") ?? "";
  const service = store.gcpServices.put({ ...serviceOf(store, project, name), state });
  // The sandbox is done at once, so the operation is too.
  return c.json({
    name: `operations/${newHex32()}`,
    done: true,
    response: {
      "@type": `type.googleapis.com/google.api.serviceusage.v1.${state === "ENABLED" ? "Enable" : "Disable"}ServiceResponse`,
      service: render(service),
    },
  });
}

function serviceOf(store: Store, project: string, name: string): GcpService {
  const id = `projects/${project}/services/${name}`;
  return store.gcpServices.get(id) ?? { id, state: "DISABLED" };
}

const render = (service: GcpService) => ({
  name: service.id,
  config: { name: service.id.split("/").at(-1) },
  state: service.state,
  parent: service.id.split("/").slice(0, 2).join("/"),
});
