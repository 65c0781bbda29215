import { z } from "zod";
import type { JsonObject } from "../account/entities";
import { isUuid } from "../account/ids";
import type { Store } from "../account/store";
import { accessInvalid } from "./envelope";

const text = z.string().min(1);
const nothing = z.strictObject({});

/** The rule types of the SDK's AccessRule union, by the one key each rule has. */
const RULES: Record<string, z.ZodType> = {
  any_valid_service_token: nothing,
  auth_context: z.strictObject({ id: text, ac_id: text, identity_provider_id: text }),
  auth_method: z.strictObject({ auth_method: text }),
  azureAD: z.strictObject({ id: text, identity_provider_id: text }),
  certificate: nothing,
  cloudflare_account_member: z.strictObject({ account_id: text.optional() }),
  common_name: z.strictObject({ common_name: text }),
  device_posture: z.strictObject({ integration_uid: text, account_id: text.optional() }),
  email: z.strictObject({ email: text.regex(/^[^@\s]+@[^@\s]+$/, "must be an e-mail address") }),
  email_domain: z.strictObject({ domain: text }),
  email_list: z.strictObject({ id: text }),
  everyone: nothing,
  external_evaluation: z.strictObject({ evaluate_url: text, keys_url: text }),
  geo: z.strictObject({ country_code: text }),
  "github-organization": z.strictObject({ identity_provider_id: text, name: text, team: text.optional() }),
  group: z.strictObject({ id: text }),
  gsuite: z.strictObject({ email: text, identity_provider_id: text }),
  ip: z.strictObject({ ip: text }),
  ip_list: z.strictObject({ id: text }),
  linked_app_token: z.strictObject({ app_uid: text }),
  login_method: z.strictObject({ id: text }),
  oidc: z.strictObject({ claim_name: text, claim_value: text, identity_provider_id: text }),
  okta: z.strictObject({ identity_provider_id: text, name: text }),
  saml: z.strictObject({ attribute_name: text, attribute_value: text, identity_provider_id: text }),
  service_token: z.strictObject({ token_id: text }),
  user_risk_score: z.strictObject({
    user_risk_score: z.array(z.enum(["low", "medium", "high", "unscored"])),
  }),
};

export type RuleList = "include" | "require" | "exclude";

/**
 * Checks the rules of one list: one known type each, and every object they name exists in the account.
 * @throws VendorError 400/12130
 */
export function checkRules(store: Store, accountId: string, list: RuleList, rules: JsonObject[]): void {
  for (const rule of rules) {
    const [type, ...more] = Object.keys(rule);
    if (type === undefined || more.length > 0) {
      throw accessInvalid(`invalid '${list}' configuration`, "a rule has exactly one type");
    }
    const schema = RULES[type];
    if (schema === undefined) {
      throw accessInvalid(`invalid '${list}' configuration`, `unknown rule type: ${type}`);
    }
    const parsed = schema.safeParse(rule[type]);
    if (!parsed.success) {
      const reasons = parsed.error.issues.map((issue) =>
        issue.code === "unrecognized_keys"
          ? issue.keys.map((key) => `unknown field "${type}.${key}"`).join("; ")
          : `${[type, ...issue.path].join(".")}: ${issue.message}`,
      );
      throw accessInvalid(`invalid '${list}' configuration`, reasons.join("; "));
    }
    checkReferences(store, accountId, list, type, parsed.data);
  }
}

/** Whether a rule of the policy names the service token. */
export function namesServiceToken(fields: JsonObject, tokenId: string): boolean {
  return (["include", "require", "exclude"] as const)
    .flatMap((list) => (Array.isArray(fields[list]) ? (fields[list] as JsonObject[]) : []))
    .some((rule) => (rule.service_token as JsonObject | undefined)?.token_id === tokenId);
}

function checkReferences(store: Store, accountId: string, list: RuleList, type: string, rule: unknown): void {
  const { id, token_id, identity_provider_id } = rule as Record<string, unknown>;
  if (type === "service_token") {
    // A client id here is the usual mistake; the vendor's answer does not name it either.
    if (!isUuid(String(token_id)) || store.serviceTokens.get(String(token_id))?.accountId !== accountId) {
      throw accessInvalid(
        `invalid '${list}' configuration`,
        "unknown service token: token_id is the token's UUID",
      );
    }
  }
  const provider = type === "login_method" ? id : identity_provider_id;
  if (provider !== undefined && store.identityProviders.get(String(provider))?.accountId !== accountId) {
    throw accessInvalid(`invalid '${list}' configuration`, `unknown identity provider: ${String(provider)}`);
  }
}
