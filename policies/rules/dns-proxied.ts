import { isTunnelHost } from "../../packages/access/tunnel-host";
import { isUnknown, type Resource, valueAt } from "../resource";
import { type Fault, type StackRule, undecided } from "../rule";
import { of, publicRules, type Stack, targetOf } from "../stack";

/** Access stands in front of proxied names only. A record that leads elsewhere is none of this stack's business. */
export const dnsProxied: StackRule = {
  name: "dns-proxied",
  description: "Every DNS record that leads to the tunnel is proxied.",
  kinds: ["dnsRecord"],
  judgeStack: (stack) => {
    const hostnames = publicRules(stack).map(({ hostname }) => hostname);
    return of(stack, "dnsRecord").flatMap((record) => judgeRecord(stack, record, hostnames));
  },
};

function judgeRecord(stack: Stack, resource: Resource, hostnames: readonly unknown[]): Fault[] {
  const proxied = valueAt(resource.properties, "proxied");
  if (proxied === true) return [];
  const leads = hostnames.includes(valueAt(resource.properties, "name")) || leadsToTunnel(stack, resource);
  if (leads === false) return [];
  if (leads === "undecided") return [undecided(resource, "content")];
  if (isUnknown(proxied)) return [undecided(resource, "proxied")];
  const found = `is ${proxied === undefined ? "absent, and then off" : "off"}, so that Access does not stand in front`;
  return [{ resource, property: "proxied", found, remedy: "Set it to true." }];
}

function leadsToTunnel(stack: Stack, resource: Resource): boolean | "undecided" {
  const content = valueAt(resource.properties, "content");
  if (!isUnknown(content)) return typeof content === "string" && isTunnelHost(content);
  return targetOf(stack, { resource, property: "content" }, content, "tunnel") === "undecided"
    ? "undecided"
    : true;
}
