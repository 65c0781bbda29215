import { teamDomain } from "../../access/team-domain";
import { UserError } from "../../base/errors";
import type { Network } from "../../client/typescript/network";
import { type OpenBrowser, openBrowser } from "../browser";
import { caused } from "./cause-words";
import { type CellContext, judged, seenAtOrigin, tryCell, untried } from "./cell";
import type { OnRow } from "./matrix";
import { type Outcome, outcomeOf } from "./outcome";
import type { VerifyRow } from "./report";
import { afterLogin, afterLogout } from "./session";
import { calledName, columnsOf, kindOf, type TestPerson, type VerifyTarget, type What } from "./target";
import { accessCookie, cookieHeader, openSocketInPage, picture, shortened, type Visit, visit } from "./visit";

type Person = "allowed-user" | "other-user";

/** Plays the people of the matrix in a browser, or says what a person has to try instead. */
export interface People {
  /** Name and version of the browser; undefined when none plays. */
  browser?: string;
  rows(who: Person, context: CellContext, onRow: OnRow): Promise<VerifyRow[]>;
  close(): Promise<void>;
}

/** How long one visit with a login may take, in milliseconds. */
const VISIT_MS = 30_000;

const VIEWPORT = { width: 960, height: 600 };

/** Starts the browser where there are test accounts for it. */
export async function openPeople(
  target: VerifyTarget,
  options: { network?: Network; browser?: boolean; only?: readonly string[] },
): Promise<People> {
  const { people } = target;
  if (people === undefined)
    return inWords(target, "there are no test accounts that could log in by themselves");
  const wanted = options.only?.some((who) => who === "allowed-user" || who === "other-user") ?? true;
  if (options.browser === false || !wanted) return inWords(target, "no browser was to be used");
  try {
    const browser = await openBrowser({ network: options.network });
    return {
      browser: browser.version,
      rows: (who, context, onRow) =>
        play(browser, who, who === "allowed-user" ? people.allowed : people.other, target, context, onRow),
      close: () => browser.close(),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return inWords(target, error.message.replaceAll(/\s+/g, " "));
  }
}

/** Rows for a person: what to do, and what has to come of it. */
function inWords({ allowedEmails }: VerifyTarget, detail: string): People {
  return {
    rows: async (who, context, onRow) => {
      const { application } = context;
      const { url } = application;
      const appears =
        kindOf(application) === "comfyui"
          ? "ComfyUI has to appear and to show its queue, which comes over the WebSocket"
          : `${calledName(application)} has to appear`;
      const next =
        who === "allowed-user"
          ? `Open ${url} in a private window and log in with Google as ${allowedEmails?.join(" or ") ?? "somebody allowed"}: ${appears}. Then open ${url}/cdn-cgi/access/logout: the next visit has to ask for a login.`
          : `Open ${url} in a private window and log in with a Google account that is not listed: Access has to say that it has no access.`;
      return columnsOf(who, kindOf(application)).map((what) => {
        const row = untried(who, what, "person", { detail, next }, context);
        onRow(row);
        return row;
      });
    },
    close: async () => {},
  };
}

async function play(
  browser: OpenBrowser,
  who: Person,
  person: TestPerson,
  target: VerifyTarget,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  const add = (...found: VerifyRow[]) => {
    rows.push(...found);
    for (const row of found) onRow(row);
  };
  const { url } = context.application;
  const profile = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await profile.newPage();
    const started = performance.now();
    const seen = await visit(page, url, person, VISIT_MS).catch((error: unknown) => {
      return { stuck: stuckOutcome(error), where: stuckAt(page.url(), error) };
    });
    const outcome =
      "stuck" in seen
        ? seen.stuck
        : await ownRefusal(
            await seenAtOrigin(pageOutcome(seen, target, context), seen.answer, "/", context),
            await cookieHeader(profile, url),
            context,
          );
    const row = await judged(who, "page", outcome, performance.now() - started, context);
    const shown =
      "stuck" in seen ? { got: seen.where, ...(row.result === "undecided" ? notToTheEnd(row.id) : {}) } : {};
    add({ ...row, ...shown, screenshot: await picture(page) });
    const cookies = await cookieHeader(profile, url);
    for (const what of columnsOf(who, kindOf(context.application)).filter((each) => each !== "page")) {
      add(await cellOf(who, what, cookies, context, () => openSocketInPage(page, socketUrl(url))));
    }
    if ("stuck" in seen) return rows;
    const session = { page, profile, person, target, context, cookies, visit: seen };
    if (who === "other-user") {
      add(...(await afterLogin(session, "refused")));
    } else if ((await accessCookie(profile, url)) !== undefined) {
      add(...(await afterLogin(session, "admitted")));
      add(...(await afterLogout(session)));
    }
    return rows;
  } finally {
    await profile.close();
  }
}

