import type { Network } from "../../client/typescript/network";
import { accessTestRows } from "./access-tests";
import { aroundRows } from "./around";
import { barrierRows } from "./barriers";
import { type CellContext, originOnce } from "./cell";
import { machineRows, type OnRow } from "./matrix";
import { type Baseline, neighbourRows, recordBaseline } from "./neighbours";
import { openPeople, type People } from "./people";
import { summarize, type VerifyReport, type VerifyRow } from "./report";
import { openRequests, type Requests } from "./requests";
import { kindOf, type TargetApplication, type VerifyTarget, WHO, type Who } from "./target";

/** How to verify. */
export interface VerifyOptions {
  /** Where hosts are served. Default: as public DNS says. */
  network?: Network;
  /** Whether a browser logs the test accounts in. Default: true. */
  browser?: boolean;
  /** Whether a small picture may be uploaded to ComfyUI's temporary folder. Default: false. */
  write?: boolean;
  /** How long one request may take, in milliseconds. Default: 15,000. */
  timeoutMs?: number;
  /** Only these rows of the matrix, and none of the other checks. Default: everything. */
  only?: readonly Who[];
  /** How the other host names of the tunnel answered before. */
  baseline?: Baseline;
  /** Called with each row as soon as it is known. */
  onProgress?: OnRow;
}

const TIMEOUT_MS = 15_000;

/**
 * Tries who gets what at the protected applications, and compares it with what is declared.
 * Never throws for what it finds: that is in the report, which holds no secret.
 */
export async function verify(target: VerifyTarget, options: VerifyOptions = {}): Promise<VerifyReport> {
  const started = performance.now();
  const now = new Date();
  const requests = openRequests(options.network ?? {}, options.timeoutMs ?? TIMEOUT_MS);
  const people = await openPeople(target, options);
  try {
    const rows = await allRows({ target, options, requests, people, now });
    return {
      startedAt: now.toISOString(),
      durationMs: Math.round(performance.now() - started),
      environment: target.environment,
      applications: target.applications.map(({ name, url }) => ({ name, url })),
      notes: notesOf(target, options, people),
      rows,
      summary: summarize(rows),
    };
  } finally {
    await people.close();
    await requests.close();
  }
}

interface Run {
  target: VerifyTarget;
  options: VerifyOptions;
  requests: Requests;
  people: People;
  now: Date;
}

async function allRows(run: Run): Promise<VerifyRow[]> {
  const { target, options, requests, now } = run;
  const onRow = options.onProgress ?? (() => {});
  const rows: VerifyRow[] = [];
  const contexts = target.applications.map((application) => contextOf(run, application));
  for (const context of contexts) rows.push(...(await applicationRows(run, context, onRow)));
  if (options.only !== undefined) return rows;
  const tests = await accessTestRows(target, contexts, requests, rows);
  for (const row of tests) onRow(row);
  rows.push(...tests);
  rows.push(...(await barrierRows(target, requests, onRow)));
  const hostnames = [
    ...new Set([...(target.otherHostnames ?? []), ...Object.keys(options.baseline?.hostnames ?? {})]),
  ];
  const neighbours = neighbourRows(
    hostnames,
    options.baseline,
    await recordBaseline(hostnames, requests, now),
  );
  for (const row of neighbours) onRow(row);
  return [...rows, ...neighbours];
}

function contextOf({ target, options, requests, now }: Run, application: TargetApplication): CellContext {
  const { teamName, serviceTokenMode, applications } = target;
  const sharedWith = applications
    .filter(({ service }) => service !== undefined && service === application.service)
    .map(({ url }) => url);
  const declaration = { application, sharedWith, teamName, serviceTokenMode, write: options.write ?? false };
  return { application, declaration, requests, origin: originOnce(application, requests), now };
}

async function applicationRows(
  { target, options, people }: Run,
  context: CellContext,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const wanted = WHO.filter((who) => options.only?.includes(who) ?? true);
  // The machines do not wait for each other; people share one browser and come one after the other.
  const machines = Promise.all(wanted.map((who) => (isPerson(who) ? [] : machineRows(who, context, onRow))));
  const visits = new Map<Who, VerifyRow[]>();
  for (const who of wanted.filter(isPerson)) visits.set(who, await people.rows(who, context, onRow));
  const rows = (await machines).flatMap((cells, index) => visits.get(wanted[index] ?? "nobody") ?? cells);
  return options.only === undefined ? [...rows, ...(await aroundRows(target, context, onRow))] : rows;
}

function isPerson(who: Who): who is "allowed-user" | "other-user" {
  return who === "allowed-user" || who === "other-user";
}

function notesOf(target: VerifyTarget, options: VerifyOptions, people: People): string[] {
  const uploads = target.applications.some((application) => kindOf(application) === "comfyui");
  return [
    options.write && uploads
      ? "A picture of one pixel was uploaded to ComfyUI's temporary folder."
      : "Only safe requests were made: nothing was uploaded and no prompt queued.",
    ...(people.browser === undefined ? [] : [`People were played by ${people.browser}.`]),
    ...((target.serviceTokenMode ?? "unknown") === "unknown"
      ? ["Whether the team is strict about service tokens is not known: the answers of both modes count."]
      : []),
  ];
}
