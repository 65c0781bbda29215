import fc from "fast-check";
import { standInName } from "../../config/stand-in";

/** A stack config as YAML gives it; only what the tests reach into is named. */
export interface RawConfig extends Record<string, unknown> {
  zone: string;
  applications: Record<string, unknown>[];
  serviceTokens?: Record<string, unknown>[];
}

const of = (letters: string) => fc.constantFrom(...letters);
const LETTERS = "abcxyz059";

/** A label of a host name, or a name: letters and digits, hyphens inside. */
export const label: fc.Arbitrary<string> = fc
  .tuple(of(LETTERS), fc.string({ unit: of(`${LETTERS}-`), maxLength: 8 }), of(LETTERS))
  .map((parts) => parts.join(""));

/** The last label begins with a letter, as all names' do. */
export const hostname: fc.Arbitrary<string> = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), label)
  .map(([labels, last]) => [...labels, `x${last}`].join("."));

/** In the length that is free to be a name, or a stand-in's. */
const shortName = label.filter((name) => !name.endsWith("-stand-in"));

const email = fc
  .tuple(fc.string({ unit: of("abcXYZ09._+-'ü"), minLength: 1, maxLength: 8 }), hostname)
  .map((parts) => parts.join("@"));

const whole = (min: number, max: number) => fc.integer({ min, max });

/** Go's own way to write a duration, with its seconds. */
export const goDuration: fc.Arbitrary<{ text: string; seconds: number }> = fc
  .tuple(whole(0, 700), whole(0, 59), whole(0, 59), whole(0, 999))
  .map(([hours, minutes, seconds, milliseconds]) => ({
    text:
      [
        hours && `${hours}h`,
        minutes && `${minutes}m`,
        seconds && `${seconds}s`,
        milliseconds && `${milliseconds}ms`,
      ]
        .filter((part) => part !== 0)
        .join("") || "0s",
    seconds: hours * 3600 + minutes * 60 + seconds + milliseconds / 1000,
  }));
const duration = goDuration.map(({ text }) => text);

/** An instant, as the config writes one; a past one, since a replaced secret may not count for long. */
export const time: fc.Arbitrary<string> = fc
  .tuple(whole(0, 1_795_000_000), fc.constantFrom("Z", ".5Z", "+01:00", "-09:30"))
  .map(([seconds, zone]) => new Date(seconds * 1000).toISOString().replace(".000Z", zone));

export const service: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("http", "https", "ws", "wss", "tcp", "ssh", "rdp", "smb"),
      fc.oneof(hostname, fc.constantFrom("localhost", "127.0.0.1", "[::1]", "comfyui")),
      fc.option(whole(1, 65_535), { nil: undefined }),
    )
    .map(([scheme, host, port]) => `${scheme}://${host}${port === undefined ? "" : `:${port}`}`),
  fc.constantFrom("unix:/run/app.sock", "unix+tls:/run/app.sock", "hello_world"),
  whole(100, 999).map((status) => `http_status:${status}`),
);

const distinct = (arbitrary: fc.Arbitrary<string>, minLength: number, maxLength: number) =>
  fc.uniqueArray(arbitrary, { minLength, maxLength, selector: (text) => text.toLowerCase() });

const token = (name: string) =>
  fc
    .record({
      duration: fc.oneof(fc.constant("forever"), duration),
      version: whole(1, 5),
      previousExpiresAt: time,
      given: fc.boolean(),
    })
    .map(({ duration: lives, version, previousExpiresAt, given }) => ({
      name,
      ...(given ? { duration: lives } : {}),
      ...(version === 1 ? {} : { version, previousExpiresAt }),
    }));

const google = fc.oneof(
  fc.record({
    clientId: label.map((id) => `${id}.apps.googleusercontent.com`),
    clientSecret: fc
      .string({ unit: of("abcXYZ09-_"), minLength: 16, maxLength: 24 })
      .map((text) => `GOCSPX-${text}`),
  }),
  fc.record({ identityProviderId: fc.uuid() }),
);

