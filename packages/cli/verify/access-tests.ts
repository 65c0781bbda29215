import type { AccessTest } from "../../access/tests/judge";
import { caused } from "./cause-words";
import { askPage, type CellContext } from "./cell";
import { isBehindAccess } from "./expectations";
import { describeOutcome, type Outcome } from "./outcome";
import type { VerifyRow } from "./report";
import { kindOf, type VerifyTarget, WHO_NAMES } from "./target";

/**
 * Tries the stack's own access tests where that is possible here: with the service token, without a credential,
 * and for test accounts that were just played. The others are told to a person.
 * @param played the rows of the matrix, with what the test accounts got.
 */
export async function accessTestRows(
  target: VerifyTarget,
  contexts: readonly CellContext[],
  played: readonly VerifyRow[],
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for (const test of target.accessTests ?? []) {
    for (const verdict of ["allow", "deny"] as const) {
      for (const { context, path } of test[verdict].flatMap((wanted) => placesOf(wanted, contexts))) {
        rows.push(await tryTest(test, verdict, { context, path }, target, played));
      }
    }
  }
  return rows;
}

interface Place {
  context: CellContext;
  path: string;
}

function placesOf(wanted: string, contexts: readonly CellContext[]): Place[] {
  if (wanted === "*") return contexts.map((context) => ({ context, path: "/" }));
  const [name, ...path] = wanted.split("/");
  return contexts
    .filter(({ application }) => application.name === name)
    .map((context) => ({ context, path: `/${path.join("/")}` }));
}

async function tryTest(
  test: AccessTest,
  verdict: "allow" | "deny",
  { context, path }: Place,
  target: VerifyTarget,
  played: readonly VerifyRow[],
): Promise<VerifyRow> {
  const { application } = context;
  const who = test.who ?? (test.token === undefined ? "anyone" : `token ${test.token}`);
  const head = {
    id: `${application.name}/tests/${who}/${verdict}${path}`,
    group: "tests",
    application: application.name,
    who,
    what: `${verdict === "allow" ? "may" : "may not"} reach ${application.name}${path === "/" ? "" : path}`,
    expected: verdict === "allow" ? "an answer from behind Access" : "a login, or a refusal by Access",
  } as const;
  const headers = headersFor(test, target);
  if (headers === undefined)
    return { ...head, ...byPerson(head.id, test, { context, path }, target, verdict, played) };
  const started = performance.now();
  const outcome = await askPage(context, path, headers);
  const ms = Math.round(performance.now() - started);
  return { ...head, ...judgedTest(head.id, outcome, verdict, { context, path }), ms };
}

type Judged = Pick<VerifyRow, "got" | "result" | "finding" | "cause" | "next">;

/** What an outcome says of a test: what shows neither that the caller got in nor that they were kept out decides nothing. */
function judgedTest(id: string, outcome: Outcome, verdict: "allow" | "deny", place: Place): Judged {
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
  { context, path }: Place,
  { people }: VerifyTarget,
  verdict: "allow" | "deny",
  played: readonly VerifyRow[],
): Judged & Pick<VerifyRow, "detail" | "ms"> {
  const role = roleOf(test, people);
  const page = played.find((row) => row.id === `${context.application.name}/${role}/page`);
  if (role !== undefined && path === "/" && page?.outcome !== undefined) {
    const detail = `as the ${WHO_NAMES[role]} in the matrix`;
    return { ...judgedTest(id, page.outcome, verdict, { context, path }), got: page.got, detail, ms: 0 };
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
function isAdmitted(outcome: Outcome, { context, path }: Place): boolean {
  // ComfyUI's own refusal of what a browser marks as cross-site comes from behind both barriers.
  if (outcome.is === "comfyui" || outcome.is === "web" || outcome.is === "cross-site") return true;
  if (outcome.is !== "other" || outcome.ofTheEdge) return false;
  // ComfyUI is known by its page; what it answers to any other path may be anything.
  return outcome.status < 500 && !(path === "/" && kindOf(context.application) === "comfyui");
}

function isKeptOut(outcome: Outcome): boolean {
  return outcome.is === "login" || (outcome.is === "refused" && outcome.by === "access");
}

function isByConnector(outcome: Outcome): boolean {
  return outcome.is === "refused" && outcome.by === "connector";
}
