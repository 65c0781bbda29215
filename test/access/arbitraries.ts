import fc from "fast-check";
import type { Policy, Rule, Subject } from "../../packages/access";

// Small pools, so that rules and subjects often meet.
const email = fc.constantFrom("ann@datacrew.space", "bob@datacrew.space", "eve@example.org");
const provider = fc.constantFrom("google", "github");
const token = fc.constantFrom("token-1", "token-2");
const country = fc.constantFrom("NL", "DE");
const ip = fc.constantFrom("203.0.113.7", "198.51.100.1", "2001:db8::1");
const certificate = fc.constantFrom("laptop", "phone");

const ruleArbitrary: fc.Arbitrary<Rule> = fc.oneof(
  fc.constant({ everyone: {} }),
  fc.constant({ any_valid_service_token: {} }),
  fc.constant({ certificate: {} }),
  email.map((value) => ({ email: { email: value } })),
  fc.constantFrom("datacrew.space", "example.org").map((domain) => ({ email_domain: { domain } })),
  provider.map((id) => ({ login_method: { id } })),
  token.map((token_id) => ({ service_token: { token_id } })),
  country.map((country_code) => ({ geo: { country_code } })),
  fc.constantFrom("203.0.113.0/24", "198.51.100.1", "2001:db8::/32").map((range) => ({ ip: { ip: range } })),
  certificate.map((common_name) => ({ common_name: { common_name } })),
  provider.map((identity_provider_id) => ({ gsuite: { email: "all@datacrew.space", identity_provider_id } })),
  fc.constant({ group: { id: "group-1" } }),
);

const rules = (minLength: number) => fc.array(ruleArbitrary, { minLength, maxLength: 3 });

export const policyArbitrary: fc.Arbitrary<Policy> = fc.record({
  id: fc.uuid(),
  name: fc.constantFrom("people", "machines", "office"),
  decision: fc.constantFrom("allow" as const, "deny" as const, "non_identity" as const, "bypass" as const),
  include: rules(1),
  require: fc.oneof(fc.constant([]), rules(1)),
  exclude: fc.oneof(fc.constant([]), rules(1)),
});

export const policiesArbitrary = fc.array(policyArbitrary, { maxLength: 5 });

const known = <T>(value: fc.Arbitrary<T>) => fc.oneof(fc.constant(null), value);

/** A subject of whom everything is stated. */
export const fullSubjectArbitrary: fc.Arbitrary<Subject> = fc.record({
  email: known(email),
  identityProviderId: known(provider),
  serviceTokenId: known(token),
  country: known(country),
  ip: known(ip),
  certificateName: known(certificate),
});

/** A subject, and the same one with some facts no longer stated. */
export const forgottenArbitrary: fc.Arbitrary<[full: Subject, part: Subject]> = fc
  .tuple(fullSubjectArbitrary, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }))
  .map(([full, kept]) => [
    full,
    Object.fromEntries(Object.entries(full).filter((_, index) => kept[index])) as Subject,
  ]);
