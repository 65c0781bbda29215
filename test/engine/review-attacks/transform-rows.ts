import { type Attack, type Section, STRANGER } from "./attack";
import { transform } from "./change";

type Kind = Parameters<typeof transform>[0];

const row = (
  name: string,
  section: Section,
  named: RegExp,
  [kind, resource, statements]: [kind: Kind, resource: string | undefined, statements: string],
): Attack => ({ name, kind: "transform", section, named, code: transform(kind, resource, statements) });

/** What widens only together: one half of it changes nothing. */
const together = (
  name: string,
  named: RegExp,
  parts: readonly [kind: Kind, resource: string | undefined, statements: string][],
): Attack => {
  const before = parts.map((part) => transform(...part).before).join("\n");
  return { name, kind: "transform", section: "access", named, code: { before } };
};

/** A rule more in the policy for people. */
const including = (rule: string): [Kind, string, string] => [
  "policy",
  "comfyui-google-email",
  `props.includes = [...props.includes, ${rule}];`,
];

const onApplication = (statements: string): [Kind, string, string] => ["application", "comfyui", statements];

/** Statements on the first rule of the tunnel. */
const onRule = (statements: string): [Kind, undefined, string] => [
  "ownIngress",
  undefined,
  `props.config = pulumi.output(props.config).apply((config: any) => {
    const [first, ...others] = config.ingresses;
    const rule = { ...first };
    let ingresses = [rule, ...others];
    ${statements}
    return { ...config, ingresses };
  });`,
];

const UUID = "11111111-2222-4333-8444-555555555555";

