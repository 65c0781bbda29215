import { expiryOf, type TokenAccess } from "../../secrets/credentials";
import { type KnownSecret, knownSecrets, leakPlaces } from "../../secrets/known-secrets";
import { findLeaks, type Leak } from "../../secrets/leaks";
import type { StackOutputs } from "../../secrets/outputs";
import type { Check } from "../check";
import type { Context } from "../context";
import { type Finding, finding } from "../findings";

/** How long the stack's service tokens are still good. */
export const expiry: Check = {
  title: "Service tokens",
  async run({ serviceTokens, stack, now }) {
    const tokens = await serviceTokens();
    const summary = tokens.map(({ name, expiresAt }) => {
      return `${name} ${expiresAt === undefined ? "without an end" : `until ${expiresAt.slice(0, 10)}`}`;
    });
    return {
      findings: tokens.flatMap((token) => judgeExpiry(token, now, stack)),
      summary: summary.join(", ") || "none yet",
    };
  },
};

/** Judges how long a token is still good. */
function judgeExpiry(token: TokenAccess, now: Date, stack: string): Finding[] {
  const what = expiryOf(token, now);
  if (what === undefined) return [];
  return [
    finding("service-token-expires", what, `npm run cli -- rotate --stack ${stack} --token ${token.name}`),
  ];
}

/** Secrets in files that everybody who has the repository can read. */
export const leaks: Check = {
  title: "Secrets in git",
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
function judgeSecret({ label, renewal }: KnownSecret, found: readonly Leak[]): Finding[] {
  const places = leakPlaces(found, label);
  if (places === undefined) return [];
  const what = `the ${label} stands in what git tracks: ${places}`;
  return [finding("secret-leaked", what, `${renewal}  (git keeps what was committed: only a new one helps)`)];
}

async function secretsOf({ token, config, outputs, stack, madeUp = [] }: Context): Promise<KnownSecret[]> {
  const all = knownSecrets((await outputs()) ?? NO_OUTPUTS, config.google?.clientSecret);
  const known = all.filter(({ value }) => !madeUp.includes(value));
  if (token === undefined || madeUp.includes(token)) return known;
  const renewal = `Roll it at https://dash.cloudflare.com/profile/api-tokens, then: pulumi config set --stack ${stack} --secret cloudflare:apiToken`;
  return [...known, { label: "API token", value: token, renewal }];
}

const NO_OUTPUTS: StackOutputs = { applications: {}, serviceTokens: {} };
