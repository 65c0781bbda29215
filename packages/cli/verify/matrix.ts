import { randomBytes } from "node:crypto";
import { type CellContext, tryCell, untried } from "./cell";
import { faultInWords, faultOf } from "./origin";
import type { VerifyRow } from "./report";
import { calledName, columnsOf, kindOf, type TargetApplication, type TargetToken, type Who } from "./target";

/** Called with each row as soon as it is known. */
export type OnRow = (row: VerifyRow) => void;

/** The rows that need no person: nobody, both tokens, and the ways on this machine. */
export async function machineRows(
  who: Exclude<Who, "allowed-user" | "other-user">,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const { application } = context;
  if (who === "local" || who === "docker") return directRows(who, context, onRow);
  if (who === "valid-token" && application.token === undefined) {
    const why = {
      detail: application.noToken ?? "no service token is known here",
      next:
        application.noToken === undefined
          ? "Give one in the .env file, or verify a stack that has one."
          : "Nothing, if that is meant; else name one in `serviceTokens` of the application.",
    };
    return leftOpen(who, why, context, onRow);
  }
  return inTurn(who, application.url, headersOf(who, application.token), context, onRow);
}

function leftOpen(
  who: Who,
  why: { detail: string; next?: string },
  context: CellContext,
  onRow: OnRow,
): VerifyRow[] {
  return columnsOf(who, kindOf(context.application)).map((what) =>
    reported(untried(who, what, "not-applicable", why, context), onRow),
  );
}

/** One cell after the other: a guest should not knock on every door at once. */
async function inTurn(
  who: Who,
  base: string,
  headers: Record<string, string>,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for (const what of columnsOf(who, kindOf(context.application)))
    rows.push(reported(await tryCell(who, what, base, headers, context), onRow));
  return rows;
}

async function directRows(who: "local" | "docker", context: CellContext, onRow: OnRow): Promise<VerifyRow[]> {
  const { application } = context;
  const base = who === "local" ? application.localUrl : application.dockerUrl;
  if (base === undefined) return leftOpen(who, elsewhere(who, application), context, onRow);
  const missing = await absence(base, context, who === "local" && application.localRequired === true);
  if (missing !== undefined) {
    const next = who === "local" ? startLocally(application) : runInCompose;
    return leftOpen(who, { detail: missing, next }, context, onRow);
  }
  return inTurn(who, base, {}, context, onRow);
}

/** Why there is no address to try. */
function elsewhere(who: "local" | "docker", { service }: TargetApplication) {
  const option = who === "local" ? "--local" : "--docker";
  const place = who === "local" ? "on this machine" : "a container beside this one";
  return {
    detail: service === undefined ? "no address was given" : `its service ${service} is not ${place}`,
    next: `Name its address with ${option}, if it has one.`,
  };
}

const startLocally = (application: TargetApplication) =>
  `Start ${calledName(application)} on this machine, or name its address with --local.`;
const runInCompose =
  'Run it inside the compose network: docker run --rm --network <project>_default -v "$PWD":/app -w /app node:24 npm run verify -- --only docker';

/** Why an address cannot be tried from here; undefined when something answers, or when it has to. */
async function absence(
  base: string,
  { requests, application }: CellContext,
  required: boolean,
): Promise<string | undefined> {
  if (required) return undefined;
  const answer = await requests.ask({ method: "GET", url: base });
  if (answer.kind !== "unreachable") return undefined;
  // What answers, if badly, is there: its rows say what is wrong with it.
  const fault = faultOf(answer);
  if (fault.code !== "refused" && fault.code !== "name") return undefined;
  const { hostname } = new URL(application.url);
  return faultInWords(fault, { service: base, hostname, kind: kindOf(application) }).found;
}

function headersOf(who: Who, token: TargetToken | undefined): Record<string, string> {
  if (who === "nobody") return {};
  // A real client id with a wrong secret where there is one: the nearest to a token that was guessed.
  const clientId = token?.clientId ?? `${randomBytes(16).toString("hex")}.access`;
  const clientSecret = who === "valid-token" ? (token?.clientSecret ?? "") : randomBytes(32).toString("hex");
  return { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret };
}

function reported(row: VerifyRow, onRow: OnRow): VerifyRow {
  onRow(row);
  return row;
}
