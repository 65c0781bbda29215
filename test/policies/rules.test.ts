import { describe, expect, test } from "vitest";
import { type PropertyValue, UNKNOWN } from "../../packages/provider/host/values";
import { judgeStack } from "../../policies/judge";
import type { Kind } from "../../policies/resource";
import { RULES } from "../../policies/rules";
import { compliant, type Shape, set, the } from "./compliant";

const shapes: [string, Shape][] = [
  ["of its own tunnel", {}],
  ["of a shared tunnel", { shared: true }],
  ["in production", { stack: "prod" }],
];

describe.each(shapes)("a compliant stack %s", (_, shape) => {
  test("passes when everything is known", () => {
    expect(judgeStack({ resources: compliant(shape) })).toEqual([]);
  });

  test("passes its first preview, where ids and audience tags are not known", () => {
    expect(judgeStack({ resources: compliant({ ...shape, mode: "preview" }), teamName: "datacrew" })).toEqual(
      [],
    );
  });
});

interface Break {
  /** Which resource, and for policies and the like which one. */
  on: [Kind, string?];
  path: string;
  /** Undefined takes the property away. */
  to: PropertyValue | undefined;
  message: string;
  shape?: Shape;
}

const PEOPLE: [Kind, string] = ["policy", "comfyui-google-email"];
const MACHINES: [Kind, string] = ["policy", "comfyui-service-token"];
const access = "config.ingresses[0].originRequest.access";
const nameTokens = "Name each token that may pass by its id (not its client id), in serviceToken.";
const namePeople = "Name people by email, or a mail domain of their own by emailDomain.";

const APP = "Name the app's own address, such as http://localhost:8188";
const METADATA = (host: string) =>
  `leads to ${host}, where a machine answers with its own credentials. ${APP}.`;
const NOT_NAMED = (host: string) =>
  `leads to ${host}, which is neither the connector's machine nor named. ${APP}, or name the host in "hosts" of service-at-origin.`;
const GRANT =
  'Grant it to a service account of the project, or name the domain in "domains" of secret-readers.';

