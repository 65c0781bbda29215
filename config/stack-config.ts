import * as z from "zod/mini";
import type { AccessTest } from "../packages/access/tests/judge";
import { parseDuration } from "../packages/base/duration";
import { HOST_NAME as HOST, urlIn } from "../packages/base/host-name";
import { rfc3339 } from "../packages/base/instant";
import { textsIn } from "../packages/base/json-values";
import { editDistance, nearest } from "../packages/base/nearest";
import { type Problem, ProblemsError } from "../packages/base/problems";
import { pathText, placePaths } from "./config-paths";
import { type Exception, formFlawOf, tooFar } from "./exception";
import {
  DEFAULT_LIMITS,
  LONGEST_EXCEPTION_DAYS,
  LONGEST_OVERLAP_DAYS,
  lifetime,
  outlastsOverlap,
} from "./limits";
import { isInternational, type MailAddressFault, mailAddressFault, mailDomainFault, ODD } from "./mail-names";
import { siteFault } from "./provider-addresses";
import { standInName } from "./stand-in";

/** Everything that is wrong with the stack config, in one error. */
export class ConfigError extends ProblemsError {
  constructor(stack: string | undefined, problems: readonly Problem[]) {
    super(`the config of ${stack === undefined ? "the stack" : `stack ${stack}`}`, problems);
  }
}

/** A Google login that this stack creates, or one that exists in the account. */
export type GoogleConfig<Secret = string> =
  | { clientId: string; clientSecret: Secret; identityProviderId?: undefined }
  | { identityProviderId: string; clientId?: undefined; clientSecret?: undefined };

/** A tunnel shared with others, by id, or one that this stack owns, by name. */
export type TunnelConfig = { id: string; name?: undefined } | { name: string; id?: undefined };

/** What an application is: ComfyUI, whose API and needs are known, or any other web app. */
export type ApplicationKind = "comfyui" | "web";

/** One protected application. */
interface ApplicationConfig {
  /** Its identity in the stack and its name in Access; another name makes another application. */
  name: string;
  kind: ApplicationKind;
  hostname: string;
  /** Origin as cloudflared reaches it, e.g. `http://localhost:8188`. */
  service: string;
  allow: { emails: string[]; emailDomains: string[] };
  /** Names of the service tokens that may reach it. */
  serviceTokens: string[];
  /** Go duration. */
  sessionDuration: string;
}

/** One service token. */
interface ServiceTokenConfig {
  /** Its identity in the stack and its name in Access; another name makes another token. */
  name: string;
  /** Go duration, or `forever`. */
  duration: string;
  /** Rotation counter; raising it makes a new secret. */
  version: number;
  /** Until when the previous secret is accepted (RFC 3339); set exactly when `version` is above 1. */
  previousExpiresAt?: string;
  /** What `rotate` notes about the secret: fingerprints, never the secret. */
  rotation?: RotationNote;
  /** Makes it a stand-in, which `rotate` uses while the other token's newest secret is not known. */
  standIn?: StandInConfig;
}

/**
 * How far a rotation is: `replaces`, or `proven` and `at`. With none of them it is known only that this version is higher
 * than what the account had before.
 */
export interface RotationNote {
  /** Of which version it speaks; of any other it says nothing. */
  version: number;
  /** Under way: the fingerprint of the secret before this version's, or `unknown`. */
  replaces?: string;
  /** Done: the fingerprint of the secret that passed Access and was handed out. */
  proven?: string;
  /** When that was (RFC 3339). */
  at?: string;
}

/** For which token a stand-in's credentials are handed out. */
export interface StandInConfig {
  /** Name of that token; the same applications take the stand-in. */
  for: string;
  /** Set when the token's own credentials are handed out again: the stand-in is still accepted until then (RFC 3339). */
  until?: string;
}

/** Where credentials are kept besides the stack's own state. */
type SecretStoreConfig = { kind: "none" } | { kind: "gcp"; project: string; readers: string[] };

/** A folder of an Infisical project, to which `env --to infisical` writes. */
export interface InfisicalConfig {
  /** Base URL of the Infisical instance. */
  siteUrl: string;
  /** UUID of the project. */
  projectId: string;
  /** Slug of the environment, e.g. `prod`. */
  environment: string;
  /** Folder in it, from the root: `/` or `/comfyui`. */
  secretPath: string;
}

/** A finding of `drift` that is accepted for a reason and a time, in the shape of the guardrails' exceptions. */
export interface DriftAcceptance extends Exception {
  /** The field as the report names it, or `added` or `deleted` for a whole object. */
  finding: string;
}

/** The whole stack config with every default filled in. */
export interface StackConfig<Secret = string> {
  accountId: string;
  zone: string;
  teamName: string;
  google: GoogleConfig<Secret>;
  tunnel: TunnelConfig;
  applications: ApplicationConfig[];
  serviceTokens: ServiceTokenConfig[];
  protectTokens: boolean;
  maxSessionDuration: string;
  maxTokenDuration: string;
  secretStore: SecretStoreConfig;
  infisical?: InfisicalConfig;
  alerts?: { emails: string[] };
  accessTests: AccessTest[];
  /** Ids of objects made by others that this stack has taken over; what the look-ups would else refuse. */
  adopted: string[];
  /** Findings of `drift` that do not count for a while. */
  driftAccepted: DriftAcceptance[];
}

