import "./packages/base/process/program-process";
import * as pulumi from "@pulumi/pulumi";
import { AccessApplication } from "./components/access-application";
import { judgePlan } from "./components/access-tests";
import { argsFrom, NAMES } from "./components/args";
import { DnsRoute, ownerComment } from "./components/dns-route";
import { ExpiryAlert } from "./components/expiry-alert";
import { GoogleIdentityProvider } from "./components/google-identity-provider";
import { loadConfig } from "./components/load-config";
import { readableTokens, SecretStore } from "./components/secret-store";
import { secretsLeftBehind } from "./components/secrets-left-behind";
import { ServiceToken } from "./components/service-token";
import { Tunnel } from "./components/tunnel";
import { TunnelIngress } from "./components/tunnel-ingress";
import { credentialsOf } from "./config/stand-in";
import { UserError } from "./packages/base/errors";
import { writeFindings } from "./packages/base/process/findings-file";
import { apiAccess } from "./packages/cloudflare/api-access";
import { lookUp } from "./packages/cloudflare/look-up";

/** Declares the stack, in the order in which nothing is public before its guard. */
async function program() {
  const config = loadConfig();
  judgePlan(config);
  const [project, stack] = [pulumi.getProject(), pulumi.getStack()];
  const marked = { ...config, ownerComment: ownerComment(project, stack) };
  const { zoneId, left, keep } = await lookUp(marked, apiAccess());
  const args = argsFrom(config, { project, stack, zoneId });

  const google = new GoogleIdentityProvider(NAMES.login, { ...args.login(), protect: keep.login });
  const tokens = config.serviceTokens.map((token) => {
    const resource = new ServiceToken(token.name, args.token(token));
    return { ...token, resource, id: resource.id };
  });
  const applications = config.applications.map((application) => {
    const { name } = application;
    const wanted = args.application(application, google.providerId, tokens);
    const access = new AccessApplication(name, { ...wanted, leftBehind: left.applications[name] });
    return { ...application, access, aud: access.aud };
  });

  const own = { importId: left.tunnel, protect: keep.tunnel };
  const tunnel = new Tunnel(NAMES.tunnel, { ...args.tunnel(), ...own });
  const ingress = new TunnelIngress(NAMES.ingress, args.ingress(tunnel.tunnelId, applications));
  for (const application of applications) {
    const { name, access } = application;
    const order = { parent: access, dependsOn: ingress.configuration };
    new DnsRoute(name, args.route(application, tunnel.tunnelId), { ...order, import: left.records[name] });
  }

  const credentials = credentialsOf(tokens);
  const store = args.store(readableTokens(credentials), config.google.clientSecret);
  if (store) new SecretStore(NAMES.store, { ...store, importIds: await secretsLeftBehind(store) });
  const alerts = args.alerts();
  if (alerts) new ExpiryAlert(NAMES.alerts, alerts);

  return {
    applications: Object.fromEntries(
      applications.map(({ name, kind, hostname, aud, access: { applicationId: id } }) => {
        return [name, { url: `https://${hostname}`, aud, id, ...(kind === "comfyui" ? {} : { kind }) }];
      }),
    ),
    google: { redirectUri: google.redirectUri, javascriptOrigin: google.javascriptOrigin },
    serviceTokens: pulumi.secret(credentials),
    tunnel: { id: tunnel.tunnelId, token: tunnel.connectorToken },
  };
}

const outputs = program().catch((error: unknown) => {
  writeFindings(error);
  // The engine prints the message of a RunError alone; a stack trace would only hide what to do.
  throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
});

function stackOutput<K extends keyof Awaited<typeof outputs>>(key: K): Promise<Awaited<typeof outputs>[K]> {
  const output = outputs.then((stack) => stack[key]);
  // The engine reports the failure when it collects the outputs; until then Node would call it unhandled.
  output.catch(() => {});
  return output;
}

export const applications = stackOutput("applications");
export const google = stackOutput("google");
export const serviceTokens = stackOutput("serviceTokens");
export const tunnel = stackOutput("tunnel");
