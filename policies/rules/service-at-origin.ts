import { BlockList, isIP } from "node:net";
import { isLoopback, urlIn } from "../../packages/base/host-name";
import { asText, isUnknown, valueAt } from "../resource";
import { type Fault, type Limits, type ResourceRule, undecided } from "../rule";
import { type IngressRule, ingressOf } from "../stack";

/** A connector that leads elsewhere than to the app hands visitors to others, or opens what only its machine may ask. */
export const serviceAtOrigin: ResourceRule = {
  name: "service-at-origin",
  description:
    "Every service of the tunnel is on the connector's machine, in its own network, or on a named host.",
  kinds: ["ownIngress", "sharedIngress"],
  limits: {
    hosts: {
      type: "array",
      items: { type: "string" },
      description: "Hosts of services besides the connector's own machine and names without a dot.",
      default: ["host.docker.internal"],
    },
  },
  judge: (resource, limits) => ingressOf(resource).rules.flatMap((rule) => judgeRule(rule, limits)),
};

function judgeRule({ resource, at, rule }: IngressRule, { hosts = [] }: Limits): Fault[] {
  const property = `${at}.service`;
  const service = valueAt(rule, "service");
  if (isUnknown(service)) return [undecided(resource, property)];
  const fault = faultOf(asText(service), hosts);
  return fault === undefined ? [] : [{ resource, property, ...fault }];
}

/** What answers on the connector itself, and reaches no other host. */
const ITSELF = /^(http_status:\d+|hello_world|hello-world|unix(\+tls)?:\/.*)$/;
/** What leads wherever a visitor asks for. */
const PROXIES = ["bastion", "socks-proxy"];

/** Names by which clouds answer with a machine's own credentials. */
const METADATA_NAMES = ["metadata", "metadata.google.internal", "metadata.goog", "instance-data"];
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("100.100.100.200", "ipv4");

function faultOf(
  service: string,
  hosts: readonly string[] | string,
): Pick<Fault, "found" | "remedy"> | undefined {
  if (ITSELF.test(service)) return undefined;
  const mend = "Name the app's own address, such as http://localhost:8188";
  if (PROXIES.includes(service)) {
    return { found: `is ${service}, which leads wherever a visitor asks for`, remedy: `${mend}.` };
  }
  const host = hostOf(service);
  if (host === undefined) return { found: "is no address of a service", remedy: `${mend}.` };
  if (METADATA_NAMES.includes(host) || isIn(METADATA, host)) {
    const found = `leads to ${host}, where a machine answers with its own credentials`;
    return { found, remedy: `${mend}.` };
  }
  const isNear = isLoopback(host) || (isIP(bare(host)) === 0 && !host.includes("."));
  if (isNear || hosts.includes(host)) return undefined;
  const found = `leads to ${host}, which is neither the connector's machine nor named`;
  return { found, remedy: `${mend}, or name the host in "hosts" of service-at-origin.` };
}

/** The host as every reader takes it: an address has one spelling, whatever the scheme and however it is written. */
function hostOf(service: string): string | undefined {
  const [, authority] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(service) ?? [];
  const host = authority === undefined ? undefined : urlIn(`http://${authority}`)?.hostname;
  return host?.replace(/\.$/, "") || undefined;
}

/** An address without the brackets that stand around it in a URL. */
const bare = (host: string): string => host.replace(/^\[|\]$/g, "");

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(bare(host));
  return family !== 0 && list.check(bare(host), family === 4 ? "ipv4" : "ipv6");
}