/** By rule, one property broken at a time, and all that is then said. */
const breaks: Record<string, Break[]> = {
  "no-everyone": [
    {
      on: PEOPLE,
      path: "includes[1]",
      to: { everyone: {} },
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): includes[1].everyone is set, which lets anybody in. Name e-mail addresses or mail domains instead.",
    },
    {
      on: MACHINES,
      path: "includes[1]",
      to: { everyone: {} },
      message:
        "comfyui-service-token (ZeroTrustAccessPolicy): includes[1].everyone is set, which lets anybody in. Name e-mail addresses or mail domains instead.",
    },
  ],
  "no-any-token": [
    {
      on: MACHINES,
      path: "includes[0]",
      to: { anyValidServiceToken: {} },
      message:
        "comfyui-service-token (ZeroTrustAccessPolicy): includes[0].anyValidServiceToken is set, which takes every service token of the account. Name each token by its id in serviceToken instead.",
    },
  ],
  "no-bypass": [
    {
      on: PEOPLE,
      path: "decision",
      to: "bypass",
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): decision is bypass, which lets anybody in without a login or a log entry. Use one of allow, deny, non_identity.",
    },
    {
      on: PEOPLE,
      path: "decision",
      to: undefined,
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): decision is absent. Use one of allow, deny, non_identity.",
    },
  ],
  "allow-names-people": [
    {
      on: PEOPLE,
      path: "includes",
      to: [],
      message: `comfyui-google-email (ZeroTrustAccessPolicy): includes names nobody. ${namePeople}`,
    },
    {
      on: PEOPLE,
      path: "includes",
      to: undefined,
      message: `comfyui-google-email (ZeroTrustAccessPolicy): includes names nobody. ${namePeople}`,
    },
    {
      on: PEOPLE,
      path: "includes[1]",
      to: { geo: { countryCode: "NL" } },
      message: `comfyui-google-email (ZeroTrustAccessPolicy): includes[1].geo is set, which does not say who gets in. ${namePeople}`,
    },
    {
      on: PEOPLE,
      path: "includes[0]",
      to: { emailDomain: { domain: "gmail.com" } },
      message: `comfyui-google-email (ZeroTrustAccessPolicy): includes[0].emailDomain.domain is gmail.com, where anybody can get an address. ${namePeople}`,
    },
    {
      on: PEOPLE,
      path: "includes[0].email.email",
      to: "*@datacrew.space",
      message: `comfyui-google-email (ZeroTrustAccessPolicy): includes[0].email.email is not an e-mail address. ${namePeople}`,
    },
  ],
  "allow-requires-google-login": [
    {
      on: PEOPLE,
      path: "requires",
      to: undefined,
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): requires has no loginMethod, so that another login with the same address would do. Put {loginMethod: {id}} with the id of the Google identity provider in requires.",
    },
    {
      on: PEOPLE,
      path: "requires[0].loginMethod.id",
      to: "99999999-2222-4333-8444-555555555555",
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): requires[0].loginMethod.id is not the Google login. Put {loginMethod: {id}} with the id of the Google identity provider in requires.",
    },
  ],
  "tokens-only-in-service-auth": [
    {
      on: PEOPLE,
      path: "includes[1]",
      to: { serviceToken: { tokenId: "id-of-token-token-0" } },
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): includes[1].serviceToken is set in a policy that is not Service Auth, where a token alone does not get in. Move it to a policy whose decision is non_identity.",
    },
  ],
  "service-auth-names-tokens": [
    {
      on: MACHINES,
      path: "includes",
      to: [],
      message: `comfyui-service-token (ZeroTrustAccessPolicy): includes names no service token. ${nameTokens}`,
    },
    {
      on: MACHINES,
      path: "includes[1]",
      to: { ip: { ip: "192.0.2.0/24" } },
      message: `comfyui-service-token (ZeroTrustAccessPolicy): includes[1].ip is set, which lets callers in without a token. ${nameTokens}`,
    },
    {
      on: MACHINES,
      path: "includes[0].serviceToken.tokenId",
      to: "0123456789abcdef0123456789abcdef.access",
      message: `comfyui-service-token (ZeroTrustAccessPolicy): includes[0].serviceToken.tokenId is not the id of a service token. ${nameTokens}`,
    },
  ],
  "application-has-policies": [
    {
      on: ["application"],
      path: "policies",
      to: undefined,
      message:
        "comfyui (ZeroTrustAccessApplication): policies is absent, so nothing says who gets in. Attach an allow or a Service Auth policy.",
    },
    {
      on: ["application"],
      path: "policies",
      to: [],
      message:
        "comfyui (ZeroTrustAccessApplication): policies is empty, so nothing says who gets in. Attach an allow or a Service Auth policy.",
    },
    {
      on: ["application"],
      path: "policies[1].id",
      to: "99999999-2222-4333-8444-555555555555",
      message:
        "comfyui (ZeroTrustAccessApplication): policies[1].id is of a policy that this stack does not declare, so that it cannot be judged. Declare the policy in the same stack.",
    },
  ],
  "explicit-precedence": [
    {
      on: ["application"],
      path: "policies[1].precedence",
      to: 1,
      message:
        "comfyui (ZeroTrustAccessApplication): policies[1].precedence is 1, like policies[0].precedence. Number the policies from 1 in the order in which they are to be asked.",
    },
    {
      on: ["application"],
      path: "policies[0].precedence",
      to: undefined,
      message:
        "comfyui (ZeroTrustAccessApplication): policies[0].precedence is absent. Number the policies from 1 in the order in which they are to be asked.",
    },
  ],
  "session-duration": [
    {
      on: ["application"],
      path: "sessionDuration",
      to: "24h1s",
      message:
        "comfyui (ZeroTrustAccessApplication): sessionDuration is 24h1s, longer than 24h. Set it to a duration of at most 24h.",
    },
    {
      on: ["application"],
      path: "sessionDuration",
      to: undefined,
      message:
        "comfyui (ZeroTrustAccessApplication): sessionDuration is absent, so that a default decides which can change. Set it to a duration of at most 24h.",
    },
    {
      on: PEOPLE,
      path: "sessionDuration",
      to: undefined,
      message:
        "comfyui-google-email (ZeroTrustAccessPolicy): sessionDuration is absent, so that a default decides which can change. Set it to a duration of at most 24h.",
    },
  ],
  "one-identity-provider": [
    {
      on: ["application"],
      path: "allowedIdps",
      to: undefined,
      message:
        "comfyui (ZeroTrustAccessApplication): allowedIdps is absent or empty, which offers every login of the account. List the id of the Google identity provider, and no other.",
    },
    {
      on: ["application"],
      path: "allowedIdps[1]",
      to: "99999999-2222-4333-8444-555555555555",
      message:
        "comfyui (ZeroTrustAccessApplication): allowedIdps has 2 logins. List the id of the Google identity provider, and no other.",
    },
    {
      on: ["application"],
      path: "autoRedirectToIdentity",
      to: undefined,
      message:
        "comfyui (ZeroTrustAccessApplication): autoRedirectToIdentity is absent, so that Access shows a page of logins first. Set it to true.",
    },
  ],
  "hostname-covered": [
    {
      on: ["application"],
      path: "destinations[0].uri",
      to: "comfyui.datacrew.space/admin",
      message:
        "ingress (ZeroTrustTunnelCloudflaredConfig): config.ingresses[0].hostname is comfyui.datacrew.space, which no application of the stack covers, so that anybody gets there. Declare an application with the destination comfyui.datacrew.space.",
    },
    {
      on: ["application"],
      path: "destinations",
      to: undefined,
      shape: { shared: true },
      message:
        "ingress (TunnelIngress): rules[0].hostname is comfyui.datacrew.space, which no application of the stack covers, so that anybody gets there. Declare an application with the destination comfyui.datacrew.space.",
    },
  ],
  "ingress-requires-access": [
    {
      on: ["ownIngress"],
      path: "config.ingresses[0].originRequest",
      to: undefined,
      message: `ingress (ZeroTrustTunnelCloudflaredConfig): ${access}.required is absent, so that the connector lets through what bypasses Access. Set it to true on this rule; one for the whole tunnel is not enforced.`,
    },
    {
      on: ["ownIngress"],
      path: `${access}.required`,
      to: false,
      message: `ingress (ZeroTrustTunnelCloudflaredConfig): ${access}.required is off, so that the connector lets through what bypasses Access. Set it to true on this rule; one for the whole tunnel is not enforced.`,
    },
    {
      on: ["ownIngress"],
      path: `${access}.audTags[0]`,
      to: "aud-of-another",
      message: `ingress (ZeroTrustTunnelCloudflaredConfig): ${access}.audTags[0] is not the audience tag of the application that covers the host name. Set it to the aud of application comfyui, and no other.`,
    },
    {
      on: ["ownIngress"],
      path: `${access}.audTags`,
      to: undefined,
      message: `ingress (ZeroTrustTunnelCloudflaredConfig): ${access}.audTags is absent or empty. Set it to the aud of application comfyui, and no other.`,
    },
    {
      on: ["ownIngress"],
      path: `${access}.teamName`,
      to: "datacrw",
      message: `ingress (ZeroTrustTunnelCloudflaredConfig): ${access}.teamName is "datacrw", another team's. Set it to datacrew.`,
    },
    {
      on: ["sharedIngress"],
      path: "rules[0].originRequest.access.required",
      to: undefined,
      shape: { shared: true },
      message:
        "ingress (TunnelIngress): rules[0].originRequest.access.required is absent, so that the connector lets through what bypasses Access. Set it to true on this rule; one for the whole tunnel is not enforced.",
    },
  ],
  "ingress-catch-all": [
    {
      on: ["ownIngress"],
      path: "config.ingresses[1].service",
      to: "http://localhost:8188",
      message:
        "ingress (ZeroTrustTunnelCloudflaredConfig): config.ingresses[1].service serves something to every name, past any application. End the list with {service: http_status:404}, without a host name.",
    },
    {
      on: ["ownIngress"],
      path: "config.ingresses[0].hostname",
      to: undefined,
      message:
        "ingress (ZeroTrustTunnelCloudflaredConfig): config.ingresses[0].hostname is absent, so that the rule catches every name. Give it one host name.",
    },
    {
      on: ["ownIngress"],
      path: "config.ingresses",
      to: [],
      message:
        "ingress (ZeroTrustTunnelCloudflaredConfig): config.ingresses has no rule. End the list with {service: http_status:404}, without a host name.",
    },
    {
      on: ["sharedIngress"],
      path: "rules[0].hostname",
      to: "*",
      shape: { shared: true },
      message:
        "ingress (TunnelIngress): rules[0].hostname is absent, so that the rule catches every name. Give it one host name.",
    },
  ],
  "destinations-agree": [
    {
      on: ["application"],
      path: "domain",
      to: "elsewhere.datacrew.space",
      message:
        "comfyui (ZeroTrustAccessApplication): domain is elsewhere.datacrew.space, which its destinations do not name. Name it in destinations, and nowhere else.",
    },
    {
      on: ["application"],
      path: "selfHostedDomains",
      to: ["ComfyUI.datacrew.space", "comfyui.datacrew.space/api"],
      message:
        "comfyui (ZeroTrustAccessApplication): selfHostedDomains[1] is comfyui.datacrew.space/api, which its destinations do not name. Name it in destinations, and nowhere else.",
    },
  ],
  "service-at-origin": [
    ["http://169.254.169.254/latest", METADATA("169.254.169.254")],
    ["http://2852039166", METADATA("169.254.169.254")],
    ["tcp://0xA9FEA9FE:80", METADATA("169.254.169.254")],
    ["http://[::ffff:169.254.169.254]", METADATA("[::ffff:a9fe:a9fe]")],
    ["http://[fe80::1]:8188", METADATA("[fe80::1]")],
    ["http://metadata.google.internal.", METADATA("metadata.google.internal")],
    ["http://10.0.0.5:8188", NOT_NAMED("10.0.0.5")],
    ["http://192.168.1.20:8188", NOT_NAMED("192.168.1.20")],
    ["https://elsewhere.example", NOT_NAMED("elsewhere.example")],
    ["http://localhost@elsewhere.example", NOT_NAMED("elsewhere.example")],
    ["ssh://elsewhere.example:22", NOT_NAMED("elsewhere.example")],
    ["bastion", `is bastion, which leads wherever a visitor asks for. ${APP}.`],
    ["socks-proxy", `is socks-proxy, which leads wherever a visitor asks for. ${APP}.`],
    ["", `is no address of a service. ${APP}.`],
  ].map(([to = "", said]) => ({
    on: ["ownIngress"],
    path: "config.ingresses[0].service",
    to,
    message: `ingress (ZeroTrustTunnelCloudflaredConfig): config.ingresses[0].service ${said}`,
  })),
  "secret-readers": [
    ["member", "allUsers", `is not of any domain. ${GRANT}`],
    ["member", "principalSet://iam.googleapis.com/x", `is not of any domain. ${GRANT}`],
    ["member", "projectViewer:datacrew-prod", `is not of any domain. ${GRANT}`],
    ["member", "user:eve@example.org", `is of example.org, which is not named. ${GRANT}`],
    ["member", "domain:example.org", `is of example.org, which is not named. ${GRANT}`],
    [
      "member",
      "serviceAccount:ci@other.iam.gserviceaccount.com",
      `is of other.iam.gserviceaccount.com, which is not named. ${GRANT}`,
    ],
    [
      "role",
      "roles/owner",
      "is roles/owner, which may do more than read. Set it to roles/secretmanager.secretAccessor.",
    ],
  ].map(([path = "", to = "", said]) => ({
    on: ["secretReader"],
    path,
    to,
    message: `clients (SecretIamMember): ${path} ${said}`,
  })),
  "dns-proxied": [
    {
      on: ["dnsRecord"],
      path: "proxied",
      to: false,
      message: "comfyui (DnsRecord): proxied is off, so that Access does not stand in front. Set it to true.",
    },
    {
      on: ["dnsRecord"],
      path: "proxied",
      to: undefined,
      shape: { mode: "preview" },
      message:
        "comfyui (DnsRecord): proxied is absent, and then off, so that Access does not stand in front. Set it to true.",
    },
  ],
  "token-duration": [
    {
      on: ["token"],
      path: "duration",
      to: "forever",
      message:
        'token-0 (ZeroTrustAccessServiceToken): duration is "forever", which has no end. Set it to a duration of at most 8760h.',
    },
    {
      on: ["token"],
      path: "duration",
      to: undefined,
      message:
        "token-0 (ZeroTrustAccessServiceToken): duration is absent, so that a default decides which can change. Set it to a duration of at most 8760h.",
    },
  ],
  "no-plain-secret": [
    {
      on: ["identityProvider"],
      path: "config.clientSecret",
      to: "anything",
      message:
        "google (ZeroTrustAccessIdentityProvider): config.clientSecret is a secret in plain text. Wrap it in pulumi.secret, or set it with `pulumi config set --secret`; then change it where it is from.",
    },
    {
      on: ["tunnel"],
      path: "tunnelSecret",
      to: UNKNOWN,
      message:
        "tunnel (ZeroTrustTunnelCloudflared): tunnelSecret is a secret in plain text. Wrap it in pulumi.secret, or set it with `pulumi config set --secret`; then change it where it is from.",
    },
    {
      on: ["dnsRecord"],
      path: "comment",
      to: Buffer.from(JSON.stringify({ a: "0".repeat(32), t: "tunnel", s: "c2VjcmV0" })).toString("base64"),
      message:
        "comfyui (DnsRecord): comment is a secret in plain text. Wrap it in pulumi.secret, or set it with `pulumi config set --secret`; then change it where it is from.",
    },
  ],
  "token-overlap": [
    {
      on: ["token"],
      path: "previousClientSecretExpiresAt",
      to: "2999-01-01T00:00:00Z",
      message:
        'token-0 (ZeroTrustAccessServiceToken): previousClientSecretExpiresAt is "2999-01-01T00:00:00Z". Set it to a time at most 30 days ahead.',
    },
    {
      on: ["token"],
      path: "previousClientSecretExpiresAt",
      to: "never",
      message:
        'token-0 (ZeroTrustAccessServiceToken): previousClientSecretExpiresAt is "never". Set it to a time at most 30 days ahead.',
    },
  ],
  "provider-address": [
    ...["pluginDownloadURL", "__internal"].map(
      (path): Break => ({
        on: ["provider"],
        path,
        to: path === "__internal" ? { pluginDownloadURL: "https://x.example" } : "https://x.example",
        message: `default_6_22_1 (cloudflare): ${path === "__internal" ? "__internal." : ""}pluginDownloadURL is set, so that the provider's program comes from there. Leave it out: the package says where it is.`,
      }),
    ),
    {
      on: ["provider"],
      path: "baseUrl",
      to: "http://api.cloudflare.com/client/v4",
      message:
        "default_6_22_1 (cloudflare): baseUrl would send credentials unencrypted to http://api.cloudflare.com. Leave it out: Cloudflare's own address is the default.",
    },
    {
      on: ["provider"],
      path: "baseUrl",
      to: UNKNOWN,
      message:
        "default_6_22_1 (cloudflare): baseUrl could not be decided, since its value is not known yet. Set it to a value that is known before the update, or create what it comes from first.",
    },
  ],
  "all-judged": [
    {
      on: ["application"],
      path: "allowAuthenticateViaWarp",
      to: true,
      message:
        "comfyui (ZeroTrustAccessApplication): allowAuthenticateViaWarp may decide who gets in, and is not judged. Leave it out, or except it by its name once somebody has looked at what it does.",
    },
    {
      on: ["application"],
      path: "brandNew",
      to: "anything",
      message:
        "comfyui (ZeroTrustAccessApplication): brandNew is a field that is not known here. Leave it out, or except it by its name once somebody has looked at what it does.",
    },
    {
      on: ["token"],
      path: "enabled",
      to: false,
      message:
        "token-0 (ZeroTrustAccessServiceToken): enabled may decide who gets in, and is not judged. Leave it out, or except it by its name once somebody has looked at what it does.",
    },
  ],
};

