/** A permission group that the stack's API token needs. */
export interface RequiredGroup {
  /** As Cloudflare writes it, without `Read` or `Write`. */
  group: string;
  /** The least that is enough; `Write` holds `Read`. */
  level: "Read" | "Write";
  /** On what the token's policy has to give it. */
  on: "account" | "zone";
}

/** Names of the groups (https://developers.cloudflare.com/fundamentals/api/reference/permissions/). */
export const GROUPS = {
  apps: "Access: Apps and Policies",
  organization: "Access: Organizations, Identity Providers, and Groups",
  tokens: "Access: Service Tokens",
  tunnels: "Cloudflare Tunnel",
  alerts: "Notifications",
  zone: "Zone",
  dns: "DNS",
} as const;

/** Exactly what a preview or an update needs; notifications only where the stack has alerts. */
export function requiredGroups(purpose: "preview" | "up", { alerts }: { alerts: boolean }): RequiredGroup[] {
  const level = purpose === "up" ? "Write" : "Read";
  return [
    { group: GROUPS.apps, level, on: "account" },
    { group: GROUPS.organization, level, on: "account" },
    { group: GROUPS.tokens, level, on: "account" },
    { group: GROUPS.tunnels, level, on: "account" },
    ...(alerts ? [{ group: GROUPS.alerts, level, on: "account" } as const] : []),
    { group: GROUPS.zone, level: "Read", on: "zone" },
    { group: GROUPS.dns, level, on: "zone" },
  ];
}
