import { expect, test } from "vitest";
import { UNKNOWN } from "../../packages/provider/host/values";
import { judgeStack } from "../../policies/judge";
import type { Kind } from "../../policies/resource";
import { RULES } from "../../policies/rules";
import { compliant, set, the } from "./compliant";

const PEOPLE: [Kind, string] = ["policy", "comfyui-google-email"];
const MACHINES: [Kind, string] = ["policy", "comfyui-service-token"];
const access = "config.ingresses[0].originRequest.access";

/** By rule, values that a preview may not know and that no dependency tells. */
const unknowns: Record<string, { on: [Kind, string?]; path: string; says?: string }[]> = {
  "no-everyone": [{ on: PEOPLE, path: "includes" }],
  "no-any-token": [{ on: MACHINES, path: "includes[0]" }],
  "no-bypass": [{ on: PEOPLE, path: "decision" }],
  "allow-names-people": [
    { on: PEOPLE, path: "includes" },
    { on: PEOPLE, path: "includes[0].email.email" },
  ],
  "allow-requires-google-login": [
    { on: PEOPLE, path: "requires" },
    { on: ["identityProvider"], path: "type", says: "requires[0].loginMethod.id" },
  ],
  "tokens-only-in-service-auth": [{ on: PEOPLE, path: "excludes" }],
  "service-auth-names-tokens": [{ on: MACHINES, path: "includes" }],
  "application-has-policies": [{ on: ["application"], path: "policies" }],
  "explicit-precedence": [{ on: ["application"], path: "policies[0].precedence" }],
  "session-duration": [{ on: ["application"], path: "sessionDuration" }],
  "one-identity-provider": [
    { on: ["application"], path: "allowedIdps" },
    { on: ["application"], path: "autoRedirectToIdentity" },
  ],
  "hostname-covered": [
    { on: ["application"], path: "destinations", says: "config.ingresses[0].hostname" },
    { on: ["ownIngress"], path: "config.ingresses[0].hostname" },
  ],
  "ingress-requires-access": [
    { on: ["ownIngress"], path: `${access}.required` },
    { on: ["ownIngress"], path: `${access}.teamName` },
  ],
  "ingress-catch-all": [
    { on: ["ownIngress"], path: "config.ingresses" },
    { on: ["ownIngress"], path: "config.ingresses[1].service" },
  ],
  "destinations-agree": [{ on: ["application"], path: "domain" }],
  "service-at-origin": [{ on: ["ownIngress"], path: "config.ingresses[0].service" }],
  "secret-readers": [
    { on: ["secretReader"], path: "member" },
    { on: ["secretReader"], path: "role" },
  ],
  "dns-proxied": [{ on: ["dnsRecord"], path: "proxied" }],
  "token-duration": [{ on: ["token"], path: "duration" }],
  "token-overlap": [{ on: ["token"], path: "previousClientSecretExpiresAt" }],
  "provider-address": [{ on: ["provider"], path: "baseUrl" }],
};

const each = Object.entries(unknowns).flatMap(([rule, list]) =>
  list.map((unknown) => ({ rule, ...unknown })),
);

test.each(each)(
  "$rule says that an unknown $path could not be decided",
  ({ rule, on, path, says = path }) => {
    const resources = compliant({ mode: "preview" });
    set(the(resources, ...on), path, UNKNOWN);
    const violations = judgeStack({ resources, teamName: "datacrew" });
    const messages = violations
      .filter((violation) => violation.rule.name === rule)
      .map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringContaining(
        `: ${says} could not be decided, since its value is not known yet. Set it to a value`,
      ),
    ]);
    // Another rule that looks at the same value may say the same, but nothing passes for wrong.
    expect(new Set(violations.map(({ code }) => code))).toEqual(new Set(["undecided"]));
  },
);

test("of all rules, only those that no unknown can keep from a verdict are not in this list", () => {
  const others = RULES.map(({ name }) => name).filter((name) => !Object.hasOwn(unknowns, name));
  // `protect` is never unknown; an unknown secret without a mark is a violation, and so is what nobody judges.
  expect(others).toEqual(["token-protected", "no-plain-secret", "all-judged"]);
});

const dependent: [string, [Kind, string?], string][] = [
  ["allow-requires-google-login", PEOPLE, "requires"],
  ["service-auth-names-tokens", MACHINES, "includes"],
  ["application-has-policies", ["application"], "policies"],
  ["one-identity-provider", ["application"], "allowedIdps"],
  ["ingress-requires-access", ["ownIngress"], "config"],
];

test.each(dependent)(
  "%s takes an unknown id only from a resource of the right kind",
  (rule, on, property) => {
    const judged = (urns: (old: readonly string[], others: string[]) => string[]) => {
      const resources = compliant({ mode: "preview" });
      const resource = the(resources, ...on);
      const all = resources.map(({ urn }) => urn);
      const old = resource.propertyDependencies[property] ?? [];
      resource.propertyDependencies = { ...resource.propertyDependencies, [property]: urns(old, all) };
      const violations = judgeStack({ resources, teamName: "datacrew" });
      return [...new Set(violations.map((violation) => violation.rule.name))];
    };
    expect(judged((old) => [...old])).toEqual([]);
    expect(judged(() => [])).toEqual([rule]);
    const record = "urn:pulumi:dev::comfyui-access::cloudflare:index/dnsRecord:DnsRecord::comfyui";
    expect(judged(() => [record])).toEqual([rule]);
    // It could come from either.
    expect(judged((old) => [...old, record])).toEqual([rule]);
    expect(judged((old) => [...old, "urn:pulumi:dev::comfyui-access::not:shown::here"])).toEqual([rule]);
  },
);

test("a record that is not proxied and leads somewhere unknown could not be decided", () => {
  const resources = compliant({ mode: "preview" });
  const record = the(resources, "dnsRecord");
  record.propertyDependencies = {};
  set(record, "name", "other.datacrew.space");
  set(record, "proxied", false);
  expect(judgeStack({ resources }).map(({ message }) => message)).toEqual([
    expect.stringContaining("comfyui (DnsRecord): content could not be decided"),
  ]);
});
