import { expiryWarning, type TokenAccess } from "../../secrets/credentials";
import { findLeaks, type Leak } from "../../secrets/leaks";
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
export function judgeExpiry(token: TokenAccess, now: Date, stack: string): Finding[] {
  const warning = expiryWarning(token, now);
  if (warning === undefined) return [];
  // What follows the colon is the warning's own remedy.
  const [what = warning] = warning.split(":");
  return [finding("service-token-expires", what, `npm run cli -- rotate --stack ${stack}`)];
}

/** Secrets in files that everybody who has the repository can read. */
export const leaks: Check = {
  title: "Secrets in git",
  async run(context) {
    const secrets = await secretsOf(context);
    const found = await findLeaks(context.dir, secrets);
    return {
      findings: found.map((leak) => judgeLeak(leak, context.stack)),
      summary: `${Object.keys(secrets).length} secrets, none in a tracked file`,
    };
  },
};

function judgeLeak({ label, file, line }: Leak, stack: string): Finding {
  const mend = label.startsWith("secret of service token")
    ? `npm run cli -- rotate --stack ${stack}  (git keeps what was committed: only a new secret helps)`
    : "Make a new one where it is from, then take the old one back; git keeps what was committed.";
  return finding("secret-leaked", `${file}:${line} holds the ${label}`, mend);
}

async function secretsOf({ token, config, serviceTokens }: Context): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  if (token !== undefined) secrets["API token"] = token;
  if (config.google?.clientSecret !== undefined) secrets["Google client secret"] = config.google.clientSecret;
  for (const { name, clientSecret } of await serviceTokens()) {
    if (clientSecret !== "") secrets[`secret of service token ${name}`] = clientSecret;
  }
  return secrets;
}