/** What a few lines beside the stack do to what the stack declares. */
export const TRANSFORM_ROWS: readonly Attack[] = [
  row(
    "a person more",
    "access",
    /second@partner-studio\.com/,
    including(`{ email: { email: "${STRANGER}" } }`),
  ),
  row("everyone", "access", /anybody|anyone|everyone/i, including("{ everyone: {} }")),
  row("any token of the account", "access", /token/i, [
    "policy",
    "comfyui-service-token",
    "props.includes = [...props.includes, { anyValidServiceToken: {} }];",
  ]),
  row("a country", "access", /\bDE\b/, including('{ geo: { countryCode: "DE" } }')),
  row("an address range", "access", /198\.51\.100\.0\/24/, including('{ ip: { ip: "198.51.100.0/24" } }')),
  row("a group that the stack does not know", "access", /group/i, including(`{ group: { id: "${UUID}" } }`)),
  row("a list of addresses", "access", /list/i, including(`{ emailList: { id: "${UUID}" } }`)),
  row(
    "whoever a server of somebody else's lets in",
    "access",
    /external|collector\.example\.net/i,
    including(
      '{ externalEvaluation: { evaluateUrl: "https://collector.example.net", keysUrl: "https://collector.example.net/keys" } }',
    ),
  ),
  row(
    "a token linked with another application",
    "access",
    /linked/i,
    including(`{ linkedAppToken: { appUid: "${UUID}" } }`),
  ),
  together("an organization at GitHub, with its login", /partner-studio/, [
    [
      "policy",
      "comfyui-google-email",
      `props.requires = [];
  props.includes = [...props.includes, { githubOrganization: { name: "partner-studio", identityProviderId: "${UUID}" } }];`,
    ],
    onApplication("props.allowedIdps = [];"),
  ]),
  together("no matter how somebody logged in", /login/i, [
    ["policy", "comfyui-google-email", "props.requires = [];"],
    onApplication("props.allowedIdps = [];"),
  ]),
  together("nobody asks any more, and the connector neither", /WITHOUT ANY CHECK/, [
    [
      "policy",
      "comfyui-google-email",
      'props.decision = "bypass"; props.includes = [{ everyone: {} }]; props.requires = [];',
    ],
    onRule("delete rule.originRequest;"),
  ]),
  together("a path of another application's host name", /artist@datacrew\.space.*notes\.datacrew\.space/, [
    onApplication(
      'props.destinations = [...props.destinations, { type: "public", uri: "notes.datacrew.space/admin" }];',
    ),
    // Else the connector refuses the JWTs of the other application.
    onRule(`const audTags = [first, ...others].flatMap((each) => each.originRequest?.access?.audTags ?? []);
    ingresses = [first, ...others].map((each) => each.originRequest
      ? { ...each, originRequest: { access: { ...each.originRequest.access, audTags } } } : each);`),
  ]),
  row("a longer session of one policy", "access", /24h instead of 8h/, [
    "policy",
    "notes-google-email",
    'props.sessionDuration = "24h";',
  ]),
  row("a session without an end of its own", "access", /24h instead of 8h/, [
    "policy",
    "notes-google-email",
    "delete props.sessionDuration;",
  ]),
  row(
    "a policy within the application",
    "access",
    /second@partner-studio\.com/,
    onApplication(
      `props.policies = [...props.policies, { precedence: 9, decision: "allow", includes: [{ email: { email: "${STRANGER}" } }] }];`,
    ),
  ),
  row(
    "a policy of another stack",
    "notJudged",
    /not the stack's own/,
    onApplication(`props.policies = [...props.policies, { id: "${UUID}", precedence: 9 }];`),
  ),
  row(
    "a private network",
    "notJudged",
    /destinations/,
    onApplication('props.destinations = [...props.destinations, { type: "private", cidr: "10.0.0.0/8" }];'),
  ),
  row(
    "an application that looks away from its host name",
    "access",
    /comfyui\.datacrew\.space/,
    onApplication('props.destinations = [{ type: "public", uri: "elsewhere.datacrew.space" }];'),
  ),
  row(
    "an application of another type",
    "notJudged",
    /type of ZeroTrustAccessApplication|\btype\b/,
    onApplication('props.type = "ssh";'),
  ),
  row("any login of the account", "access", /login/i, onApplication("props.allowedIdps = [];")),
  row(
    "a device in place of a login",
    "notJudged",
    /allowAuthenticateViaWarp/,
    onApplication("props.allowAuthenticateViaWarp = true;"),
  ),
  row(
    "preflights without a check",
    "access",
    /preflights/,
    onApplication("props.optionsPreflightBypass = true;"),
  ),
  row(
    "pages of anybody's that may call",
    "access",
    /pages of/,
    onApplication("props.corsHeaders = { allowAllOrigins: true, allowAllMethods: true };"),
  ),
  row(
    "tokens from another header",
    "notJudged",
    /readServiceTokensFromHeader/,
    onApplication('props.readServiceTokensFromHeader = "X-Token";'),
  ),
  row(
    "a cookie that scripts read",
    "notJudged",
    /httpOnlyCookieAttribute/,
    onApplication("props.httpOnlyCookieAttribute = false;"),
  ),
  row(
    "a cookie that other sites send",
    "notJudged",
    /sameSiteCookieAttribute/,
    onApplication('props.sameSiteCookieAttribute = "none";'),
  ),
  row(
    "another service",
    "traffic",
    /collector\.example\.net/,
    onRule('rule.service = "https://collector.example.net";'),
  ),
  row(
    "a rule for some paths ahead of the others",
    "traffic",
    /collector\.example\.net/,
    onRule(
      'ingresses = [{ ...first, path: "^/api/", service: "https://collector.example.net" }, ...ingresses];',
    ),
  ),
  row("a connector that checks nothing", "access", /no longer checks/, onRule("delete rule.originRequest;")),
  row(
    "a check that is not required",
    "access",
    /no longer checks/,
    onRule("rule.originRequest = { access: { ...first.originRequest.access, required: false } };"),
  ),
  row(
    "a connector that takes another application's JWT too",
    "access",
    /aud|JWT/i,
    onRule(
      'rule.originRequest = { access: { ...first.originRequest.access, audTags: [...first.originRequest.access.audTags, "f".repeat(64)] } };',
    ),
  ),
  row(
    "a connector that takes another team's JWT",
    "access",
    /comfyui\.datacrew\.space/,
    onRule('rule.originRequest = { access: { ...first.originRequest.access, teamName: "otherteam" } };'),
  ),
  row(
    "a name that another server answers to",
    "traffic",
    /httpHostHeader|other\.example\.net/,
    onRule('rule.originRequest = { ...first.originRequest, httpHostHeader: "other.example.net" };'),
  ),
  row(
    "any certificate of the origin",
    "traffic",
    /noTlsVerify|certificate/i,
    onRule("rule.originRequest = { ...first.originRequest, noTlsVerify: true };"),
  ),
  row(
    "a proxy to everywhere",
    "traffic",
    /proxyType|socks/i,
    onRule('rule.originRequest = { ...first.originRequest, proxyType: "socks" };'),
  ),
  row(
    "an end of the rules that serves",
    "traffic",
    /localhost:22/,
    onRule('ingresses = [rule, ...others.slice(0, -1), { service: "ssh://localhost:22" }];'),
  ),
  row("a host name without an application", "access", /open\.datacrew\.space/, [
    "ownIngress",
    undefined,
    `props.config = pulumi.output(props.config).apply((config: any) => ({ ...config,
      ingresses: [{ hostname: "open.datacrew.space", service: "http://localhost:8188" }, ...config.ingresses] }));`,
  ]),
  row("options for the whole tunnel", "notJudged", /originRequest/, [
    "ownIngress",
    undefined,
    `props.config = pulumi.output(props.config).apply((config: any) => ({ ...config,
      originRequest: { httpHostHeader: "other.example.net" } }));`,
  ]),
  row("rules that the connector's machine keeps", "notJudged", /configSrc/, [
    "tunnel",
    undefined,
    'props.configSrc = "local";',
  ]),
  row("a connector's secret that somebody knows", "secrets", /connector|tunnel/i, [
    "tunnel",
    undefined,
    'props.tunnelSecret = Buffer.alloc(32, 7).toString("base64");',
  ]),
  row("a record to another server", "traffic", /collector\.example\.net/, [
    "dnsRecord",
    "comfyui",
    'props.content = "collector.example.net";',
  ]),
  row("a record past Cloudflare", "access", /not proxied/, [
    "dnsRecord",
    "comfyui",
    "props.proxied = false;",
  ]),
  row("a token without end", "credentials", /valid for forever/, [
    "token",
    undefined,
    'props.duration = "forever";',
  ]),
  row("another claim for the address", "notJudged", /emailClaimName/, [
    "identityProvider",
    undefined,
    'props.config = pulumi.output(props.config).apply((config: any) => ({ ...config, emailClaimName: "upn" }));',
  ]),
  row("a login of another type", "access", /login/i, [
    "identityProvider",
    undefined,
    'props.type = "onetimepin"; props.config = {};',
  ]),
  row("alarms turned off", "credentials", /no longer told before a service token ends/, [
    "alert",
    undefined,
    "props.enabled = false;",
  ]),
];
