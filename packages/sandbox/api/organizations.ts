import type { Context } from "hono";
import { z } from "zod";
import type { Organization } from "../account/entities";
import { secondsTime } from "../account/ids";
import { isStrictByDefault } from "../account/seed";
import { guard } from "./auth";
import { readBody } from "./body";
import type { Register, SandboxEnv } from "./context";
import { accessInvalid, accessNotFound, ok } from "./envelope";
import { sessionDuration } from "./session-duration";

const DOCS = "zero_trust/subresources/organizations/methods/";
const PERMISSION = "Access: Organizations, Identity Providers, and Groups";

export const organizationBody = z.strictObject({
  allow_authenticate_via_warp: z.boolean().optional(),
  auth_domain: z.string().min(1).optional(),
  auto_redirect_to_identity: z.boolean().optional(),
  custom_pages: z
    .strictObject({ forbidden: z.string().optional(), identity_denied: z.string().optional() })
    .optional(),
  deny_unmatched_requests: z.boolean().optional(),
  deny_unmatched_requests_exempted_zone_names: z.array(z.string()).optional(),
  is_ui_read_only: z.boolean().optional(),
  login_design: z
    .strictObject({
      background_color: z.string().optional(),
      footer_text: z.string().optional(),
      header_text: z.string().optional(),
      logo_path: z.string().optional(),
      text_color: z.string().optional(),
    })
    .optional(),
  mfa_config: z.record(z.string(), z.unknown()).optional(),
  mfa_piv_key_requirements: z.record(z.string(), z.unknown()).optional(),
  mfa_required_for_all_apps: z.boolean().optional(),
  name: z.string().min(1).optional(),
  service_token_inactivity: z
    .strictObject({
      action: z.enum(["disable", "delete"]),
      enabled: z.boolean(),
      inactivity_threshold_days: z.int().min(30).max(365),
    })
    .optional(),
  session_duration: z.string().optional(),
  strict_service_token_auth: z.boolean().optional(),
  ui_read_only_toggle_reason: z.string().optional(),
  user_seat_expiration_inactive_time: z.string().optional(),
  warp_auth_non_browser_401: z.boolean().optional(),
  warp_auth_session_duration: z.string().optional(),
});

/**
 * GET, PUT and PATCH of an account's one organization. Both writes merge: every field of the SDK's update
 * is optional, and no source shows a PUT that resets what it leaves out.
 */
export const organizations: Register = (app, store) => {
  const path = "/accounts/:account/access/organizations";

  app.get(
    path,
    guard(store, { permission: `${PERMISSION} Read`, docs: `${DOCS}list`, access: true }),
    (c) => {
      const organization = store.organizations.get(c.get("account").id);
      if (!organization) throw accessNotFound("organization");
      return ok(c, render(organization));
    },
  );

  const write = async (c: Context<SandboxEnv>) => {
    const organization = store.organizations.get(c.get("account").id);
    if (!organization) throw accessNotFound("organization");
    const { auth_domain, ...fields } = await readBody(c, organizationBody, accessInvalid);
    sessionDuration(store, fields.session_duration);
    if (fields.strict_service_token_auth === false && isStrictByDefault(organization.createdAt)) {
      throw accessInvalid("strict_service_token_auth cannot be disabled for this organization");
    }
    const updated: Organization = {
      ...organization,
      authDomain: auth_domain ?? organization.authDomain,
      fields: { ...organization.fields, ...fields },
      updatedAt: secondsTime(store.now()),
    };
    return ok(c, render(store.organizations.put(updated)));
  };
  const writeGuard = guard(store, { permission: `${PERMISSION} Write`, docs: `${DOCS}update`, access: true });
  app.put(path, writeGuard, write);
  app.patch(path, writeGuard, write);
};

const render = (organization: Organization) => ({
  auth_domain: organization.authDomain,
  ...organization.fields,
  created_at: organization.createdAt,
  updated_at: organization.updatedAt,
});
