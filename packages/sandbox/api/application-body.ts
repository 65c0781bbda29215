import { z } from "zod";
import { policyAnswerFields, policyFields } from "./policies";

const strings = z.array(z.string());

const corsHeaders = z.strictObject({
  allow_all_headers: z.boolean().nullish(),
  allow_all_methods: z.boolean().nullish(),
  allow_all_origins: z.boolean().nullish(),
  allow_credentials: z.boolean().nullish(),
  allowed_headers: strings.nullish(),
  allowed_methods: strings.nullish(),
  allowed_origins: strings.nullish(),
  max_age: z.number().nullish(),
});

const destination = z.strictObject({
  type: z
    .enum([
      "public",
      "private",
      "via_mcp_server_portal",
      "worker",
      "preview_worker",
      "all_workers",
      "all_preview_workers",
    ])
    .default("public"),
  uri: z.string().min(1).nullish(),
  cidr: z.string().nullish(),
  hostname: z.string().nullish(),
  l4_protocol: z.enum(["tcp", "udp"]).nullish(),
  port_range: z.string().nullish(),
  vnet_id: z.string().nullish(),
  mcp_server_id: z.string().nullish(),
  worker_id: z.string().nullish(),
  overrides: z.array(z.strictObject({ behavior: z.literal("public"), path_pattern: z.string() })).nullish(),
});

/** A policy in an application: a reusable one by id, or one written out. */
const policyEntry = z.union([
  z.string(),
  z.strictObject({
    ...policyFields,
    ...policyAnswerFields,
    name: policyFields.name.optional(),
    decision: policyFields.decision.optional(),
    include: policyFields.include.optional(),
    precedence: z.int().nullish(),
  }),
]);

export type PolicyEntry = z.infer<typeof policyEntry>;

/** The body of POST and PUT of an application: the SDK's fields of the self-hosted kinds. */
export const applicationBody = z.strictObject({
  type: z.enum(["self_hosted", "ssh", "vnc", "rdp", "app_launcher", "bookmark", "warp"]),
  name: z.string().min(1).optional(),
  domain: z.string().nullish(),
  destinations: z.array(destination).nullish(),
  self_hosted_domains: strings.nullish(),
  policies: z.array(policyEntry).nullish(),
  allowed_idps: strings.nullish(),
  tags: strings.nullish(),
  custom_pages: strings.nullish(),
  session_duration: z.string().nullish(),
  allow_authenticate_via_warp: z.boolean().nullish(),
  allow_iframe: z.boolean().nullish(),
  app_launcher_visible: z.boolean().nullish(),
  auto_redirect_to_identity: z.boolean().nullish(),
  cors_headers: corsHeaders.nullish(),
  custom_deny_message: z.string().nullish(),
  custom_deny_url: z.string().nullish(),
  custom_non_identity_deny_url: z.string().nullish(),
  eager_redirect_cookie_setting: z.boolean().nullish(),
  enable_binding_cookie: z.boolean().nullish(),
  http_only_cookie_attribute: z.boolean().nullish(),
  logo_url: z.string().nullish(),
  mfa_config: z.record(z.string(), z.unknown()).nullish(),
  oauth_configuration: z.record(z.string(), z.unknown()).nullish(),
  options_preflight_bypass: z.boolean().nullish(),
  path_cookie_attribute: z.boolean().nullish(),
  read_service_tokens_from_header: z.string().nullish(),
  same_site_cookie_attribute: z.enum(["none", "lax", "strict", ""]).nullish(),
  scim_config: z.record(z.string(), z.unknown()).nullish(),
  service_auth_401_redirect: z.boolean().nullish(),
  skip_interstitial: z.boolean().nullish(),
  use_clientless_isolation_app_launcher_url: z.boolean().nullish(),
  // Read-only fields of a GET, ignored: the vendor's docs tell clients to PUT what a GET returned.
  id: z.string().optional(),
  uid: z.string().optional(),
  aud: z.string().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
});

export type ApplicationBody = z.infer<typeof applicationBody>;
