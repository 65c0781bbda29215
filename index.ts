import "./packages/base/process/program-process";
import * as pulumi from "@pulumi/pulumi";
import { AccessApplication } from "./components/access-application";
import { judgePlan } from "./components/access-tests";
import { DnsRoute, ownerComment } from "./components/dns-route";
import { ExpiryAlert } from "./components/expiry-alert";
import { GoogleIdentityProvider } from "./components/google-identity-provider";
import { SecretStore, storedCredentials } from "./components/secret-store";
import { secretsLeftBehind } from "./components/secrets-left-behind";
import { ServiceToken } from "./components/service-token";
import { Tunnel } from "./components/tunnel";
import { TunnelIngress } from "./components/tunnel-ingress";
import { stackPrefix } from "./config/secret-id";
import { loadConfig } from "./config/stack-config";
import { acceptedTokens, credentialsOf } from "./config/stand-in";
import { UserError } from "./packages/base/errors";
import { apiAccess } from "./packages/cloudflare/api-access";
import { lookUp } from "./packages/cloudflare/look-up";

/** Declares the stack, in the order in which nothing is public before its guard. */
async function program() {
  const config = loadConfig();
  judgePlan(config);
  const { accountId, teamName } = config;
  const comment = ownerComment(pulumi.getProject(), pulumi.getStack());
  const { zoneId, left, keep } = await lookUp({ ...config, ownerComment: comment }, apiAccess());

  const google = new GoogleIdentityProvider("google", {
    accountId,
    teamName,
    google: config.google,
    protect: keep.login,
  });
  const tokens = config.serviceTokens.map(({ name, standIn, ...token }) => {
    const protect = config.protectTokens && standIn === undefined;
    return { name, standIn, resource: new ServiceToken(name, { accountId, ...token, protect }) };
  });
  const applications = config.applications.map((application) => {
    const { name, allow, hostname, sessionDuration } = application;
    const accepted = acceptedTokens(application, tokens);
    const access = new AccessApplication(name, {
      accountId,
      hostname,
      identityProviderId: google.providerId,
      allow,
      tokenIds: accepted.map((token) => token.resource.id),
      sessionDuration,
      leftBehind: left.applications[name],
    });
    return { name, kind: application.kind, hostname, service: application.service, access };
  });

  const tunnel = new Tunnel("tunnel", {
    accountId,
    tunnel: config.tunnel,
    importId: left.tunnel,
    protect: keep.tunnel,
  });
  const ingress = new TunnelIngress("ingress", {
    accountId,
    teamName,
    tunnelId: tunnel.tunnelId,
    shared: config.tunnel.id !== undefined,
    rules: applications.map(({ hostname, service, access }) => ({ hostname, service, aud: access.aud })),
  });
  for (const { name, hostname, access } of applications) {
    const route = { zoneId, hostname, tunnelId: tunnel.tunnelId, comment };
    const order = { parent: access, dependsOn: ingress.configuration };
    new DnsRoute(name, route, { ...order, import: left.records[name] });
  }

  const credentials = credentialsOf(tokens);
  const prefix = stackPrefix(pulumi.getProject(), pulumi.getStack());
  if (config.secretStore.kind === "gcp") {
    const secrets = storedCredentials(credentials, config.google.clientSecret);
    const store = { ...config.secretStore, prefix, secrets };
    new SecretStore("secret-store", { ...store, importIds: await secretsLeftBehind(store) });
  }
  if (config.alerts) new ExpiryAlert("alerts", { accountId, emails: config.alerts.emails, prefix });

  return {
    applications: Object.fromEntries(
      applications.map(({ name, kind, hostname, access: { aud, applicationId: id } }) => {
        return [name, { url: `https://${hostname}`, aud, id, ...(kind === "comfyui" ? {} : { kind }) }];
      }),
    ),
    google: { redirectUri: google.redirectUri, javascriptOrigin: google.javascriptOrigin },
    serviceTokens: pulumi.secret(credentials),
    tunnel: { id: tunnel.tunnelId, token: tunnel.connectorToken },
  };
}

const outputs = program().catch((error: unknown) => {
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
