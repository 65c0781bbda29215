import { loginCallback, teamDomain, teamOrigin } from "../../../access/team-domain";
import { BREAKS, type Check, type Found, noteBy } from "../../../cloudflare/checks/check";
import type { RightsFindings } from "../../../cloudflare/checks/rights";
import { checkGoogleClient } from "../../google/check-client";
import type { GoogleAnswer, GoogleCheck } from "../../google/judge-client";
import type { Account, Context } from "../context";

/** Where Google's OAuth clients are looked after. */
export const CREDENTIALS = "https://console.cloud.google.com/apis/credentials";

export interface GoogleFindings extends Pick<RightsFindings, "unchecked"> {
  /** With an id when the client is that of a login that exists. */
  "google-client": { clientId: string; detail: string; identityProviderId?: string };
  "google-secret": { clientId: string };
  "google-redirect": { clientId: string; redirectUri: string };
}

/** Google's side of the login: what to paste there, and what Google says of the client without a login. */
export const google: Check<GoogleFindings, Context> = {
  code: "google",
  title: "Google login",
  reads: ["Google"],
  config: ["teamName"],
  finds: {
    "google-client": BREAKS,
    "google-secret": BREAKS,
    "google-redirect": BREAKS,
    unchecked: BREAKS,
  },
  async run({ account, config, network }) {
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
      findings: judgeClient(known, { clientId, redirectUri, identityProviderId }),
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

const note = noteBy<GoogleFindings>(google.finds);

/** Judges Google's answers; what Google did not say is a finding too. */
function judgeClient(
  { client, secret, redirectUri }: GoogleCheck,
  of: { clientId: string; redirectUri: string; identityProviderId?: string },
): Found<GoogleFindings>[] {
  const { clientId, identityProviderId } = of;
  const where = identityProviderId === undefined ? "google.clientId" : "google.identityProviderId";
  if (client.verdict === "wrong") {
    // Of a client that it does not know, Google says nothing more.
    const more = identityProviderId === undefined ? {} : { identityProviderId };
    return [note("google-client", where, { clientId, detail: client.detail, ...more })];
  }
  const unknown = Object.entries({ client, secret, "redirect URI": redirectUri }).filter(
    // Google may look at the redirect URI before the secret: then the one finding is enough.
    ([name, { verdict }]) => verdict === "unknown" && !(name === "secret" && redirectUri.verdict === "wrong"),
  );
  const names = unknown.map(([name]) => name);
  const details = [...new Set(unknown.map(([, { detail }]) => detail))];
  return [
    ...(secret.verdict === "wrong" ? [note("google-secret", "google.clientSecret", { clientId })] : []),
    ...(redirectUri.verdict === "wrong"
      ? [note("google-redirect", where, { clientId, redirectUri: of.redirectUri })]
      : []),
    ...(names.length > 0
      ? [note("unchecked", google.title, { by: { what: "Google", names, details } })]
      : []),
  ];
}