async function cellOf(
  who: Person,
  what: What,
  cookies: Record<string, string>,
  context: CellContext,
  socket: () => Promise<Parameters<typeof outcomeOf>[0] | undefined>,
): Promise<VerifyRow> {
  const started = performance.now();
  if (who === "allowed-user" && what === "websocket") {
    // A page that went away meanwhile is no socket either.
    const answer = await socket().catch(() => undefined);
    if (answer !== undefined) {
      return await judged(who, what, outcomeOf(answer, what), performance.now() - started, context);
    }
  }
  return tryCell(who, what, context.application.url, cookies, context);
}

/** What the page's last answer amounts to; on the team's own host only Access can have refused. */
function pageOutcome(
  { host, answer }: Visit,
  { teamName }: VerifyTarget,
  { application }: CellContext,
): Outcome {
  const ofTeam = teamName !== undefined && host === teamDomain(teamName);
  if (ofTeam && answer.kind === "response" && (answer.status === 401 || answer.status === 403)) {
    return { is: "refused", status: answer.status, by: "access" } as const;
  }
  if (answer.kind === "response" && host !== new URL(application.url).hostname) {
    return { is: "elsewhere", status: answer.status, host };
  }
  return outcomeOf(answer, "page", { kind: kindOf(application) });
}

/**
 * Tells ComfyUI's own empty 403 from the connector's: it refuses only what a browser marks as cross-site, as the
 * way back from a login is, and answers the same request without that mark.
 */
async function ownRefusal(
  outcome: Outcome,
  cookies: Record<string, string>,
  { application, requests }: CellContext,
): Promise<Outcome> {
  const isRefusal = outcome.is === "refused" && outcome.by === "connector";
  // ComfyUI's own is empty too, but a proxy between may give it a body.
  if (!isRefusal && !(outcome.is === "other" && outcome.status === 403)) return outcome;
  if (kindOf(application) !== "comfyui") return outcome;
  const answer = await requests.ask({ method: "GET", url: application.url, headers: cookies });
  const plain = outcomeOf(answer, "page");
  if (plain.is !== "comfyui") return outcome;
  return { is: "cross-site", status: outcome.status };
}

/** That a browser did not get on: slow is not refused, and only what the network says is a fault of the way. */
function stuckOutcome(error: unknown): Outcome {
  const code = netCode(error);
  if (code === undefined) return { is: "unreachable", reason: "timeout", detail: "in the browser" };
  const reason = /NAME_NOT_RESOLVED/.test(code) ? "name" : /CERT|SSL/.test(code) ? "tls" : "connection";
  return { is: "unreachable", reason, detail: code };
}

const notToTheEnd = (id: string) => caused(id, "undecided", { code: "login-not-finished", data: {} });

/** Chromium's own code for what the network did, e.g. `ERR_CONNECTION_RESET`. */
function netCode(error: unknown): string | undefined {
  return /net::(\w+)/.exec(error instanceof Error ? error.message : "")?.[1];
}

/** Where the browser got stuck; without the query, which may hold a code, and without what is random in the path. */
export function stuckAt(url: string, error: unknown): string {
  const code = netCode(error);
  const where =
    URL.canParse(url) && /^https?:/.test(url)
      ? ` at ${new URL(url).host}${shortened(new URL(url).pathname)}`
      : "";
  return `the browser got stuck${where}${code === undefined ? "" : ` (${code})`}`;
}

function socketUrl(url: string): string {
  const socket = new URL("/ws?clientId=comfyui-access-verify", url);
  socket.protocol = "wss:";
  return socket.href;
}
