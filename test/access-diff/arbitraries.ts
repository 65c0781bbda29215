import fc from "fast-check";
import type { Rule } from "../../packages/access";
import type { Situation, StateApplication, StatePolicy } from "../../packages/access/situation";

// Small pools, so that both sides and their callers often meet.
export const HOSTNAMES = ["comfyui.datacrew.space", "grafana.datacrew.space"];
export const PATHS = ["/", "/admin", "/admin/users", "/api/one/two", "/other"];
export const EMAILS = ["ann@datacrew.space", "bob@datacrew.space", "eve@example.org"];
export const DOMAINS = ["datacrew.space", "example.org"];
export const TOKENS = ["token-1", "token-2"];
export const LOGINS = ["login-google", "login-pin"];
export const COUNTRIES = ["NL", "DE"];
export const RANGES = ["203.0.113.0/24", "203.0.113.128/25", "2001:db8::/32"];

/** Patterns of tunnel rules: of these paths, one each takes some. */
const PATTERNS = ["^/admin", "/one", "^/other$"];

const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values);

const identityRule: fc.Arbitrary<Rule> = fc.oneof(
  { arbitrary: oneOf(EMAILS).map((email) => ({ email: { email } })), weight: 4 },
  { arbitrary: oneOf(DOMAINS).map((domain) => ({ email_domain: { domain } })), weight: 2 },
  { arbitrary: oneOf(TOKENS).map((token_id) => ({ service_token: { token_id } })), weight: 3 },
  { arbitrary: fc.constant({ everyone: {} }), weight: 1 },
  { arbitrary: fc.constant({ any_valid_service_token: {} }), weight: 1 },
);
const circumstanceRule: fc.Arbitrary<Rule> = fc.oneof(
  oneOf(LOGINS).map((id) => ({ login_method: { id } })),
  oneOf(COUNTRIES).map((country_code) => ({ geo: { country_code } })),
  oneOf(RANGES).map((ip) => ({ ip: { ip } })),
);
/** Rules on what no plan tells. */
const openRule: fc.Arbitrary<Rule> = fc.oneof(
  oneOf(["artists", "admins"]).map((id) => ({ group: { id } })),
  fc.constant({ device_posture: { integration_uid: "disk" } }),
);

/** What configurations may hold. */
interface Options {
  /** Rules on groups and devices too. */
  open?: boolean;
  /** Rules on country, address and login; the sandbox's edge has one of each only. */
  circumstances?: boolean;
}

function rule({ open = false, circumstances = true }: Options): fc.Arbitrary<Rule> {
  return fc.oneof(
    { arbitrary: identityRule, weight: 6 },
    ...(circumstances ? [{ arbitrary: circumstanceRule, weight: 3 }] : []),
    ...(open ? [{ arbitrary: openRule, weight: 3 }] : []),
  );
}

function policy(options: Options): fc.Arbitrary<StatePolicy> {
  const rules = (size: { minLength: number; maxLength: number }) => fc.array(rule(options), size);
  return fc.record({
    id: fc.uuid(),
    name: oneOf(["people", "machines", "office"]),
    decision: fc.oneof(
      { arbitrary: fc.constant("allow" as const), weight: 5 },
      { arbitrary: oneOf(["deny", "non_identity", "bypass"] as const), weight: 4 },
    ),
    include: rules({ minLength: 1, maxLength: 3 }),
    require: rules({ minLength: 0, maxLength: 1 }),
    exclude: rules({ minLength: 0, maxLength: 1 }),
    sessionDuration: oneOf([undefined, "30m", "24h"]),
  });
}

/** The policies of one application, at least one. */
export const policiesArbitrary = (options: Options): fc.Arbitrary<StatePolicy[]> =>
  fc.array(policy(options), { minLength: 1, maxLength: 3 });

function application(uri: string, options: Options): fc.Arbitrary<StateApplication> {
  return fc.record({
    id: fc.uuid(),
    name: fc.constant(uri),
    aud: fc.constant(`aud of ${uri}`),
    destinations: fc.constant([{ type: "public", uri }]),
    policies: fc.array(policy(options), { maxLength: 3 }),
    allowedIdps: fc.subarray(LOGINS),
    sessionDuration: oneOf([undefined, "12h", "24h"]),
    serviceAuth401: fc.constant(false),
    preflightBypass: fc.boolean(),
  });
}

const URIS = HOSTNAMES.flatMap((host) => [host, `${host}/admin`, `${host}/api/*/two`]);
/** The tunnel whose rules every state holds. */
const TUNNEL = "house";
/** Where a record can lead: mostly to that tunnel. */
const TARGETS = [
  ...Array<string>(6).fill(`${TUNNEL}.cfargotunnel.com`),
  "another.cfargotunnel.com",
  "192.0.2.7",
  undefined,
];

/** Audiences that a rule takes: mostly those of all applications at its host, or one alone, or none. */
function audiences(hostname: string): fc.Arbitrary<string[]> {
  const own = URIS.filter((uri) => uri.startsWith(hostname)).map((uri) => `aud of ${uri}`);
  return oneOf([own, own, own, own.slice(0, 1), own.slice(1), []]);
}

/** A configuration: applications on hosts and folders, with tunnel rules and records that may be missing. */
export function stateArbitrary(options: Options = {}): fc.Arbitrary<Situation> {
  const ingress = oneOf(HOSTNAMES).chain((hostname) =>
    fc.record({
      hostname: fc.constant(hostname),
      path: oneOf([...Array<undefined>(9).fill(undefined), ...PATTERNS]),
      service: oneOf(["http://localhost:8188", "http://localhost:8188", "http_status:404"]),
      jwtRequired: fc.boolean(),
      teamName: fc.constant("datacrew"),
      audTags: audiences(hostname),
    }),
  );
  const catchAll = { service: "http_status:404", jwtRequired: false, audTags: [] };
  const record = fc.record({
    name: oneOf(HOSTNAMES),
    proxied: oneOf([true, true, true, false]),
    target: oneOf(TARGETS),
  });
  return fc.subarray(URIS).chain((uris) =>
    fc.record({
      applications: fc.tuple(...uris.map((uri) => application(uri, options))),
      notJudged: fc.constant([]),
      tokens: fc.subarray(TOKENS).map((ids) => ids.map((id) => ({ id, name: id, duration: "8760h" }))),
      identityProviders: fc.constant(LOGINS.map((id) => ({ id, name: id, type: id }))),
      ingress: fc
        .tuple(
          fc.uniqueArray(ingress, { selector: ({ hostname, path }) => `${hostname}${path}` }),
          fc.boolean(),
        )
        .map(([rules, isOwned]) => (isOwned ? [...rules, catchAll] : rules)),
      tunnelId: fc.constant(TUNNEL),
      records: fc.uniqueArray(record, { selector: ({ name }) => name }),
      hostnames: fc.constant([]),
    }),
  );
}

/** Two configurations, of which the second is often the first with one policy list changed. */
export function pairArbitrary(options: Options = {}): fc.Arbitrary<[Situation, Situation]> {
  const state = stateArbitrary(options);
  const edited = fc
    .tuple(state, fc.array(policy(options), { maxLength: 2 }), fc.nat())
    .map(([before, policies, pick]): [Situation, Situation] => {
      const target = pick % Math.max(before.applications.length, 1);
      const applications = before.applications.map((each, index) =>
        index === target ? { ...each, policies: [...policies, ...each.policies.slice(1)] } : each,
      );
      return [before, { ...before, applications }];
    });
  return fc.oneof(edited, fc.tuple(state, state));
}