const each = Object.entries(breaks).flatMap(([rule, list]) =>
  list.map((broken) => ({
    rule,
    ...broken,
    as: broken.to === undefined ? "absent" : JSON.stringify(broken.to),
  })),
);

test.each(each)("$rule: $path $as", ({ rule, on, path, to, message, shape }) => {
  const resources = compliant(shape);
  set(the(resources, ...on), path, to);
  const violations = judgeStack({ resources, teamName: "datacrew" });
  expect(violations.map((violation) => [violation.rule.name, violation.message])).toEqual([[rule, message]]);
  expect(violations[0]?.urn).toMatch(/^urn:pulumi:dev::/);
});

test("token-protected: a production token without protection, or that goes with the stack", () => {
  const resources = compliant({ stack: "prod" });
  const token = the(resources, "token");
  token.protect = false;
  token.retainOnDelete = false;
  const violations = judgeStack({ resources });
  expect(violations.map(({ rule, message }) => [rule.name, message])).toEqual([
    [
      "token-protected",
      "token-0 (ZeroTrustAccessServiceToken): protect is off, so that the token can be deleted with its clients cut off. Set protectTokens to true in the stack's config.",
    ],
    [
      "token-protected",
      "token-0 (ZeroTrustAccessServiceToken): retainOnDelete is off, so that the token is deleted with the stack. Set protectTokens to true in the stack's config.",
    ],
  ]);
});

