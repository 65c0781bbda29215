import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Page } from "playwright-core";
import { teamDomain, teamOrigin } from "../../access/team-domain";
import { caused } from "./cause-words";
import { askPage, type CellContext } from "./cell";
import { isUndecided } from "./expectations";
import { checkJwt, teamKeys } from "./keys";
import { describeOutcome, type Outcome } from "./outcome";
import type { VerifyRow } from "./report";
import { type TestPerson, type VerifyTarget, WHO_NAMES } from "./target";
import { accessCookie, cookieHeader, hostsOf, picture, shortened, type Visit } from "./visit";

/** A person in a browser, after the visit that logged them in or told them off. */
export interface Session {
  page: Page;
  profile: BrowserContext;
  person: TestPerson;
  target: VerifyTarget;
  context: CellContext;
  /** The cookies for the application as one header; secret. */
  cookies: Record<string, string>;
  visit: Visit;
}

/** Cloudflare says that old tokens die 20 to 30 seconds after a logout. */
const LOGOUT_MS = 40_000;

/** Checks the way to the login and back, and what Access handed out on it. */
export async function afterLogin(session: Session, ended: "admitted" | "refused"): Promise<VerifyRow[]> {
  const who = ended === "admitted" ? "allowed-user" : "other-user";
  const rows = [chainRow(session, ended)];
  if (ended === "admitted") rows.push(await assertionRow(session));
  const foreign = await teamCookieRow(session, WHO_NAMES[who]);
  return foreign === undefined ? rows : [...rows, foreign];
}

function chainRow({ visit, context, target }: Session, ended: "admitted" | "refused"): VerifyRow {
  const app = new URL(context.application.url).hostname;
  const team = teamDomain(target.teamName ?? "");
  const way = [app, team, "accounts.google.com", team, ...(ended === "admitted" ? [app] : [])];
  const got = hostsOf(visit.hops);
  const passed = got.join() === way.join();
  const row = head(context, ended === "admitted" ? "allowed-user" : "other-user", "redirects");
  return {
    ...row,
    what: "the way through the login",
    expected: way.join(" → "),
    got: got.join(" → "),
    detail: visit.hops.map(({ host, path, status }) => `${status} ${host}${shortened(path)}`).join(", "),
    ...(passed ? PASSED : caused(row.id, "failed", { code: "other-way-to-login", data: {} })),
    ms: 0,
  };
}

/** The session's JWT has to stand up to the same check that the connector makes. */
async function assertionRow({ profile, context, target, person }: Session): Promise<VerifyRow> {
  const { application, requests, now } = context;
  const issuer = teamOrigin(target.teamName ?? "");
  const keys = await teamKeys(target.teamName ?? "", requests);
  const jwt = (await accessCookie(profile, application.url)) ?? "";
  const checked = checkJwt(jwt, typeof keys === "string" ? [] : keys, now);
  const faults = [
    ...(checked.fault === undefined ? [] : [checked.fault]),
    ...(checked.issuer === issuer ? [] : [`its issuer is ${checked.issuer ?? "not named"}`]),
    ...(application.aud === undefined || checked.audiences.includes(application.aud)
      ? []
      : ["its audience is another application"]),
    ...(checked.email?.toLowerCase() === person.email.toLowerCase() ? [] : ["it names somebody else"]),
  ];
  const row = head(context, "allowed-user", "jwt");
  return {
    ...row,
    what: "the JWT that Access hands out",
    expected: `signed by the team, issuer ${issuer}, for this application and person`,
    got: faults.length === 0 ? "signed by the team, for this application and person" : faults.join("; "),
    ...(faults.length === 0 ? PASSED : caused(row.id, "failed", { code: "jwt-of-another", data: {} })),
    ms: 0,
  };
}

/** The team's own session says who somebody is, not that they may use this application. */
async function teamCookieRow(session: Session, who: string): Promise<VerifyRow | undefined> {
  const { profile, context, target } = session;
  const jwt = await accessCookie(profile, `${teamOrigin(target.teamName ?? "")}/`);
  if (jwt === undefined) return undefined;
  const { outcome, ms } = await ask(context, { cookie: `CF_Authorization=${jwt}` });
  const row = head(context, who === WHO_NAMES["allowed-user"] ? "allowed-user" : "other-user", "team-cookie");
  return {
    ...row,
    what: "the team's cookie at the application",
    expected: "a login, or a refusal by Access",
    ...verdict(
      row.id,
      outcome,
      outcome.is === "login" || (outcome.is === "refused" && outcome.by === "access"),
    ),
    ms,
  };
}

/** Logs out, and checks that neither the browser nor a copy of its cookies gets in any more. */
export async function afterLogout(session: Session): Promise<VerifyRow[]> {
  const { page, profile, context, cookies } = session;
  const { url } = context.application;
  await page.goto(new URL("/cdn-cgi/access/logout", url).href, { waitUntil: "commit" }).catch(() => null);
  const screenshot = await picture(page);
  const next = await ask(context, await cookieHeader(profile, url));
  const row = head(context, "allowed-user", "logout");
  return [
    {
      ...row,
      what: "the next visit after the logout",
      expected: "a login",
      ...verdict(row.id, next.outcome, next.outcome.is === "login"),
      ms: next.ms,
      screenshot,
    },
    await oldCookieRow(context, cookies),
  ];
}

async function oldCookieRow(context: CellContext, cookies: Record<string, string>): Promise<VerifyRow> {
  const started = performance.now();
  let { outcome } = await ask(context, cookies);
  while (!isTurnedAway(outcome) && performance.now() - started < LOGOUT_MS) {
    await sleep(1000);
    ({ outcome } = await ask(context, cookies));
  }
  const row = head(context, "allowed-user", "old-cookie");
  return {
    ...row,
    what: "a copy of the cookie after the logout",
    expected: `a login or a refusal within ${LOGOUT_MS / 1000} s`,
    ...verdict(row.id, outcome, isTurnedAway(outcome)),
    ms: Math.round(performance.now() - started),
  };
}

/** Whether a request was turned away, by whichever of the barriers. */
function isTurnedAway(outcome: Outcome): boolean {
  return outcome.is === "login" || (outcome.is === "refused" && outcome.by !== "unclear");
}

async function ask(
  context: CellContext,
  headers: Record<string, string>,
): Promise<{ outcome: Outcome; ms: number }> {
  const started = performance.now();
  const outcome = await askPage(context, "/", headers);
  return { outcome, ms: Math.round(performance.now() - started) };
}

const PASSED = { result: "passed" } as const;

function verdict(
  id: string,
  outcome: Outcome,
  passed: boolean,
): Pick<VerifyRow, "got" | "result" | "finding" | "cause" | "next"> {
  const got = describeOutcome(outcome);
  if (passed) return { got, ...PASSED };
  return isUndecided(outcome, false)
    ? { got, ...caused(id, "undecided", { code: "session-unseen", data: {} }) }
    : { got, ...caused(id, "failed", { code: "session-still-taken", data: {} }) };
}

function head({ application }: CellContext, who: "allowed-user" | "other-user", id: string) {
  return {
    id: `${application.name}/session/${who}/${id}`,
    group: "session" as const,
    application: application.name,
    who: WHO_NAMES[who],
  };
}