type Complaint = Omit<Problem, "path">;

/** What an application of kind `comfyui` is called, and where it listens, unless the config says otherwise. */
const COMFYUI = { name: "comfyui", service: "http://localhost:8188" };

/** Infisical's own service in the US; another region or an instance of one's own has another address. */
export const INFISICAL_CLOUD = "https://app.infisical.com";

const NAME = /^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const OBJECT_ID = /^([0-9a-f]{32}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})$/i;
/** What cloudflared proxies to by URL; a path behind the host is refused there too (ingress/ingress.go). */
const SERVICE_SCHEMES = new Set(["http:", "https:", "ws:", "wss:", "tcp:", "ssh:", "rdp:", "smb:"]);

const complain = (found: string, remedy: string): Complaint => ({ found, remedy });

function checkHost(value: string): Complaint | undefined {
  if (HOST.test(value)) return undefined;
  return complain(
    `${JSON.stringify(value)} is not a host name`,
    "Give a lower-case name such as comfyui.datacrew.space, without scheme, port, path or wildcard.",
  );
}

const ADDRESS_FAULTS: Record<MailAddressFault, readonly [found: string, remedy: string]> = {
  "no @": [
    "has no @, so it is no e-mail address",
    "Give the whole address; a whole domain belongs in allow.emailDomains.",
  ],
  wildcard: [
    "has a wildcard, which Access takes for a letter like any other",
    "Give one address; a whole domain belongs in allow.emailDomains.",
  ],
  "look-alike": [
    "has letters of another alphabet that look like Latin ones",
    "Type the address anew, on a keyboard.",
  ],
  "not an address": ["is not an e-mail address", "Give one address such as name@datacrew.space."],
};

function checkEmail(value: string): Complaint | undefined {
  const fault = mailAddressFault(value);
  if (fault === undefined) return undefined;
  const [found, remedy] = ADDRESS_FAULTS[fault];
  return complain(`${JSON.stringify(value)} ${found}`, remedy);
}

function checkEmailDomain(value: string): Complaint | undefined {
  const fault = mailDomainFault(value);
  switch (fault?.kind) {
    case undefined:
      return undefined;
    case "public mail":
      return complain(
        `anybody can get an address at ${fault.domain}`,
        "List the people in allow.emails instead.",
      );
    case "public suffix":
      return complain(
        `${fault.domain} is a public suffix: anybody can get a domain below it`,
        "Give your own domain, or list the people in allow.emails.",
      );
    case "look-alike":
      return complain(
        `${JSON.stringify(value)} has letters of another alphabet that look like Latin ones`,
        "Type the domain anew, on a keyboard.",
      );
    case "not a domain":
      return complain(
        `${JSON.stringify(value)} is not a mail domain`,
        "Give the part behind the @, e.g. datacrew.space.",
      );
  }
}

function checkName(value: string): Complaint | undefined {
  if (NAME.test(value)) return undefined;
  return complain(
    `${JSON.stringify(value)} cannot be used as a name`,
    "Use at most 48 lower-case letters, digits and inner hyphens.",
  );
}

function checkDuration(value: string): Complaint | undefined {
  if (parseDuration(value) !== undefined) return undefined;
  return complain(
    `${JSON.stringify(value)} is not a duration`,
    "Give hours, minutes and seconds such as 24h or 1h30m, at most 2562047h.",
  );
}

