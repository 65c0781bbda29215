import { KINDS as TABLE } from "../../../cloudflare/kinds";
import { application } from "./application";
import { identityProvider } from "./identity-provider";
import { compared, type Kind } from "./kind";
import { serviceToken } from "./service-token";
import { sharedIngress } from "./shared-ingress";
import { tunnel } from "./tunnel";
import { tunnelConfiguration } from "./tunnel-configuration";

/** Every kind of object that is compared with the account, in the order of a report. */
const KINDS: readonly Kind[] = [
  application,
  compared(TABLE.policy, { subject: "policy" }),
  identityProvider,
  serviceToken,
  tunnel,
  tunnelConfiguration,
  sharedIngress,
  compared(TABLE.dnsRecord, { subject: "DNS record" }),
  compared(TABLE.alert, { subject: "notification policy" }),
];

export const kindOf = (type: string): Kind | undefined => KINDS.find((kind) => kind.table.types[0] === type);
