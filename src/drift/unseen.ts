import type { AccountApi } from "../cloudflare/account-api";
import { ApiError } from "../errors";
import { TYPES } from "../explain/access-state";
import type { GoogleCheck, GoogleClient } from "../google/check-client";
import type { StackOutputs } from "../secrets/outputs";
import type { StackResource, StackSettings } from "../stack/read-stack";
import type { ProbeResult, TokenCredentials } from "../verify/probe-token";
import { isReadByEngine } from "./engine-view";
import { kindOf } from "./kinds";
import { ORGANIZATION_SETTINGS } from "./kinds/organization";
import { tunnel as tunnelKind } from "./kinds/tunnel";
import { type Account, nameOf } from "./read-account";
import { fieldsOf, listOf, textOf } from "./spelling";
import type { Change, Failure, Unseen } from "./types";

/** The ways to check what no reading shows. */
export interface Probes {
  /** One request through the edge; absent: none is made. */
  token?: (url: string, credentials: TokenCredentials) => Promise<ProbeResult>;
  /** Absent: Google is not asked. */
  google?: (client: GoogleClient) => Promise<GoogleCheck>;
  /** The connector token of a tunnel, which takes an API token that may edit tunnels. */
  connectorToken: (tunnelId: string) => Promise<string>;
}

/** What the checks of what cannot be seen go by. */
export interface UnseenContext {
  account: Account;
  resources: readonly StackResource[];
  settings: StackSettings;
  /** Secret. */
  outputs: StackOutputs;
  /** What is known to have changed: it explains why a check fails. */
  changes: readonly Change[];
  /** When the state was last written. */
  since?: string;
  authDomain: string;
  now: Date;
}

/** What cannot be seen, how it was checked instead, and what that found. */
export interface UnseenResult {
  unseen: Unseen[];
  changes: Change[];
  failures: Failure[];
}

/** The connector token, as the API gives it to whoever may edit tunnels. */
export function connectorTokenOf(account: AccountApi): Probes["connectorToken"] {
  return async (id) => {
    const path = account.below(`cfd_tunnel/${encodeURIComponent(id)}/token`);
    return String(await account.read(path, `the connector token of tunnel ${id}`));
  };
}

/** Goes through everything of the stack that no reading shows. */
export async function checkUnseen(context: UnseenContext, probes: Probes): Promise<UnseenResult> {
  const { resources } = context;
  const of = (type: string) => resources.filter((each) => each.type === type);
  const exists = ({ urn }: StackResource) => context.account.objects.get(urn) !== null;
  const results = await Promise.all([
    ...of(TYPES.token)
      .filter(exists)
      .map((token) => tokenSecret(context, token, probes)),
    ...of(TYPES.identityProvider)
      .filter(exists)
      .map((provider) => providerSecret(context, provider, probes)),
    ...of(tunnelKind.type)
      .filter(exists)
      .map((tunnel) => tunnelSecret(context, tunnel, probes)),
  ]);
  return {
    unseen: [
      ...results.flatMap(({ unseen }) => unseen),
      ...organizationSettings(context),
      ...(resources.some(isReadByEngine) ? [googleSecrets] : []),
      ...unexplainedWrites(context),
    ],
    changes: results.flatMap(({ changes }) => changes),
    failures: results.flatMap(({ failures }) => failures),
  };
}

const result = (unseen: Unseen[], changes: Change[] = [], failures: Failure[] = []): UnseenResult => ({
  unseen,
  changes,
  failures,
});

