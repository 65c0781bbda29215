import { BREAKS, type Check, type Found, noteBy, WARNS } from "../../../cloudflare/checks/check";
import { expiryOf, type TokenAccess } from "../../secrets/credentials";
import { type KnownSecret, knownSecrets, leakPlaces } from "../../secrets/known-secrets";
import { findLeaks, type Leak } from "../../secrets/leaks";
import type { StackOutputs } from "../../secrets/outputs";
import type { Context } from "../context";

export interface ExpiryFindings {
  /** `now` is the time by which it was judged. */
  "service-token-expires": Pick<TokenAccess, "name" | "expiresAt"> & { now: string };
}

export interface LeakFindings {
  "secret-leaked": Pick<KnownSecret, "label" | "renewal"> & { places: string };
}

/** How long the stack's service tokens are still good. */
export const expiry: Check<ExpiryFindings, Context> = {
  code: "expiry",
  title: "Service tokens",
  reads: ["state"],
  finds: { "service-token-expires": WARNS },
  async run({ serviceTokens, now }) {
    const tokens = await serviceTokens();
    const summary = tokens.map(({ name, expiresAt }) => {
      return `${name} ${expiresAt === undefined ? "without an end" : `until ${expiresAt.slice(0, 10)}`}`;
    });
    return {
      findings: tokens.flatMap((token) => judgeExpiry(token, now)),
      summary: summary.join(", ") || "none yet",
    };
  },
};

/** Judges how long a token is still good. */
function judgeExpiry({ name, expiresAt }: TokenAccess, now: Date): Found<ExpiryFindings>[] {
  if (expiryOf({ name, expiresAt }, now) === undefined) return [];
  const note = noteBy<ExpiryFindings>(expiry.finds);
  const data = { name, expiresAt, now: now.toISOString() };
  return [note("service-token-expires", `service token ${name}`, data)];
}

/** Secrets in files that everybody who has the repository can read. */
export const leaks: Check<LeakFindings, Context> = {
  code: "leaks",
  title: "Secrets in git",
  reads: ["files"],
  finds: { "secret-leaked": BREAKS },
  async run(context) {
    const secrets = await secretsOf(context);
    const values = Object.fromEntries(secrets.map(({ label, value }) => [label, value]));
    const found = await findLeaks(context.dir, values);
    return {
      findings: secrets.flatMap((secret) => judgeSecret(secret, found)),
      summary: secrets.length === 0 ? "none to look for yet" : `none of ${secrets.length} in a tracked file`,
    };
  },
};

/** Judges the places of one secret: however many they are, a new one mends it. */
function judgeSecret({ label, renewal }: KnownSecret, found: readonly Leak[]): Found<LeakFindings>[] {
  const places = leakPlaces(found, label);
  if (places === undefined) return [];
  return [noteBy<LeakFindings>(leaks.finds)("secret-leaked", label, { label, renewal, places })];
}

async function secretsOf({ token, config, outputs, stack, madeUp = [] }: Context): Promise<KnownSecret[]> {
  const all = knownSecrets((await outputs()) ?? NO_OUTPUTS, config.google?.clientSecret);
  const known = all.filter(({ value }) => !madeUp.includes(value));
  if (token === undefined || madeUp.includes(token)) return known;
  const renewal = `Roll it at https://dash.cloudflare.com/profile/api-tokens, then: pulumi config set --stack ${stack} --secret cloudflare:apiToken`;
  return [...known, { label: "API token", value: token, renewal }];
}

const NO_OUTPUTS: StackOutputs = { applications: {}, serviceTokens: {} };
