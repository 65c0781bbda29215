import { hostAt } from "../../access";
import type { AccessTest } from "../../access/tests/judge";
import { type AccessPlace, placesOf } from "../../access/tests/places";
import { caused } from "./cause-words";
import { askPage, type CellContext } from "./cell";
import { isBehindAccess } from "./expectations";
import { describeOutcome, type Outcome } from "./outcome";
import type { VerifyRow } from "./report";
import type { Requests } from "./requests";
import { kindOf, type TargetApplication, type VerifyTarget, WHO_NAMES } from "./target";

/**
 * Tries the stack's own access tests where that is possible here: with the service token, without a credential,
 * and for test accounts that were just played. The others are told to a person.
 * @param played the rows of the matrix, with what the test accounts got.
 */
export async function accessTestRows(
  target: VerifyTarget,
  contexts: readonly CellContext[],
  requests: Requests,
  played: readonly VerifyRow[],
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  const { tests, state } = target.accessTests ?? { tests: [] };
  for (const test of tests) {
    for (const verdict of ["allow", "deny"] as const) {
      for (const wanted of test[verdict]) {
        const places = state === undefined ? [] : placesOf(state, wanted);
        if (places.length === 0) rows.push(nowhere(test, verdict, wanted));
        for (const place of places)
          rows.push(await tryTest(test, verdict, placed(place, contexts, requests), target, played));
      }
    }
  }
  return rows;
}

type Verdict = "allow" | "deny";

/** An address to ask. */
interface Place {
  /** What is there; its address is of the host name that is asked. */
  application: TargetApplication;
  path: string;
  requests: Requests;
  /** Whether it is at the host name that the matrix asks, which goes without saying. */
  isOwn: boolean;
}

/** A host name that no application of the stack has stands for itself, as a web app of any kind. */
function placed(
  { name, hostname, path }: AccessPlace,
  contexts: readonly CellContext[],
  requests: Requests,
): Place {
  const url = `https://${hostname}`;
  const application = contexts.map((each) => each.application).find((each) => each.name === name);
  if (application !== undefined && hostAt(application.url) === hostname)
    return { application, path, requests, isOwn: true };
  return { application: { name, url, kind: application?.kind ?? "web" }, path, requests, isOwn: false };
}

async function tryTest(
  test: AccessTest,
  verdict: Verdict,
  place: Place,
  target: VerifyTarget,
  played: readonly VerifyRow[],
): Promise<VerifyRow> {
  const { application, path, isOwn } = place;
  const { hostname } = new URL(application.url);
  const called = `${isOwn ? application.name : hostname}${path === "/" ? "" : path}`;
  const head = {
    ...headOf(test, verdict, application.name, isOwn ? path : `//${hostname}${path}`),
    what: `${verdict === "allow" ? "may" : "may not"} reach ${called}`,
  };
  const headers = headersFor(test, target);
  if (headers === undefined) return { ...head, ...byPerson(head.id, test, place, target, verdict, played) };
  const started = performance.now();
  const outcome = await askPage(place, path, headers);
  const ms = Math.round(performance.now() - started);
  return { ...head, ...judgedTest(head.id, outcome, verdict, place), ms };
}

/** What a test names and the stack has not, so that there was nothing to ask. */
function nowhere(test: AccessTest, verdict: Verdict, wanted: string): VerifyRow {
  const head = headOf(test, verdict, wanted, "");
  return {
    ...head,
    what: `${verdict === "allow" ? "may" : "may not"} reach ${wanted}`,
    got: "",
    ...caused(head.id, "undecided", { code: "test-of-nothing", data: { wanted } }),
    ms: 0,
  };
}

function headOf(test: AccessTest, verdict: Verdict, application: string, at: string) {
  const who = test.who ?? (test.token === undefined ? "anyone" : `token ${test.token}`);
  return {
    id: `${application}/tests/${who}/${verdict}${at}`,
    group: "tests" as const,
    application,
    who,
    expected: verdict === "allow" ? "an answer from behind Access" : "a login, or a refusal by Access",
  };
}

