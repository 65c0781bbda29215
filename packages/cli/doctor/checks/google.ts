import { loginCallback, teamDomain, teamOrigin } from "../../../access/team-domain";
import { checkGoogleClient } from "../../google/check-client";
import type { GoogleAnswer, GoogleCheck } from "../../google/judge-client";
import type { Check } from "../check";
import type { Account } from "../context";
import { type Finding, finding } from "../findings";

const CREDENTIALS = "https://console.cloud.google.com/apis/credentials";

/** Google's side of the login: what to paste there, and what Google says of the client without a login. */
export const google: Check = {
  title: "Google login",
  config: ["teamName"],
  async run({ account, config, network, stack }) {
    const { teamName = "" } = config;
    const origin = teamOrigin(teamName);
    const redirectUri = loginCallback(teamDomain(teamName));
    const notes = [
      `To paste at ${CREDENTIALS}:`,
      `  Authorized JavaScript origin  ${origin}`,
      `  Authorized redirect URI       ${redirectUri}`,
    ];
    const { identityProviderId } = config.google ?? {};
    const clientId = config.google?.clientId ?? (await clientOf(account, identityProviderId));
    if (clientId === undefined) {
      // What to paste is what makes the client that is missing.
      const skipped =
        identityProviderId === undefined
          ? "google is not set, or not valid"
          : `the OAuth client of identity provider ${identityProviderId} is not known`;
      return { findings: [], summary: "", skipped, notes };
    }
    const clientSecret = config.google?.clientSecret;
    const asked = { clientId, clientSecret: clientSecret ?? "", redirectUri };
    const { secret, ...check } = await checkGoogleClient(asked, network);
    // The secret of a provider that exists cannot be read, and only a login shows whether it is right.
    const known = clientSecret === undefined ? { ...check, secret: NOT_ASKED } : { ...check, secret };
    const what = clientSecret === undefined ? "the client" : "the client, its secret";
    return {
      findings: judgeClient(known, { clientId, redirectUri, stack, identityProviderId }),
      summary: `Google knows ${what} and the redirect URI`,
      notes,
    };
  },
};

const NOT_ASKED: GoogleAnswer = { verdict: "right", detail: "not asked" };

/** The OAuth client of a provider that exists, as the account says. */
async function clientOf(account: Account | undefined, id: string | undefined): Promise<string | undefined> {
  if (account === undefined || id === undefined) return undefined;
  // That the list cannot be read is what the look at the provider itself reports.
  const providers = await account.snapshot.identityProviders().catch(() => []);
  const found = providers.find((each) => each["id"] === id)?.["config"] as
    | { client_id?: unknown }
    | undefined;
  return typeof found?.client_id === "string" ? found.client_id : undefined;
}

/** Judges Google's answers; what Google did not say is a finding too. */
function judgeClient(
  { client, secret, redirectUri }: GoogleCheck,
  of: { clientId: string; redirectUri: string; stack: string; identityProviderId?: string },
): Finding[] {
  const findings: Finding[] = [];
  if (client.verdict === "wrong") {
    findings.push(
      finding(
        "google-client",
        `Google refuses the client ${of.clientId} (${client.detail})`,
        of.identityProviderId === undefined
          ? `pulumi config set --stack ${of.stack} --path google.clientId <id at ${CREDENTIALS}>`
          : `Set the id at ${CREDENTIALS} in Zero Trust → Settings → Authentication (${of.identityProviderId}).`,
      ),
    );
    // Of a client that it does not know, Google says nothing more.
    return findings;
  }
  if (secret.verdict === "wrong") {
    findings.push(
      finding(
        "google-secret",
        `Google refuses the secret of the client ${of.clientId}`,
        `pulumi config set --stack ${of.stack} --secret --path google.clientSecret  (a new one: ${CREDENTIALS})`,
      ),
    );
  }
  if (redirectUri.verdict === "wrong") {
    findings.push(
      finding(
        "google-redirect",
        `the client ${of.clientId} does not list the redirect URI`,
        `Add ${of.redirectUri} to its authorized redirect URIs at ${CREDENTIALS}`,
      ),
    );
  }
  const unknown = Object.entries({ client, secret, "redirect URI": redirectUri }).filter(
    // Google may look at the redirect URI before the secret: then the one finding is enough.
    ([name, { verdict }]) => verdict === "unknown" && !(name === "secret" && redirectUri.verdict === "wrong"),
  );
  if (unknown.length > 0) findings.push(unchecked(unknown));
  return findings;
}

function unchecked(answers: [name: string, answer: GoogleAnswer][]): Finding {
  const names = answers.map(([name]) => name).join(", ");
  const details = [...new Set(answers.map(([, { detail }]) => detail))].join("; ");
  return finding(
    "unchecked",
    `could not be checked: ${names}: ${details}`,
    "Run doctor again where Google can be reached, or log in once.",
  );
}