/** The state's secret, tried at an application that takes the token. */
async function tokenSecret(
  context: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = {
    what: `secret of service token ${name}`,
    why: "the API shows it once, when the token is made or rotated",
  };
  const earlier = earlierSecret(context, resource);
  const credentials = context.outputs.serviceTokens[resource.name] ?? context.outputs.serviceTokens[name];
  const url = urlFor(context, resource.id);
  const open = (detail: string) => result([{ ...row, result: "open", detail }, ...earlier]);
  if (!credentials?.clientSecret) return open("the state does not hold it");
  if (url === undefined) return open("no application of the stack takes the token");
  if (probes.token === undefined) return open("not tried, as asked");
  const { clientId, clientSecret } = credentials;
  const checked = `the state's secret was tried at ${url}`;
  const { verdict, detail } = await probes.token(url, { clientId, clientSecret });
  if (verdict === "passes")
    return result([{ ...row, checked, result: "as expected", detail: `passes, ${detail}` }, ...earlier]);
  const explained = isExplained(context, resource, verdict);
  if (verdict === "unreachable") {
    const failures = explained ? [] : [{ what: row.what, why: `${url} does not answer: ${detail}` }];
    return result([{ ...row, checked, result: "open", detail }, ...earlier], [], failures);
  }
  const refused = `refused, ${detail}`;
  const changes: Change[] = explained
    ? []
    : [
        {
          subject: "service token",
          name,
          id: resource.id,
          what: "changed",
          field: "client_secret",
          detail: `the state's secret is ${refused}`,
          opens: "whoever rotated it has a secret that passes, and the stack does not",
        },
      ];
  const because = explained ? `${refused}, as is to be expected after the changes` : refused;
  return result([{ ...row, checked, result: "not as expected", detail: because }, ...earlier], changes);
}

/** Whether something that is known already keeps the token out, or the probe from getting anywhere. */
function isExplained(
  { changes, account, now }: UnseenContext,
  resource: StackResource,
  verdict: "refused" | "unreachable",
): boolean {
  const end = textOf(account.objects.get(resource.urn)?.["expires_at"]);
  if (end !== undefined && Date.parse(end) <= now.getTime()) return true;
  const refusing: Change["subject"][] = ["application", "policy", "organization", "tunnel configuration"];
  const cutting: Change["subject"][] = ["DNS record", "tunnel", "tunnel configuration"];
  const subjects = verdict === "refused" ? refusing : cutting;
  return changes.some(
    ({ subject, id }) =>
      subjects.includes(subject) ||
      (verdict === "refused" && subject === "service token" && id === resource.id),
  );
}

/** Where the state says that the token passes. */
function urlFor({ resources, outputs }: UnseenContext, tokenId: string): string | undefined {
  const accepting = new Set(
    resources
      .filter(({ type, inputs }) => type === TYPES.policy && inputs["decision"] === "non_identity")
      .filter(({ inputs }) =>
        listOf(inputs["includes"]).some(
          (rule) => fieldsOf(fieldsOf(rule)["serviceToken"])["tokenId"] === tokenId,
        ),
      )
      .map(({ id }) => id),
  );
  const application = resources.find(
    ({ type, inputs }) =>
      type === TYPES.application &&
      listOf(inputs["policies"]).some((link) => accepting.has(String(fieldsOf(link)["id"]))),
  );
  return application === undefined ? undefined : outputs.applications[application.name]?.url;
}

function earlierSecret({ now }: UnseenContext, resource: StackResource): Unseen[] {
  const end = textOf(resource.outputs["previousClientSecretExpiresAt"]);
  if (end === undefined || Date.parse(end) <= now.getTime()) return [];
  return [
    {
      what: `earlier secret of service token ${nameOf(resource)}, which passes until ${end}`,
      why: "the state keeps the newest one only",
      result: "open",
    },
  ];
}

/** Google knows whether id and secret belong together; the object's times tell whether Cloudflare's copy was written. */
async function providerSecret(
  context: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = { what: `client secret of identity provider ${name}`, why: "the API never shows it" };
  const { clientId, clientSecret } = context.settings.config.google;
  const written = writtenSince(context, resource);
  const answer =
    clientId === undefined || clientSecret === undefined
      ? undefined
      : await probes.google?.({
          clientId,
          clientSecret,
          redirectUri: `https://${context.authDomain}/cdn-cgi/access/callback`,
        });
  const asked = answer !== undefined && answer.secret.verdict !== "unknown";
  const checked = [
    ...(written === undefined ? [] : ["the time of its last write was compared"]),
    ...(asked ? ["Google was asked about the config's"] : []),
  ].join(", ");
  const details = [
    ...(written === undefined ? [] : [written.words]),
    ...(answer === undefined ? [] : [`Google: ${answer.secret.detail}`]),
  ].join("; ");
  const wrong = answer?.secret.verdict === "wrong" || answer?.client.verdict === "wrong";
  const right = !wrong && written?.since === false;
  const unseen: Unseen = {
    ...row,
    ...(checked === "" ? {} : { checked }),
    result: wrong ? "not as expected" : right ? "as expected" : "open",
    detail: `${details === "" ? "not tried" : details}${right || wrong ? "" : "; only a login shows what Cloudflare holds"}`,
  };
  const change: Change = {
    subject: "identity provider",
    name,
    id: resource.id,
    what: "changed",
    field: "config.client_secret",
    detail: `Google no longer takes the config's: ${answer?.secret.verdict === "wrong" ? answer.secret.detail : answer?.client.detail}`,
  };
  return result([unseen], wrong ? [change] : []);
}

