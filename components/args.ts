import type * as pulumi from "@pulumi/pulumi";
import { stackPrefix } from "../config/secret-id";
import type { GoogleConfig, StackConfig } from "../config/stack-config";
import { acceptedTokens } from "../config/stand-in";
import type { AccessApplicationArgs } from "./access-application";
import { type DnsRouteArgs, ownerComment } from "./dns-route";
import type { ExpiryAlertArgs } from "./expiry-alert";
import { type SecretStoreArgs, storedCredentials } from "./secret-store";
import type { ServiceTokenArgs } from "./service-token";
import type { TunnelIngressArgs } from "./tunnel-ingress";

/** What of the config decides what is declared. */
export type Declarable<Secret = unknown> = Pick<
  StackConfig<Secret>,
  | "accountId"
  | "teamName"
  | "google"
  | "tunnel"
  | "applications"
  | "serviceTokens"
  | "protectTokens"
  | "secretStore"
  | "alerts"
>;

type Application = Declarable["applications"][number];
type Token = Declarable["serviceTokens"][number];
/** An id, or another text, that is known now or only when the program has run. */
type Text = pulumi.Input<string>;

/** Whose program it is, and the zone of its host names. */
export interface Place {
  project: string;
  stack: string;
  zoneId: string;
}

/** What the program calls what it has one of. */
export const NAMES = {
  login: "google",
  tunnel: "tunnel",
  ingress: "ingress",
  store: "secret-store",
  alerts: "alerts",
} as const;

/**
 * What each component is given for a config: the program takes it from here, and so does the declaration. Asked for is
 * what only a resource that was declared before can tell.
 */
export function argsFrom<Secret>(config: Declarable<Secret>, { project, stack, zoneId }: Place) {
  const { accountId, teamName, tunnel } = config;
  const prefix = stackPrefix(project, stack);
  return {
    login: (): { accountId: string; teamName: string; google: GoogleConfig<Secret> } => {
      return { accountId, teamName, google: config.google };
    },
    token: ({ duration, version, previousExpiresAt, standIn }: Token): ServiceTokenArgs => {
      const protect = config.protectTokens && standIn === undefined;
      return { accountId, duration, version, previousExpiresAt, protect };
    },
    application: (
      { hostname, allow, serviceTokens, sessionDuration }: Application,
      identityProviderId: Text,
      tokens: readonly (Pick<Token, "name" | "standIn"> & { id: Text })[],
    ): AccessApplicationArgs => {
      const tokenIds = acceptedTokens({ serviceTokens }, tokens).map(({ id }) => id);
      return { accountId, hostname, identityProviderId, allow, tokenIds, sessionDuration };
    },
    tunnel: () => ({ accountId, tunnel }),
    ingress: (tunnelId: Text, applications: readonly (Application & { aud: Text })[]): TunnelIngressArgs => {
      const rules = applications.map(({ hostname, service, aud }) => ({ hostname, service, aud }));
      return { accountId, teamName, tunnelId, shared: tunnel.id !== undefined, rules };
    },
    route: ({ hostname }: Application, tunnelId: Text): DnsRouteArgs => {
      return { zoneId, hostname, tunnelId, comment: ownerComment(project, stack) };
    },
    store: (
      tokens: Readonly<Record<string, Text>>,
      clientSecret: Text | undefined,
    ): SecretStoreArgs | undefined => {
      if (config.secretStore.kind === "none") return undefined;
      const { project, readers } = config.secretStore;
      return { project, readers, prefix, secrets: storedCredentials(tokens, clientSecret) };
    },
    alerts: (): ExpiryAlertArgs | undefined => {
      return config.alerts && { accountId, emails: config.alerts.emails, prefix };
    },
  };
}
