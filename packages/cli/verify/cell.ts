import { randomUUID } from "node:crypto";
import { FormData } from "undici";
import { barrierNote, caused } from "./cause-words";
import { type CellFacts, diagnose, placeOf } from "./causes";
import { type Declaration, expected, fits, isUndecided, preflightOrigin } from "./expectations";
import { lookAtOrigin } from "./origin";
import {
  asksOrigin,
  describeOutcome,
  type Outcome,
  outcomeOf,
  type RawAnswer,
  toldByOrigin,
} from "./outcome";
import type { RowResult, VerifyRow } from "./report";
import type { Ask, Requests } from "./requests";
import {
  calledName,
  INTRUDERS,
  kindOf,
  type TargetApplication,
  WHAT_NAMES,
  WHO_NAMES,
  type What,
  type Who,
} from "./target";

/** What the cells of one application have in common. */
export interface CellContext {
  application: TargetApplication;
  declaration: Declaration;
  requests: Requests;
  /** What a look at the origin on this machine found; made once, when a row asks for it. */
  origin(): Promise<CellFacts["origin"]>;
  now: Date;
}

/** Looks once at an application's origin, if it is on this machine. */
export function originOnce(application: TargetApplication, requests: Requests): CellContext["origin"] {
  const place = placeOf(application);
  let look: Promise<CellFacts["origin"]> | undefined;
  return () =>
    (look ??=
      place === undefined
        ? Promise.resolve(undefined)
        : lookAtOrigin(place, requests).then((fault) => fault ?? "sound"));
}

/** The smallest PNG there is: one transparent pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** The request of a column, to the application's address or one on this machine. */
function askFor(
  what: What,
  base: string,
  headers: Record<string, string>,
  { write, application }: Declaration,
): Ask {
  const at = (path: string) => new URL(path, base).href;
  switch (what) {
    case "page":
      return { method: "GET", url: at("/"), headers: { accept: "text/html", ...headers } };
    case "api":
      return { method: "GET", url: at("/system_stats"), headers: { accept: "application/json", ...headers } };
    case "websocket":
      return { method: "GET", url: at(`/ws?clientId=${randomUUID()}`), headers, upgrade: true };
    case "upload":
      return write
        ? { method: "POST", url: at("/upload/image"), headers, body: pixelForm() }
        : { method: "GET", url: at("/upload/image"), headers };
    case "preflight":
      return {
        method: "OPTIONS",
        url: at(kindOf(application) === "comfyui" ? "/prompt" : "/"),
        headers: {
          ...headers,
          origin: preflightOrigin(application.declared),
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      };
  }
}

/** A picture for the temporary folder, which ComfyUI empties itself. */
function pixelForm(): FormData {
  const form = new FormData();
  form.set("image", new Blob([PIXEL], { type: "image/png" }), "comfyui-access-verify.png");
  form.set("type", "temp");
  form.set("overwrite", "true");
  return form;
}

/**
 * Asks for a path of an application as a caller does.
 * @param headers what makes the caller; the origin is asked without them.
 */
export async function askPage(
  { application, requests }: Pick<CellContext, "application" | "requests">,
  path: string,
  headers: Record<string, string>,
): Promise<Outcome> {
  const answer = await requests.ask({ method: "GET", url: new URL(path, application.url).href, headers });
  const outcome = outcomeOf(answer, "page", { kind: kindOf(application) });
  return seenAtOrigin(outcome, answer, path, { application, requests });
}

/** An outcome that does not say whose it is, with what the application's origin answers where that can be asked here. */
export async function seenAtOrigin(
  outcome: Outcome,
  answer: RawAnswer,
  path: string,
  { application, requests }: Pick<CellContext, "application" | "requests">,
): Promise<Outcome> {
  const place = placeOf(application);
  if (place === undefined || !asksOrigin(outcome)) return outcome;
  const url = new URL(path, place.service).href;
  const headers = { accept: "text/html", host: place.hostname };
  const direct = await requests.ask({ method: "GET", url, headers });
  return toldByOrigin(outcome, answer, direct, kindOf(application));
}

/** Makes one request and judges the answer. */
export async function tryCell(
  who: Who,
  what: What,
  base: string,
  headers: Record<string, string>,
  context: CellContext,
): Promise<VerifyRow> {
  const started = performance.now();
  const answer = await context.requests.ask(askFor(what, base, headers, context.declaration));
  const via = who === "local" || who === "docker" ? "direct" : "edge";
  const seen = outcomeOf(answer, what, { via, kind: kindOf(context.application) });
  const outcome = what === "page" && via === "edge" ? await seenAtOrigin(seen, answer, "/", context) : seen;
  return judged(who, what, outcome, performance.now() - started, context);
}

/** A row for an outcome, with the cause and the next step where it is not what was declared, or says nothing. */
export async function judged(
  who: Who,
  what: What,
  outcome: Outcome,
  ms: number,
  context: CellContext,
): Promise<VerifyRow> {
  const { application, now } = context;
  const expectation = expected(who, what, context.declaration);
  const mustBeKeptOut = INTRUDERS.includes(who);
  const passed = fits(expectation, outcome);
  const row = {
    ...cellHead(who, what, context),
    got: describeOutcome(outcome),
    outcome,
    detail: barrierNote(expectation, outcome),
    ms: Math.round(ms),
  };
  if (passed) return { ...row, result: "passed" };
  const ofTheOrigin =
    outcome.is === "origin-fault" ||
    outcome.is === "unserved" ||
    (outcome.is === "other" && outcome.status >= 400);
  const facts: CellFacts = {
    who,
    what,
    application,
    tokenExpiresAt: application.token?.expiresAt,
    ...(ofTheOrigin ? { origin: await context.origin() } : {}),
    now,
  };
  const cameIn = outcome.is === "comfyui" || outcome.is === "web" || outcome.is === "websocket";
  return {
    ...row,
    ...caused(row.id, isUndecided(outcome, mustBeKeptOut) ? "undecided" : "failed", diagnose(outcome, facts)),
    ...(mustBeKeptOut && cameIn ? { intrusion: calledName(application) } : {}),
  };
}

/** A row that was not tried, and why. */
export function untried(
  who: Who,
  what: What,
  result: Extract<RowResult, "person" | "not-applicable">,
  why: { detail: string; next?: string },
  context: CellContext,
): VerifyRow {
  return { ...cellHead(who, what, context), got: "", result, ...why, ms: 0 };
}

function cellHead(who: Who, what: What, { application, declaration }: CellContext) {
  return {
    id: `${application.name}/${who}/${what}`,
    group: "matrix" as const,
    application: application.name,
    who: WHO_NAMES[who],
    what: WHAT_NAMES[what],
    expected: expected(who, what, declaration).text,
  };
}
