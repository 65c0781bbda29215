import { fieldsOf, listOf } from "../../base/json-values";
import type { AccountApi, Wire } from "../../cloudflare/account-api";
import { text } from "./candidates";

/** How far back is looked: a longer range is refused on some plans. */
const DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * The last successful login with a token. The token itself does not say; the logs of Access logins do, to an API
 * token with "Account Analytics Read", and name the token by `serviceTokenId`.
 * https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-access-login-events/
 */
function queryFor(account: string, ids: readonly string[], since: Date, until: Date): string {
  // Values stand in the query itself: the types that variables would need are not documented.
  const filter = [
    `datetime_geq: ${JSON.stringify(since.toISOString())}`,
    `datetime_leq: ${JSON.stringify(until.toISOString())}`,
    `serviceTokenId_in: ${JSON.stringify(ids)}`,
    "isSuccessfulLogin: 1",
  ];
  return `{ viewer { accounts(filter: { accountTag: ${JSON.stringify(account)} }) {
    accessLoginRequestsAdaptiveGroups(limit: 1, filter: { ${filter.join(", ")} }, orderBy: [datetime_DESC]) {
      dimensions { datetime }
    }
  } } }`;
}

/**
 * When each token was last used, where the account's logs may be read: a time, or `never` for one that is younger
 * than the logs reach back.
 * @returns by the token's id; no entry where it is not known
 */
export async function lastUses(
  account: AccountApi,
  tokens: readonly Wire[],
): Promise<ReadonlyMap<string, string>> {
  const until = new Date();
  const uses = await Promise.all(tokens.map((token) => lastUse(account, token, until)));
  return new Map(uses.flatMap((use) => (use === undefined ? [] : [use])));
}

async function lastUse(account: AccountApi, token: Wire, until: Date): Promise<[string, string] | undefined> {
  const id = text(token["id"]);
  const since = new Date(until.getTime() - DAYS * DAY_MS);
  // Which of its two ids the logs have is not documented.
  const ids = [id, text(token["client_id"])];
  const answer = await ask(account, queryFor(account.accountId, ids, since, until));
  if (answer === undefined) return undefined;
  const [latest] = answer;
  if (latest !== undefined) return [id, latest];
  const made = Date.parse(text(token["created_at"]));
  return made > since.getTime() ? [id, "never"] : undefined;
}

/** Times of the logins found; undefined when the logs cannot be read, which is no reason to stop. */
async function ask(account: AccountApi, query: string): Promise<string[] | undefined> {
  const data = await account.graphql(query, "the logins").catch(() => undefined);
  const [found] = listOf(fieldsOf(fieldsOf(data)["viewer"])["accounts"]);
  const groups = fieldsOf(found)["accessLoginRequestsAdaptiveGroups"];
  if (!Array.isArray(groups)) return undefined;
  return groups
    .map((group) => text(fieldsOf(fieldsOf(group)["dimensions"])["datetime"]))
    .filter((time) => time !== "");
}