/** The connector token holds it, for an API token that may edit tunnels. */
async function tunnelSecret(
  { account, outputs }: UnseenContext,
  resource: StackResource,
  probes: Probes,
): Promise<UnseenResult> {
  const name = nameOf(resource);
  const row = {
    what: `secret of tunnel ${name}`,
    why: "the API shows it only inside the connector token, to an API token that may edit tunnels",
  };
  const status = textOf(account.objects.get(resource.urn)?.["status"]) ?? "unknown";
  const expected = outputs.tunnel?.token;
  if (!expected) return result([{ ...row, result: "open", detail: "the state has no connector token" }]);
  try {
    const live = await probes.connectorToken(resource.id);
    const checked = "the connector token was compared with the state's";
    if (live === expected) return result([{ ...row, checked, result: "as expected", detail: "the same" }]);
    const change: Change = {
      subject: "tunnel",
      name,
      id: resource.id,
      what: "changed",
      field: "tunnel_secret",
      opens: "whoever changed it can connect to the tunnel and gets what visitors send",
    };
    return result([{ ...row, checked, result: "not as expected", detail: "not the state's" }], [change]);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 403 && error.status !== 401)
      return result([], [], [{ what: row.what, why: error.message }]);
    const checked = "the tunnel's status was read";
    return result([{ ...row, checked, result: "open", detail: `${status}; this API token may only read` }]);
  }
}

function organizationSettings({ account, since }: UnseenContext): Unseen[] {
  const { organization } = account;
  if (organization === undefined) return [];
  const now = ORGANIZATION_SETTINGS.flatMap((name) => {
    const value = organization[name];
    return value === undefined || value === null
      ? []
      : [`${name} ${typeof value === "object" ? JSON.stringify(value) : value}`];
  });
  const written = textOf(organization["updated_at"]);
  const isLater = written !== undefined && since !== undefined && Date.parse(written) > Date.parse(since);
  return [
    {
      what: "settings of the Zero Trust organization",
      why: "no stack declares them, so nothing says how they were",
      result: "open",
      detail: `${isLater ? `written at ${written}, after the state; ` : ""}now ${now.join(", ") || "none is set"}`,
    },
  ];
}

const googleSecrets: Unseen = {
  what: "newer versions and other readers of the secrets in Google Secret Manager",
  why: "the engine looks at the versions and readers that the stack made, and at no others",
  result: "open",
};

/** An object that was written since, and in which nothing that is compared differs. */
function unexplainedWrites(context: UnseenContext): Unseen[] {
  const told = new Set(context.changes.map(({ id }) => id));
  return context.resources.flatMap((resource): Unseen[] => {
    const kind = kindOf(resource.type);
    const written = writtenSince(context, resource);
    if (kind === undefined || !written?.since || told.has(resource.id)) return [];
    return [
      {
        what: `what was written to ${kind.subject} ${nameOf(resource)} at ${written.at}, after the state`,
        why: "nothing that is compared differs: it was changed back, or is something that the API does not show",
        result: "open",
      },
    ];
  });
}

/** Whether an object was written after the state; undefined when the API gives no time. */
function writtenSince(
  { account, since }: UnseenContext,
  resource: StackResource,
): { since: boolean; at: string; words: string } | undefined {
  const field = kindOf(resource.type)?.writtenAt;
  const at = field === undefined ? undefined : textOf(account.objects.get(resource.urn)?.[field]);
  if (at === undefined || since === undefined) return undefined;
  const isLater = Date.parse(at) > Date.parse(since);
  return { since: isLater, at, words: isLater ? `written at ${at}, after the state` : "not written since" };
}
