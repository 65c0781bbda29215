import { NotificationPolicy } from "@pulumi/cloudflare/notificationPolicy.js";
import * as pulumi from "@pulumi/pulumi";
import { COMPONENTS } from "./types";

/** Whom to alert. */
export interface ExpiryAlertArgs {
  /** Account id. */
  accountId: pulumi.Input<string>;
  /** Addresses that get the mails. */
  emails: readonly string[];
  /** Put before the alerts' names, which have to be told apart in one account. */
  prefix: string;
}

/** What is alerted: a token that expires within a week, and a tunnel that goes down or comes back. */
const ALERTS = {
  "token-expiry": "expiring_service_token_alert",
  "tunnel-health": "tunnel_health_event",
};

/** E-mail alerts for what stops API clients without anybody having changed anything. */
export class ExpiryAlert extends pulumi.ComponentResource {
  constructor(name: string, args: ExpiryAlertArgs, opts?: pulumi.ComponentResourceOptions) {
    super(COMPONENTS.alerts, name, {}, opts);
    for (const [alert, declared] of Object.entries(expiryAlerts(args))) {
      new NotificationPolicy(alert, declared, { parent: this });
    }
    this.registerOutputs({});
  }
}

/** What {@link ExpiryAlert} declares, by name. */
export function expiryAlerts({ accountId, emails, prefix }: ExpiryAlertArgs) {
  const alerts = Object.entries(ALERTS).map(([alert, alertType]) => {
    const mechanisms = { emails: emails.map((id) => ({ id })) };
    return [alert, { accountId, name: `${prefix} ${alert}`, alertType, enabled: true, mechanisms }] as const;
  });
  return Object.fromEntries(alerts);
}
