import { isMap, type PropertyValue, Secret, UNKNOWN } from "../../packages/provider/host/values";
import type { Fault, ResourceRule } from "../rule";

/** Properties that always hold a secret, whatever the resource. */
const SECRET_NAMES = new Set([
  "apiKey",
  "apiToken",
  "apiUserServiceKey",
  "clientSecret",
  "password",
  "privateKey",
  "secretData",
  "tunnelSecret",
]);
/** Texts that are a secret wherever they stand: a Google OAuth secret, and a service token's since August 2026. */
const SECRET_TEXT = /^(GOCSPX-.{8,}|cfast_[A-Za-z0-9]{40,})$/;

/** A value without the mark is written to the state, and to the screen, as it is. */
export const noPlainSecret: ResourceRule = {
  name: "no-plain-secret",
  description: "No secret is handed to a resource as plain text.",
  kinds: "all",
  judge: (resource) =>
    Object.entries(resource.properties)
      .flatMap(([name, value]) => plainSecrets(value, name, name))
      .map(
        (property): Fault => ({
          resource,
          property,
          found: "is a secret in plain text",
          remedy:
            "Wrap it in pulumi.secret, or set it with `pulumi config set --secret`; then change it where it is from.",
        }),
      ),
};

/** Paths of what should be secret and has no mark, neither its own nor one around it. */
function plainSecrets(value: PropertyValue, name: string, path: string): string[] {
  if (value instanceof Secret) return [];
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => plainSecrets(each, name, `${path}[${index}]`));
  }
  if (isMap(value)) {
    return Object.entries(value).flatMap(([inner, each]) => plainSecrets(each, inner, `${path}.${inner}`));
  }
  // Unmarked and not known yet: it will be in plain text once it is.
  const named = SECRET_NAMES.has(name) && (value === UNKNOWN || (typeof value === "string" && value !== ""));
  const told = typeof value === "string" && (SECRET_TEXT.test(value) || isConnectorToken(value));
  return named || told ? [path] : [];
}

/** What `cloudflared tunnel run --token` takes: base64 of `{a, t, s}`. */
function isConnectorToken(text: string): boolean {
  if (!/^eyJ[A-Za-z0-9+/_-]{60,}=*$/.test(text)) return false;
  try {
    const { a, t, s } = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    return [a, t, s].every((part) => typeof part === "string");
  } catch {
    return false;
  }
}
