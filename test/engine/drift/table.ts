import { z } from "zod";
import type { Subject } from "../../../packages/cli/drift/types";
import type { Wire } from "../../../packages/cloudflare/account-api";
import { applicationBody } from "../../../packages/sandbox/api/application-body";
import { recordBody } from "../../../packages/sandbox/api/dns-records";
import { googleConfig, providerBody } from "../../../packages/sandbox/api/identity-providers";
import { policyBody as notificationBody } from "../../../packages/sandbox/api/notification-policies";
import { policyBody } from "../../../packages/sandbox/api/policies";
import { updateBody } from "../../../packages/sandbox/api/service-tokens";
import { editBody } from "../../../packages/sandbox/api/tunnels";
import { bodyMutations, type Mutation } from "./mutations";

/** How an object of one kind is written, and which values its fields can take. */
export interface Writing {
  method: "PUT" | "PATCH";
  /** The body that puts what was read, or a changed copy of it. */
  body(live: Wire): unknown;
  /** What a body may hold. */
  schema: z.ZodType;
  /** Values for fields of which the type does not tell a valid one. */
  values: Readonly<Record<string, readonly unknown[]>>;
}

const ORIGIN_REQUEST = {
  connectTimeout: 11,
  tlsTimeout: 11,
  tcpKeepAlive: 31,
  noHappyEyeballs: true,
  keepAliveConnections: 99,
  keepAliveTimeout: 91,
  httpHostHeader: "comfyui.internal",
  originServerName: "comfyui.internal",
  matchSNItoHost: true,
  caPool: "/etc/ca.pem",
  noTLSVerify: true,
  disableChunkedEncoding: true,
  proxyType: "socks",
  http2Origin: true,
  bastionMode: true,
  proxyAddress: "127.0.0.1",
  proxyPort: 1080,
  "a-field-of-tomorrow": "x",
};

const later = "2031-01-01T00:00:00Z";
const cors = { allow_all_methods: true, allowed_origins: ["https://other.example.org"] };
const rule = { type: "public", uri: "comfyui.datacrew.space" };

/** One rule of every kind that names no other object. */
const RULES = [
  { everyone: {} },
  { email: { email: "other@datacrew.space" } },
  { email_domain: { domain: "example.org" } },
  { ip: { ip: "192.0.2.0/24" } },
  { geo: { country_code: "NL" } },
  { any_valid_service_token: {} },
  { certificate: {} },
  { common_name: { common_name: "laptop" } },
  { group: { id: "11111111-1111-4111-8111-111111111111" } },
  { auth_method: { auth_method: "mfa" } },
  { email_list: { id: "22222222-2222-4222-8222-222222222222" } },
  { user_risk_score: { user_risk_score: ["low"] } },
];

/** What the account also holds, by id. */
export interface Others {
  otherLogin: string;
  otherPolicy: string;
  otherToken: string;
}

