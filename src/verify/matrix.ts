import { randomBytes } from "node:crypto";
import { type CellContext, tryCell, untried } from "./cell";
import type { VerifyRow } from "./report";
import { type TargetToken, type VerifyTarget, WHAT, type Who } from "./target";

/** Called with each row as soon as it is known. */
export type OnRow = (row: VerifyRow) => void;

/** The rows that need no person: nobody, both tokens, and the ways on this machine. */
export async function machineRows(
  who: Exclude<Who, "allowed-user" | "other-user">,
  target: VerifyTarget,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  if (who === "local" || who === "docker") return directRows(who, target, context, onRow);
  if (who === "valid-token" && target.token === undefined) {
    const why = {
      detail: "no service token is known here",
      next: "Give one with COMFYUI_ACCESS_TOKEN in .env, or verify a stack that has one.",
    };
    return WHAT.map((what) => reported(untried(who, what, "not-applicable", why, context), onRow));
  }
  return inTurn(who, context.application.url, headersOf(who, target.token), context, onRow);
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
  for (const what of WHAT) rows.push(reported(await tryCell(who, what, base, headers, context), onRow));
  return rows;
}

async function directRows(
  who: "local" | "docker",
  target: VerifyTarget,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const base = who === "local" ? target.localUrl : target.dockerUrl;
  const required = who === "local" && target.localRequired === true;
  const missing = base === undefined ? "no address was given" : await absence(base, context, required);
  if (base === undefined || missing !== undefined) {
    const why = { detail: missing ?? "", next: who === "local" ? startLocally : runInCompose };
    return WHAT.map((what) => reported(untried(who, what, "not-applicable", why, context), onRow));
  }
  return inTurn(who, base, {}, context, onRow);
}

const startLocally = "Start ComfyUI on this machine, or name its address with --local.";
const runInCompose =
  'Run it inside the compose network: docker run --rm --network <project>_default -v "$PWD":/app -w /app node:24 npx tsx src/cli/main.ts verify --only docker';

/** Why an address cannot be tried from here; undefined when something answers, or when it has to. */
async function absence(
  base: string,
  { requests }: CellContext,
  required: boolean,
): Promise<string | undefined> {
  if (required) return undefined;
  const answer = await requests.ask({ method: "GET", url: base });
  if (answer.kind !== "unreachable") return undefined;
  const host = new URL(base).host;
  return answer.reason === "name"
    ? `the name ${host} does not resolve here`
    : `nothing answers at ${host} (${answer.detail})`;
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