const names = distinct(shortName, 0, 3);
const settings = fc.record(
  {
    protectTokens: fc.boolean(),
    maxSessionDuration: fc.constant("800h"),
    maxTokenDuration: fc.constant("forever"),
    secretStore: fc.oneof(
      fc.constant({ kind: "none" }),
      fc.constant({
        kind: "gcp",
        project: "datacrew-prod",
        readers: ["serviceAccount:a@b.iam.gserviceaccount.com"],
      }),
    ),
    infisical: fc.record({
      projectId: fc.uuid(),
      environment: label,
      secretPath: fc.constantFrom("/", "/a/b_c"),
    }),
    alerts: fc.record({ emails: fc.array(email, { minLength: 1, maxLength: 2 }) }),
    adopted: fc.array(fc.uuid(), { maxLength: 2 }),
    driftAccepted: fc.array(
      fc.record({
        resource: fc.uuid(),
        finding: fc.constantFrom("added", "ingress[a.b/^/x]"),
        reason: fc.constant("because"),
        expires: fc.constantFrom("2026-12-31", "2020-02-29"),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

const application = (name: string, zone: string, tokens: readonly string[]) =>
  fc
    .record({
      below: fc.option(label, { nil: undefined }),
      service: fc.option(service, { nil: undefined }),
      emails: distinct(email, 1, 3),
      emailDomains: distinct(hostname, 0, 2),
      serviceTokens: fc.subarray([...tokens]),
      sessionDuration: fc.option(duration, { nil: undefined }),
    })
    .map(({ below, emails, emailDomains, ...rest }) =>
      withoutUndefined({
        name,
        // Below its own name, so that no two meet.
        ...(below === undefined ? {} : { hostname: `${below}.${name}.${zone}` }),
        allow: { emails, emailDomains },
        ...rest,
      }),
    );

/** Stack configs without any fault; every key is given in some and left out in others. */
export const validConfig: fc.Arbitrary<RawConfig> = fc
  .record({
    zone: hostname,
    applicationNames: distinct(shortName, 1, 3),
    tokenNames: names,
    standsIn: fc.boolean(),
  })
  .chain(({ zone, applicationNames, tokenNames, standsIn }) =>
    fc.record({
      accountId: fc.string({ unit: of("0123456789abcdef"), minLength: 32, maxLength: 32 }),
      zone: fc.constant(zone),
      teamName: label,
      google,
      tunnel: fc.oneof(fc.record({ id: fc.uuid() }), fc.record({ name: shortName })),
      applications: fc.tuple(
        ...applicationNames.map((name) => application(name, zone, tokenNames)),
      ) as fc.Arbitrary<Record<string, unknown>[]>,
      serviceTokens: fc
        .tuple(...tokenNames.map(token))
        .map((tokens: Record<string, unknown>[]) => [...tokens, ...(standsIn ? standIn(tokenNames) : [])]),
      settings,
    }),
  )
  .map(({ settings: more, ...rest }) => withLimits({ ...rest, ...more }));

/** With the limits raised where something is longer than they are when nothing is said. */
function withLimits(config: RawConfig): RawConfig {
  const sessions = config.applications.some(({ sessionDuration }) => sessionDuration !== undefined);
  const tokens = config.serviceTokens?.some(({ duration: lives }) => lives === "forever");
  return {
    ...(sessions ? { maxSessionDuration: "800h" } : {}),
    ...(tokens ? { maxTokenDuration: "forever" } : {}),
    ...config,
  };
}

const standIn = ([name]: readonly string[]): Record<string, unknown>[] =>
  name === undefined ? [] : [{ name: standInName(name), duration: "720h", standIn: { for: name } }];

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Keys that do harm where an object is used as a table. */
export const NASTY_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "",
];

/** Any JSON value, with such keys too, and text that YAML and Pulumi hand over. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      1e308,
      "",
      "comfyui",
      "https://a.example.org",
      "[",
      "{}",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...NASTY_KEYS), fc.string({ maxLength: 5 })), tie("value")), {
        maxLength: 3,
      })
      .map(ownObject),
  ),
})).value;

/** An object as `JSON.parse` makes one: `__proto__` is a name like any other. */
export function ownObject(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}