/** How each kind of object is written. */
export function writings(ids: Others) {
  const application: Writing = {
    method: "PUT",
    schema: applicationBody,
    body: (live) => ({
      ...live,
      policies: (live["policies"] as Wire[] | undefined)?.map(({ id, precedence }) => ({ id, precedence })),
    }),
    values: {
      session_duration: ["48h"],
      destinations: [
        [rule, { type: "public", uri: "comfyui.datacrew.space/api" }],
        [{ type: "public", uri: "other.datacrew.space" }],
      ],
      allowed_idps: [[ids.otherLogin]],
      cors_headers: [
        cors,
        ...[
          { allow_credentials: true },
          { max_age: 600 },
          { allow_all_headers: true },
          { allowed_headers: ["x-a"] },
        ].map((more) => ({ ...cors, ...more })),
        { allow_all_origins: true, allowed_methods: ["GET"] },
      ],
    },
  };
  const policy: Writing = {
    method: "PUT",
    schema: policyBody,
    body: (live) => live,
    values: {
      session_duration: ["48h"],
      include: [...RULES.map((each) => [each]), [{ service_token: { token_id: ids.otherToken } }]],
      require: [[], ...RULES.map((each) => [each]), [{ login_method: { id: ids.otherLogin } }]],
      exclude: RULES.map((each) => [each]),
      approval_groups: [[{ approvals_needed: 1, email_addresses: ["boss@datacrew.space"] }]],
      connection_rules: [{ rdp: { allowed_clipboard_local_to_remote_formats: ["text"] } }],
      mfa_config: [{ mfa_disabled: true }, { allowed_authenticators: ["totp"] }],
    },
  };
  const identityProvider: Writing = {
    method: "PUT",
    schema: providerBody.omit({ config: true }).extend({ config: googleConfig }),
    body: ({ created_at, updated_at, ...live }) => live,
    values: {},
  };
  const serviceToken: Writing = {
    method: "PUT",
    schema: updateBody,
    body: (live) => live,
    values: { enabled: [false], previous_client_secret_expires_at: [later], duration: ["9000h"] },
  };
  const tunnel: Writing = {
    method: "PATCH",
    schema: editBody,
    body: ({ name, tunnel_secret }) => ({ name, tunnel_secret }),
    values: { tunnel_secret: [Buffer.alloc(32, 7).toString("base64")] },
  };
  const configuration: Writing = {
    method: "PUT",
    schema: z.object({}),
    body: ({ config }) => ({ config }),
    values: {
      "config.ingress.0.hostname": ["other.datacrew.space"],
      "config.ingress.0.path": ["^/api"],
      "config.ingress.0.service": ["http://localhost:9999", "http_status:404"],
      "config.ingress.1.service": ["http_status:503", "http://localhost:9999"],
      "config.ingress.0.originRequest.access.required": [false],
      "config.ingress.0.originRequest.access.teamName": ["elsewhere"],
      "config.ingress.0.originRequest.access.audTag": [["f".repeat(64)], []],
      "config.ingress.0.originRequest.access": [undefined],
      "config.ingress.0.originRequest": [undefined],
      ...Object.fromEntries(
        Object.entries(ORIGIN_REQUEST).flatMap(([name, value]) => [
          [`config.ingress.0.originRequest.${name}`, [value]],
          [`config.originRequest.${name}`, [value]],
        ]),
      ),
      "config.originRequest.access": [{ required: true, teamName: "datacrew", audTag: [] }],
      "config.warp-routing": [{ enabled: true }],
    },
  };
  const dnsRecord: Writing = {
    method: "PUT",
    schema: recordBody,
    body: (live) => live,
    values: {
      content: ["elsewhere.example.org"],
      name: ["other.datacrew.space"],
      type: ["A", "TXT"],
      tags: [["team:x"]],
    },
  };
  const notificationPolicy: Writing = {
    method: "PUT",
    schema: notificationBody,
    body: (live) => live,
    values: {
      "mechanisms.email": [[{ id: "other@datacrew.space" }]],
      "mechanisms.pagerduty": [[{ id: "service" }]],
      "mechanisms.webhooks": [[{ id: "hook" }]],
      filters: [{ tunnel_id: ["x"] }],
    },
  };
  return {
    application,
    policy,
    "identity provider": identityProvider,
    "service token": serviceToken,
    tunnel,
    "tunnel configuration": configuration,
    "DNS record": dnsRecord,
    "notification policy": notificationPolicy,
  } satisfies Partial<Record<Subject, Writing>>;
}

/** Every field of a body with another value, in the kind's own values where the type does not tell any. */
export function writtenMutations({ schema, values }: Writing, live: Wire): Mutation[] {
  const owned = Object.keys(values);
  const generic = bodyMutations(schema, live).filter(
    ({ path }) => !owned.some((own) => path === own || path.startsWith(`${own}.`)),
  );
  const own = Object.entries(values).flatMap(([path, each]) => each.map((value) => ({ path, value })));
  return [...generic, ...own];
}