type Judged = Pick<VerifyRow, "got" | "result" | "finding" | "cause" | "next">;

/** What an outcome says of a test: what shows neither that the caller got in nor that they were kept out decides nothing. */
function judgedTest(id: string, outcome: Outcome, verdict: Verdict, place: Place): Judged {
  const got = describeOutcome(outcome);
  const admitted = isAdmitted(outcome, place);
  const keptOut = isKeptOut(outcome);
  if (verdict === "allow" ? admitted : keptOut) return { got, result: "passed" };
  // Past Access, and stopped only behind it: the refusal that is wanted is Access's own.
  const pastAccess = isBehindAccess(outcome) || isByConnector(outcome);
  const contrary = verdict === "allow" ? keptOut || isByConnector(outcome) : admitted || pastAccess;
  return contrary
    ? { got, ...caused(id, "failed", { code: "test-contrary", data: {} }) }
    : { got, ...caused(id, "undecided", { code: "test-unseen", data: {} }) };
}

/** How a test's subject can be played by requests alone; undefined when it cannot. */
function headersFor({ token, anyone }: AccessTest, target: VerifyTarget): Record<string, string> | undefined {
  if (anyone) return {};
  const known = token === undefined ? undefined : target.tokens?.find(({ name }) => name === token);
  if (known === undefined) return undefined;
  return { "cf-access-client-id": known.clientId, "cf-access-client-secret": known.clientSecret };
}

/** A test account's page was opened already; anybody else's is for a person. */
function byPerson(
  id: string,
  test: AccessTest,
  place: Place,
  { people }: VerifyTarget,
  verdict: Verdict,
  played: readonly VerifyRow[],
): Judged & Pick<VerifyRow, "detail" | "ms"> {
  const role = roleOf(test, people);
  const page = played.find((row) => row.id === `${place.application.name}/${role}/page`);
  if (role !== undefined && place.isOwn && place.path === "/" && page?.outcome !== undefined) {
    const detail = `as the ${WHO_NAMES[role]} in the matrix`;
    return { ...judgedTest(id, page.outcome, verdict, place), got: page.got, detail, ms: 0 };
  }
  const { who, token } = test;
  const circumstances = test.with === undefined ? "" : ` under ${JSON.stringify(test.with)}`;
  const how = token === undefined ? `Try it as ${who}${circumstances}` : "Send a request with that token";
  const detail =
    token === undefined
      ? "this caller cannot be played here"
      : `the credentials of ${token} are not known here`;
  const next = `${how}: it ${verdict === "allow" ? "has to" : "must not"} get in.`;
  return { got: "", result: "person", detail, next, ms: 0 };
}

/** The test account that is the subject, under no circumstances but its own. */
function roleOf(
  { who, with: circumstances }: AccessTest,
  people: VerifyTarget["people"],
): "allowed-user" | "other-user" | undefined {
  if (who === undefined || circumstances !== undefined) return undefined;
  const same = (email?: string) => email?.toLowerCase() === who.toLowerCase();
  if (same(people?.allowed.email)) return "allowed-user";
  return same(people?.other.email) ? "other-user" : undefined;
}

/** Whether what answered is behind Access. */
function isAdmitted(outcome: Outcome, { application, path }: Place): boolean {
  // ComfyUI's own refusal of what a browser marks as cross-site comes from behind both barriers.
  if (outcome.is === "comfyui" || outcome.is === "web" || outcome.is === "cross-site") return true;
  if (outcome.is !== "other" || outcome.ofTheEdge) return false;
  // ComfyUI is known by its page; what it answers to any other path may be anything.
  return outcome.status < 500 && !(path === "/" && kindOf(application) === "comfyui");
}

function isKeptOut(outcome: Outcome): boolean {
  return outcome.is === "login" || (outcome.is === "refused" && outcome.by === "access");
}

function isByConnector(outcome: Outcome): boolean {
  return outcome.is === "refused" && outcome.by === "connector";
}