function checkService(value: string): Complaint | undefined {
  if (ODD.test(value)) {
    // Not repeated: it may hold a password.
    return complain("the address has white space or an invisible character in it", "Type it anew.");
  }
  if (/^unix(\+tls)?:\/\S+$/.test(value) || value === "hello_world") return undefined;
  const status = /^http_status:(\d+)$/.exec(value)?.[1];
  if (status !== undefined && Number(status) >= 100 && Number(status) <= 999) return undefined;
  const url = urlIn(value);
  if (url && (url.username !== "" || url.password !== "")) {
    // Not repeated: it may hold a password.
    return complain(
      "the URL holds a user name or password",
      "Leave them out; cloudflared would not send them.",
    );
  }
  if (!url || !SERVICE_SCHEMES.has(url.protocol) || url.hostname === "") {
    return complain(
      `${JSON.stringify(value)} is not an address that cloudflared can proxy to`,
      "Give scheme, host and port such as http://localhost:8188, or unix:/path/to/socket, or http_status:404.",
    );
  }
  // Compared as text: URL adds a trailing slash that cloudflared would refuse as a path.
  if (!/^[a-z]+:\/\/[^/?#]+$/i.test(value)) {
    return complain(
      `${JSON.stringify(value)} has a path, and an ingress rule cannot proxy to one`,
      `End it after host and port: ${url.protocol}//${url.host}.`,
    );
  }
  // Compared as written: cloudflared gets that, and may read another host in it than URL does.
  const host = value.replace(/^[a-z]+:\/\//i, "").replace(/:\d*$/, "");
  if (!/^([a-z0-9._-]+|\[[0-9a-f:.]+\])$/i.test(host) && !isInternational(host)) {
    return complain(
      `${JSON.stringify(value)} has no plain host name`,
      "Give it in ASCII letters, digits, hyphens and dots.",
    );
  }
  return undefined;
}

function checkReader(value: string): Complaint | undefined {
  if (value === "allUsers" || value === "allAuthenticatedUsers") {
    return complain(`${value} would publish the credentials`, "Name the accounts that need them.");
  }
  if (/^(user|serviceAccount|group|domain):\S+$|^principal(Set)?:\/\/\S+$/.test(value)) return undefined;
  return complain(
    `${JSON.stringify(value)} is not an IAM member`,
    "Give a member such as serviceAccount:name@project.iam.gserviceaccount.com.",
  );
}

/** Whether the text is RFC 3339, and a time that there is: `Date` takes 31 February for 3 March. */
function isTime(text: string): boolean {
  const [, local = "", zone = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const date = new Date(`${local}Z`);
  return (
    !Number.isNaN(date.getTime()) &&
    date.toISOString().startsWith(local) &&
    !Number.isNaN(Date.parse(`2000-01-01T00:00:00${zone}`))
  );
}

/** A check of a schema; it gives what was found and the remedy, without the path. */
function checking<T>(check: (value: T) => Complaint | undefined): z.core.CheckFn<T> {
  return (context) => {
    const complaint = check(context.value);
    if (complaint === undefined) return;
    const { found, remedy } = complaint;
    context.issues.push({ code: "custom", message: found, params: { remedy }, input: "", continue: true });
  };
}

/** A string that has to pass a check. */
const text = (check: (value: string) => Complaint | undefined) => z.string().check(checking(check));

// Not zod's minLength: that looks at the length of whatever has one, and throws when it cannot compare it.
const notEmpty = checking<unknown[]>((list) =>
  list.length === 0 ? complain("an empty list", "List at least one.") : undefined,
);

const matches = (pattern: RegExp, remedy: string) =>
  text((value) =>
    pattern.test(value) ? undefined : complain(`${JSON.stringify(value)} does not fit`, remedy),
  );

const hostname = text(checkHost);
const name = text(checkName);
const duration = text(checkDuration);
const tokenDuration = text((value) => (value === "forever" ? undefined : checkDuration(value)));
const names = z._default(z.array(z.string()), []);

const google = z.strictObject({
  clientId: z.optional(
    text((value) =>
      // Neither value is repeated: id and secret are easily swapped.
      value.endsWith(".apps.googleusercontent.com")
        ? undefined
        : complain("not a Google OAuth client id", "Give the one that ends in .apps.googleusercontent.com."),
    ),
  ),
  clientSecret: z.optional(z.string()),
  identityProviderId: z.optional(matches(UUID, "Give the identity provider's UUID.")),
});
const tunnel = z.strictObject({
  id: z.optional(matches(UUID, "Give the tunnel's UUID, as `cloudflared tunnel list` shows it.")),
  name: z.optional(name),
});
const application = z.strictObject({
  name: z.optional(name),
  kind: z._default(z.enum(["comfyui", "web"]), "comfyui"),
  hostname: z.optional(hostname),
  service: z.optional(text(checkService)),
  allow: z._default(
    z.strictObject({
      emails: z._default(z.array(text(checkEmail)), []),
      emailDomains: z._default(z.array(text(checkEmailDomain)), []),
    }),
    { emails: [], emailDomains: [] },
  ),
  serviceTokens: z.optional(z.array(z.string())),
  sessionDuration: z._default(duration, "24h"),
});
const time = z.pipe(
  z.pipe(z.string(), z.transform(rfc3339)),
  text((value) =>
    isTime(value)
      ? undefined
      : complain(
          `${JSON.stringify(value)} does not fit`,
          "Give a time with zone such as 2027-01-31T00:00:00Z.",
        ),
  ),
);
const fingerprint = matches(/^sha256-[0-9a-f]{16}$|^unknown$/, "Leave it as `rotate` wrote it.");
const serviceToken = z.strictObject({
  name,
  duration: z._default(tokenDuration, "8760h"),
  version: z._default(z.int().check(z.minimum(1)), 1),
  previousExpiresAt: z.optional(time),
  rotation: z.optional(
    z.strictObject({
      version: z.int(),
      replaces: z.optional(fingerprint),
      proven: z.optional(fingerprint),
      at: z.optional(time),
    }),
  ),
  standIn: z.optional(z.strictObject({ for: z.string(), until: z.optional(time) })),
});
const secretStore = z.strictObject({
  kind: z.enum(["none", "gcp"]),
  project: z.optional(
    matches(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "Give the Google Cloud project id, e.g. datacrew-prod."),
  ),
  readers: z._default(z.array(text(checkReader)), []),
});
const infisical = z.strictObject({
  siteUrl: z._default(text(siteFault), INFISICAL_CLOUD),
  projectId: matches(UUID, "Give the project's UUID, as its settings page shows it."),
  environment: matches(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "Give the environment's slug, e.g. prod."),
  secretPath: z._default(
    matches(/^\/([A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*)?$/, "Give the folder from the root, e.g. / or /comfyui."),
    "/",
  ),
});
/** Who may reach what, and who may not; the access tests have one form, wherever they are read. */
const ACCESS_TESTS = z._default(
  z.array(
    z.strictObject({
      who: z.optional(text(checkEmail)),
      with: z.optional(z.record(z.string(), z.string())),
      token: z.optional(z.string()),
      anyone: z.optional(z.literal(true)),
      allow: names,
      deny: names,
    }),
  ),
  [],
);

/** The one service token of a stack whose config lists none. */
export const DEFAULT_TOKEN = { name: "comfyui-api", duration: "8760h", version: 1 } as const;

/** A day: YAML takes one without quotes for a time, at midnight. */
const day = z.pipe(
  z.string(),
  z.transform((value) => rfc3339(value).replace(/T00:00:00(\.0+)?Z$/, "")),
);
const driftAcceptance = z.strictObject({
  resource: z.string(),
  finding: z.string(),
  reason: z.string(),
  expires: day,
});

const SHAPES = {
  accountId: matches(/^[0-9a-f]{32}$/, "Give the account id, 32 hexadecimal digits in lower case."),
  zone: hostname,
  teamName: matches(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    "Give the <team> of <team>.cloudflareaccess.com alone, e.g. datacrew.",
  ),
  google,
  tunnel,
  applications: z.array(application),
  serviceTokens: z._default(z.array(serviceToken), [DEFAULT_TOKEN]),
  protectTokens: z._default(z.boolean(), true),
  maxSessionDuration: z._default(duration, DEFAULT_LIMITS.maxSessionDuration),
  maxTokenDuration: z._default(tokenDuration, DEFAULT_LIMITS.maxTokenDuration),
  secretStore: z._default(secretStore, { kind: "none", readers: [] }),
  infisical: z.optional(infisical),
  alerts: z.optional(z.strictObject({ emails: z.array(text(checkEmail)).check(notEmpty) })),
  accessTests: ACCESS_TESTS,
  adopted: z._default(
    z.array(
      matches(
        OBJECT_ID,
        "Give the object's id alone, as `adopt` writes it: a UUID or 32 hexadecimal digits.",
      ),
    ),
    [],
  ),
  driftAccepted: z._default(z.array(driftAcceptance), []),
};
type Key = keyof typeof SHAPES;
type Parsed = z.core.ParsePayload<unknown>;
type Shaped = { [K in Key]: z.output<(typeof SHAPES)[K]> };

/** Names of all config keys, as declared in Pulumi.yaml. */
export const CONFIG_KEYS = Object.keys(SHAPES) as Key[];

/** What each required key is set with, as `pulumi config set` takes it: one way or another, each of some lines. */
const SET_REQUIRED: Partial<Record<Key, readonly (readonly string[])[]>> = {
  accountId: [["accountId <32 hexadecimal digits>"]],
  zone: [["zone <e.g. datacrew.space>"]],
  teamName: [["teamName <the team of team.cloudflareaccess.com>"]],
  google: [
    ["--path google.clientId <OAuth client id>", "--secret --path google.clientSecret"],
    ["--path google.identityProviderId <UUID of a Google login that the account has>"],
  ],
  tunnel: [
    ["--path tunnel.name <name of one to make and own>"],
    ["--path tunnel.id <UUID of a shared tunnel>"],
  ],
  applications: [["--path 'applications[0].allow.emails[0]' <e-mail address>"]],
};

/** The one secret of the config; as a key of its own when `pulumi new` wrote it. */
export const CLIENT_SECRET_PATH = "google.clientSecret";

/** What the parser knows of the config besides its values. */
export interface ParseContext {
  /** Short stack name, for the command lines in remedies. */
  stack?: string;
  /** Keys, as they are set, that hold an encrypted value; without it, plain text secrets are not looked for. */
  secretKeys?: ReadonlySet<string>;
  /** By which the ends of replaced secrets and of accepted findings are judged. Default: now. */
  now?: Date;
}

/**
 * Checks a whole stack config and fills in the defaults.
 * @param raw decoded values by key, or by a path such as `google.clientId`; undefined, `""`, `{}` and, where a list
 *   is required, `[]` count as not set
 * @throws ConfigError with every problem found
 */
export function parseConfig(raw: Readonly<Record<string, unknown>>, context: ParseContext = {}): StackConfig {
  const set = setting(context.stack);
  const problems: Problem[] = [];
  const report = (path: string, found: string, remedy: string) => void problems.push({ path, found, remedy });

  const clientSecretKey = Object.hasOwn(raw, CLIENT_SECRET_PATH) ? CLIENT_SECRET_PATH : "google";
  const isSecret = context.secretKeys?.has(clientSecretKey) ?? true;
  const secrets = [...(context.secretKeys ?? [])].flatMap((key) => textsIn(raw[key]));
  const { placed, twice } = placePaths(raw);
  raw = placed;
  problems.push(...twice.map((path) => setTwice(path, context.stack)));
  for (const key of Object.keys(raw)) {
    if (!(CONFIG_KEYS as string[]).includes(key)) report(key, "unknown key", spelling(key, CONFIG_KEYS, ""));
  }
  const shaped: Partial<Shaped> = {};
  const shape = <K extends Key>(key: K) => {
    const ways = SET_REQUIRED[key]?.map((lines) => lines.map(set).join("\n      "));
    if (isUnset(raw[key], ways !== undefined)) {
      if (ways !== undefined) return report(key, "not set", ways.join("\n      or: "));
      raw = { ...raw, [key]: undefined };
    }
    // Not `safeParse`: it withholds the value when there is any issue, and then whatever else is wrong
    // with the same list would show only after the next run.
    const { value, issues } = SHAPES[key]._zod.run(
      { value: raw[key], issues: [] },
      { async: false },
    ) as Parsed;
    for (const issue of issues) problems.push(...explain(key, issue, SHAPES[key], set));
    if (issues.every(({ code }) => code === "custom" || code === "unrecognized_keys"))
      shaped[key] = value as Shaped[K];
  };
  for (const key of CONFIG_KEYS) shape(key);

  const { google, tunnel, zone, secretStore } = shaped;
  if (google) problems.push(...checkGoogle(google, isSecret, set));
  if (tunnel && (tunnel.id === undefined) === (tunnel.name === undefined)) {
    report(
      "tunnel",
      tunnel.id === undefined ? "neither id nor name" : "both id and name",
      "Give exactly one of them.",
    );
  }
  if (secretStore?.kind === "gcp" && secretStore.project === undefined) {
    report("secretStore.project", "not set", set("--path secretStore.project <Google Cloud project id>"));
  }
  const applications = shaped.applications?.map((each) => {
    const { name = COMFYUI.name, service = COMFYUI.service } = each;
    const hostname = each.hostname ?? `${name}.${zone ?? "invalid"}`;
    return { ...each, name, service, hostname, serviceTokens: each.serviceTokens ?? defaultTokens(shaped) };
  });
  if (shaped.applications) problems.push(...checkWebApplications(shaped.applications, set));
  if (applications) problems.push(...checkApplications(applications, shaped));
  if (shaped.serviceTokens)
    problems.push(...checkTokens(shaped.serviceTokens, shaped, { set, now: context.now ?? new Date() }));
  problems.push(...checkAccessTests(shaped));
  problems.push(...checkDriftAccepted(shaped, context.now ?? new Date()));
  if (problems.length > 0) throw new ConfigError(context.stack, withoutSecrets(problems, secrets));
  return { ...shaped, applications } as StackConfig;
}

/** The command that sets something, up to what it sets. */
const setting = (stack: string | undefined) => (rest: string) =>
  `pulumi config set ${stack === undefined ? "" : `--stack ${stack} `}${rest}`;

const setTwice = (path: string, stack: string | undefined): Problem => ({
  path,
  found: "set twice: under this key, and inside the value that it leads into",
  remedy: `pulumi config rm ${stack === undefined ? "" : `--stack ${stack} `}'${path}'`,
});

/**
 * The access tests of a config, whatever else of it is not set or not known; none when it has none.
 * @param raw as {@link parseConfig} takes it
 * @throws ConfigError with every problem found in their form
 */
export function accessTestsIn(raw: Readonly<Record<string, unknown>>, stack: string): AccessTest[] {
  const { placed, twice } = placePaths(raw);
  const given = placed["accessTests"];
  const { value, issues } = ACCESS_TESTS._zod.run(
    { value: isUnset(given, false) ? undefined : given, issues: [] },
    { async: false },
  ) as Parsed;
  const problems = [
    ...twice.filter((path) => /^accessTests\b/.test(path)).map((path) => setTwice(path, stack)),
    ...issues.flatMap((issue) => explain("accessTests", issue, ACCESS_TESTS, setting(stack))),
  ];
  if (problems.length > 0) throw new ConfigError(stack, problems);
  return value as AccessTest[];
}

/**
 * A project's own settings out of config entries as the engine hands them over, for {@link parseConfig}.
 * @param entries full keys, `<project>:<key>`, with their values as text.
 */
export function settingsOf(
  entries: Iterable<readonly [key: string, entry: { value?: string; secret?: boolean }]>,
  project: string,
): { raw: Record<string, unknown>; secretKeys: Set<string> } {
  const values: [string, unknown][] = [];
  const secretKeys = new Set<string>();
  for (const [fullKey, { value, secret }] of entries) {
    if (!fullKey.startsWith(`${project}:`) || value === undefined) continue;
    const key = fullKey.slice(project.length + 1);
    values.push([key, decode(key, value)]);
    if (secret === true) secretKeys.add(key);
  }
  return { raw: Object.fromEntries(values), secretKeys };
}

/** The engine hands over every value as text: lists and objects as JSON. */
function decode(key: string, value: string): unknown {
  if (key === "protectTokens") return value === "true" ? true : value === "false" ? false : value;
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Shorter text is no secret, and is part of many words. */
const SHORTEST_SECRET = 8;

/** Whatever is encrypted in the config is not repeated, even where it is no secret, or was put in the wrong place. */
function withoutSecrets(problems: readonly Problem[], secrets: readonly string[]): Problem[] {
  const shown = "(encrypted, not shown)";
  const hide = (text: string) =>
    secrets.reduce((rest, secret) => {
      const unquoted = rest.replaceAll(JSON.stringify(secret), shown);
      return secret.length < SHORTEST_SECRET ? unquoted : unquoted.replaceAll(secret, shown);
    }, text);
  return problems.map(({ path, found, remedy }) => ({ path, found: hide(found), remedy: hide(remedy) }));
}

function isUnset(value: unknown, required: boolean): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return required && value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** With one application there is no doubt which one the tokens are for. */
function defaultTokens({ applications, serviceTokens }: Partial<Shaped>): string[] {
  return applications?.length === 1 ? (serviceTokens ?? []).map((token) => token.name) : [];
}

function spelling(key: string, valid: readonly string[], prefix: string): string {
  const like = nearest(key, valid);
  return like !== undefined && editDistance(key, like) <= Math.max(2, key.length / 3)
    ? `Did you mean ${prefix}${like}?`
    : `Remove it; the keys here are ${valid.join(", ")}.`;
}

/** Puts a finding of zod into this project's words; never with the value, which may be a secret. */
function explain(
  key: Key,
  issue: z.core.$ZodRawIssue,
  schema: z.core.$ZodType,
  set: (rest: string) => string,
): Problem[] {
  const at = issue.path ?? [];
  const path = pathText([key, ...at]);
  if (issue.code === "unrecognized_keys") {
    const valid = keysAt(schema, at);
    return issue.keys.map((unknown) => ({
      path: `${path}.${unknown}`,
      found: "unknown key",
      remedy: spelling(unknown, valid, `${path}.`),
    }));
  }
  if (issue.code === "invalid_type") {
    const missing = issue.input === undefined;
    const remedy = missing
      ? set(`--path '${path}' <value>`)
      : `Give ${KINDS[issue.expected] ?? issue.expected}.`;
    return [{ path, found: missing ? "not set" : "a value of the wrong kind", remedy }];
  }
  if (issue.code === "invalid_value") {
    return [
      {
        path,
        found: "not one of the known values",
        remedy: `Give ${issue.values.map(String).join(" or ")}.`,
      },
    ];
  }
  if (issue.code === "too_small") {
    return [{ path, found: "a number that is too small", remedy: `Give ${issue.minimum} or more.` }];
  }
  if (issue.code === "too_big") {
    return [{ path, found: "a number that is too large", remedy: `Give ${issue.maximum} or less.` }];
  }
  const remedy = issue.code === "custom" ? String(issue.params?.remedy ?? "") : "";
  return [{ path, found: issue.message ?? issue.code, remedy }];
}

const KINDS: Record<string, string> = {
  array: "a list",
  object: "a mapping",
  string: "text; quote what YAML would read as a number or a boolean",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

/** The names that the object at a path may hold. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = schema._zod as {
    def: { innerType?: z.core.$ZodType; element?: z.core.$ZodType; shape?: object };
  };
  if (def.innerType) return keysAt(def.innerType, path);
  if (def.element) return keysAt(def.element, path.slice(1));
  const shape = (def.shape ?? {}) as Record<PropertyKey, z.core.$ZodType>;
  const [first, ...rest] = path;
  const inner = first === undefined ? undefined : shape[first];
  return inner === undefined ? Object.keys(shape) : keysAt(inner, rest);
}

function checkGoogle(google: Shaped["google"], isSecret: boolean, set: (rest: string) => string): Problem[] {
  const { clientId, clientSecret, identityProviderId } = google;
  if (identityProviderId !== undefined) {
    if (clientId === undefined && clientSecret === undefined) return [];
    const remedy = "Give identityProviderId alone to use that provider, or remove it to have one created.";
    return [{ path: "google", found: "both an existing provider and a client of its own", remedy }];
  }
  const problems: Problem[] = [];
  if (!clientId) {
    const remedy = set("--path google.clientId <OAuth client id>");
    problems.push({ path: "google.clientId", found: "not set", remedy });
  }
  const remedy = set("--secret --path google.clientSecret");
  if (!clientSecret) problems.push({ path: "google.clientSecret", found: "not set", remedy });
  else if (!isSecret) {
    problems.push({ path: "google.clientSecret", found: "a secret in plain text", remedy });
  }
  return problems;
}

/** A web app has nothing of ComfyUI's: neither its name, after which its `.env` keys are called, nor its port. */
function checkWebApplications(
  applications: NonNullable<Partial<Shaped>["applications"]>,
  set: (rest: string) => string,
): Problem[] {
  return applications.flatMap(({ kind, name, service }, index) => {
    if (kind === "comfyui") return [];
    const at = `applications[${index}]`;
    const unset = (key: string, value: string): Problem => {
      return { path: `${at}.${key}`, found: "not set", remedy: set(`--path '${at}.${key}' ${value}`) };
    };
    return [
      ...(name === undefined ? [unset("name", "<e.g. grafana>")] : []),
      ...(name === COMFYUI.name
        ? [{ path: `${at}.name`, found: `a web app called ${name}`, remedy: "Give it a name of its own." }]
        : []),
      ...(service === undefined ? [unset("service", "<e.g. http://localhost:3000>")] : []),
    ];
  });
}

function checkApplications(applications: readonly ApplicationConfig[], shaped: Partial<Shaped>): Problem[] {
  const problems: Problem[] = [];
  const { zone, serviceTokens } = shaped;
  const limit = parseDuration(shaped.maxSessionDuration ?? "") ?? Number.POSITIVE_INFINITY;
  const tokenNames = serviceTokens?.map((token) => token.name);
  applications.forEach((application, index) => {
    const at = `applications[${index}]`;
    const { allow, hostname } = application;
    // Only of well-formed names: the others have been reported already.
    const comparable = zone !== undefined && HOST.test(zone) && HOST.test(hostname);
    if (comparable && hostname !== zone && !hostname.endsWith(`.${zone}`)) {
      const found = `${JSON.stringify(hostname)} is outside the zone ${zone}`;
      problems.push({
        path: `${at}.hostname`,
        found,
        remedy: `Choose a name below ${zone}, or change zone.`,
      });
    }
    if ((parseDuration(application.sessionDuration) ?? 0) > limit) {
      const found = `${application.sessionDuration} is longer than the maximum of ${shaped.maxSessionDuration}`;
      const remedy = "Shorten it, or raise maxSessionDuration, which the guardrails go by as well.";
      problems.push({ path: `${at}.sessionDuration`, found, remedy });
    }
    const allowsNobody = allow.emails.length === 0 && allow.emailDomains.length === 0;
    if (allowsNobody && application.serviceTokens.length === 0) {
      const remedy = `Name somebody in ${at}.allow.emails or .emailDomains, or a token in ${at}.serviceTokens.`;
      problems.push({ path: `${at}.allow`, found: "nobody could reach this application", remedy });
    }
    if (tokenNames !== undefined) {
      application.serviceTokens.forEach((token, position) => {
        if (tokenNames.includes(token)) return;
        const path = `${at}.serviceTokens[${position}]`;
        const remedy =
          tokenNames.length === 0 ? "Declare it in serviceTokens." : spelling(token, tokenNames, "");
        problems.push({ path, found: `there is no service token ${JSON.stringify(token)}`, remedy });
      });
    }
    problems.push(...duplicates(allow.emails, `${at}.allow.emails`));
    problems.push(...duplicates(allow.emailDomains, `${at}.allow.emailDomains`));
    problems.push(...duplicates(application.serviceTokens, `${at}.serviceTokens`));
  });
  problems.push(
    ...duplicates(
      applications.map((each) => each.name),
      "applications",
      ".name",
    ),
  );
  problems.push(
    ...duplicates(
      applications.map((each) => each.hostname),
      "applications",
      ".hostname",
    ),
  );
  problems.push(...checkUnusedTokens(applications, shaped));
  return problems;
}

/** A second application takes the default away from the first: said aloud, since its API clients would be cut off. */
function checkUnusedTokens(applications: readonly ApplicationConfig[], shaped: Partial<Shaped>): Problem[] {
  const silent = shaped.applications?.some((each) => each.serviceTokens === undefined) ?? false;
  if (applications.length < 2 || !silent) return [];
  const used = new Set(applications.flatMap((each) => each.serviceTokens));
  return (shaped.serviceTokens ?? []).flatMap((token, index) => {
    if (used.has(token.name) || token.standIn !== undefined) return [];
    const found = `no application accepts the token ${JSON.stringify(token.name)}`;
    const remedy =
      "With several applications, say in applications[].serviceTokens which accept it ([] for none).";
    return [{ path: `serviceTokens[${index}]`, found, remedy }];
  });
}

/** Until when a credential that was replaced is still taken, where that is longer than Cloudflare's own limit. */
function checkEnd(until: string | undefined, path: string, now: Date): Problem[] {
  if (until === undefined || !isTime(until) || !outlastsOverlap(until, now)) return [];
  const days = Math.ceil((Date.parse(until) - now.getTime()) / 86_400_000);
  const found = `${until} is ${days} days ahead, and Cloudflare's own limit is ${LONGEST_OVERLAP_DAYS} days`;
  return [{ path, found, remedy: `Give an earlier time, e.g. ${daysAfter(now, 1)}, or one that is over.` }];
}

/** A time some days after another, to the second, as the config writes one. */
const daysAfter = (time: Date, days: number): string =>
  new Date(time.getTime() + days * 86_400_000).toISOString().replace(/\.\d+/, "");

function checkTokens(
  tokens: readonly ServiceTokenConfig[],
  { maxTokenDuration }: Partial<Shaped>,
  { set, now }: { set: (rest: string) => string; now: Date },
): Problem[] {
  const problems = duplicates(
    tokens.map((token) => token.name),
    "serviceTokens",
    ".name",
  );
  tokens.forEach((token, index) => {
    const path = `serviceTokens[${index}]`;
    if (maxTokenDuration !== undefined && lifetime(token.duration) > lifetime(maxTokenDuration)) {
      const found = `${token.duration} is longer than the maximum of ${maxTokenDuration}`;
      const remedy = "Shorten it, or raise maxTokenDuration, which the guardrails go by as well.";
      problems.push({ path: `${path}.duration`, found, remedy });
    }
    problems.push(...checkEnd(token.previousExpiresAt, `${path}.previousExpiresAt`, now));
    problems.push(...checkEnd(token.standIn?.until, `${path}.standIn.until`, now));
    if (token.version > 1 && token.previousExpiresAt === undefined) {
      const found = `version ${token.version} without the time until which the previous secret is accepted`;
      // The engine takes a time for a secret, and would refuse to store it as it is.
      const remedy = set(`--plaintext --path '${path}.previousExpiresAt' <e.g. ${daysAfter(now, 1)}>`);
      problems.push({ path: `${path}.previousExpiresAt`, found, remedy });
    }
    if (token.version === 1 && token.previousExpiresAt !== undefined) {
      const found = "set, but version 1 has no previous secret";
      const remedy = `Raise the version in the same step: ${set(`--path '${path}.version' 2`)}`;
      problems.push({ path: `${path}.previousExpiresAt`, found, remedy });
    }
    if (token.standIn !== undefined) problems.push(...checkStandIn(token, token.standIn, tokens, path));
  });
  return problems;
}

function checkStandIn(
  { name }: ServiceTokenConfig,
  standIn: StandInConfig,
  tokens: readonly ServiceTokenConfig[],
  path: string,
): Problem[] {
  const other = tokens.find((token) => token.name === standIn.for);
  if (other === undefined || other.standIn !== undefined) {
    const found = `there is no service token ${JSON.stringify(standIn.for)} to stand in for`;
    return [
      { path: `${path}.standIn.for`, found, remedy: "Name one that the stack declares, or remove this one." },
    ];
  }
  if (name === standInName(standIn.for)) return [];
  // The guardrails spare a stand-in from being protected, and see nothing but its name.
  const remedy = `Call it ${standInName(standIn.for)}.`;
  return [{ path: `${path}.name`, found: `stands in for ${standIn.for} under another name`, remedy }];
}

function checkAccessTests({ accessTests = [], applications, serviceTokens }: Partial<Shaped>): Problem[] {
  const problems: Problem[] = [];
  const applicationNames = applications?.map((each) => each.name ?? COMFYUI.name);
  accessTests.forEach((test, index) => {
    const path = `accessTests[${index}]`;
    const subjects = [test.who, test.token, test.anyone].filter((subject) => subject !== undefined);
    if (subjects.length !== 1) {
      problems.push({
        path,
        found: `${subjects.length} subjects`,
        remedy: "Give exactly one of who, token and anyone.",
      });
    }
    if (test.with !== undefined && test.who === undefined) {
      problems.push({
        path: `${path}.with`,
        found: "circumstances without who",
        remedy: "Remove it or add who.",
      });
    }
    if (test.token !== undefined && serviceTokens && !serviceTokens.some(({ name }) => name === test.token)) {
      const remedy = spelling(
        test.token,
        serviceTokens.map((token) => token.name),
        "",
      );
      problems.push({
        path: `${path}.token`,
        found: `there is no service token ${JSON.stringify(test.token)}`,
        remedy,
      });
    }
    if (test.allow.length + test.deny.length === 0) {
      problems.push({
        path,
        found: "nothing is expected",
        remedy: "List application names in allow or deny.",
      });
    }
    for (const side of ["allow", "deny"] as const) {
      test[side].forEach((wanted, position) => {
        const [name = ""] = wanted.split("/");
        if (wanted === "*" || applicationNames === undefined || applicationNames.includes(name)) return;
        const found = `there is no application ${JSON.stringify(name)}`;
        problems.push({
          path: `${path}.${side}[${position}]`,
          found,
          remedy: spelling(name, applicationNames, ""),
        });
      });
    }
    for (const both of test.allow.filter((wanted) => test.deny.includes(wanted))) {
      problems.push({ path, found: `${both} is in allow and in deny`, remedy: "Keep it in one of them." });
    }
  });
  return problems;
}

/** One that has expired is no mistake here: `drift` names it, and a stack has to come up all the same. */
function checkDriftAccepted({ driftAccepted = [] }: Partial<Shaped>, now: Date): Problem[] {
  return driftAccepted.flatMap((acceptance, index) => {
    const path = `driftAccepted[${index}]`;
    const far = tooFar(acceptance, now);
    if (far !== undefined) {
      const remedy = `Give a last day within ${LONGEST_EXCEPTION_DAYS} days, and look at the finding again then.`;
      return [{ path: `${path}.expires`, found: far, remedy }];
    }
    const flaw = acceptance.finding.trim() === "" ? "names no finding" : formFlawOf(acceptance);
    if (flaw === undefined) return [];
    const remedy =
      "Give resource (a name or an id) and finding as `drift` says them, a reason, and expires as YYYY-MM-DD.";
    return [{ path, found: flaw, remedy }];
  });
}

function duplicates(values: readonly string[], list: string, field = ""): Problem[] {
  const first = new Map<string, number>();
  return values.flatMap((value, index) => {
    const earlier = first.get(value.toLowerCase());
    if (earlier === undefined) {
      first.set(value.toLowerCase(), index);
      return [];
    }
    const found = `${JSON.stringify(value)} is already used by ${list}[${earlier}]${field}`;
    return [{ path: `${list}[${index}]${field}`, found, remedy: "Remove one of the two, or change it." }];
  });
}
