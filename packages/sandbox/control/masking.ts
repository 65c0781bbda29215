/** Names of fields, in either API, whose value must never be shown. */
const SECRET_FIELDS = new Set([
  "client_secret",
  "tunnel_secret",
  "secret",
  "password",
  "token",
  "access_token",
  "refresh_token",
  "private_key",
  "authorization",
  // Google Secret Manager's payload.
  "data",
  // Infisical's.
  "secretValue",
  "clientSecret",
  "accessToken",
  // The state's own names.
  "valueHash",
  "clientSecretHash",
  "previousClientSecretHash",
]);

const MASK = "(secret)";

/** A copy with the value of each secret field replaced, however deep it is. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(key, inner) ? MASK : masked(inner)]),
  );
}

function isSecret(key: string, value: unknown): boolean {
  // `data` is also the name of a DNS record's structured content, which is an object.
  return typeof value === "string" && value !== "" && SECRET_FIELDS.has(key);
}