test("every rule has its breaks here", () => {
  const broken = [...Object.keys(breaks), "token-protected"];
  expect(broken.sort()).toEqual(RULES.map(({ name }) => name).sort());
});

test("an access setting for the whole tunnel does not stand in for one on the rule", () => {
  const resources = compliant();
  const ingress = the(resources, "ownIngress");
  set(ingress, "config.ingresses[0].originRequest", undefined);
  set(ingress, "config.originRequest", {
    access: { required: true, teamName: "datacrew", audTags: ["aud-of-comfyui"] },
  });
  expect(judgeStack({ resources }).map(({ rule }) => rule.name)).toEqual([
    "all-judged",
    "ingress-requires-access",
  ]);
});

test("a policy written into an application is judged like one of its own", () => {
  const resources = compliant();
  set(the(resources, "application"), "policies[2]", {
    decision: "bypass",
    includes: [{ everyone: {} }],
    precedence: 3,
  });
  expect(judgeStack({ resources }).map(({ message }) => message)).toEqual([
    expect.stringContaining("policies[2].includes[0].everyone"),
    expect.stringContaining("policies[2].decision"),
  ]);
});

test("a record that leads elsewhere need not be proxied", () => {
  const resources = compliant();
  const record = structuredClone(the(resources, "dnsRecord"));
  record.properties = { name: "mail.datacrew.space", type: "A", content: "192.0.2.1", proxied: false };
  expect(judgeStack({ resources: [...resources, record] })).toEqual([]);
});

test.each([
  "http://localhost:8188",
  "https://127.0.0.1:8188",
  "http://[::1]:8188",
  "http://comfyui:8188",
  "http://host.docker.internal:8188",
  "unix:/run/comfyui.sock",
  "ssh://localhost:22",
  "http_status:503",
])("service-at-origin: %s is the app's own place", (service) => {
  const resources = compliant();
  set(the(resources, "ownIngress"), "config.ingresses[0].service", service);
  expect(judgeStack({ resources })).toEqual([]);
});

test("service-at-origin and secret-readers: what the pack's config names is taken, but never a cloud's own address", () => {
  const config = {
    "service-at-origin": { hosts: ["192.168.1.20", "169.254.169.254"] },
    "secret-readers": { domains: ["datacrew.space"] },
  };
  const judged = (service: string) => {
    const resources = compliant();
    set(the(resources, "ownIngress"), "config.ingresses[0].service", service);
    set(the(resources, "secretReader"), "member", "group:crew@datacrew.space");
    return judgeStack({ resources }, { config }).map(({ rule }) => rule.name);
  };
  expect(judged("http://192.168.1.20:8188")).toEqual([]);
  expect(judged("http://169.254.169.254")).toEqual(["service-at-origin"]);
});
