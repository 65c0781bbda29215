import { ApiError, UserError } from "../../base/errors";
import { ApiFailure } from "../../cloudflare/api-failure";
import { BLOCKING, type Check, type Checked, type Outcome } from "./check";
import { apiToken } from "./checks/api-token";
import { config } from "./checks/config";
import { dns } from "./checks/dns";
import { google } from "./checks/google";
import { hostnames } from "./checks/hostnames";
import { leftovers } from "./checks/leftovers";
import { identityProvider } from "./checks/login";
import { organization } from "./checks/organization";
import { comfyui, webApps } from "./checks/origins";
import { permissions } from "./checks/permissions";
import { room } from "./checks/room";
import { expiry, leaks } from "./checks/secrets";
import { tunnel } from "./checks/tunnel";
import { zone } from "./checks/zone";
import { type Context, contextOf, type DoctorInput } from "./context";
import { type Finding, finding } from "./findings";

/** What doctor found. */
export interface Report {
  stack: string;
  environment: string;
  purpose: DoctorInput["purpose"];
  checks: Checked[];
}

/** The first three say what the others can be told at all. */
const FIRST: readonly Check[] = [config, apiToken, permissions, organization];
const THEN: readonly Check[] = [
  zone,
  dns,
  hostnames,
  identityProvider,
  room,
  tunnel,
  google,
  comfyui,
  webApps,
  expiry,
  leaks,
];

/** Looks at everything that a preview and an update rely on. Changes nothing. */
export async function examine(input: DoctorInput): Promise<Report> {
  const context = contextOf(input);
  const checked: Checked[] = [];
  const findings = () => checked.flatMap((each) => each.findings);
  for (const check of FIRST) checked.push(await look(check, context, checked));
  const known = [...checked];
  const then = THEN.filter(({ concerns }) => concerns?.(context) ?? true);
  checked.push(...(await Promise.all(then.map((check) => look(check, context, known)))));
  // Last: what another finding names already is not left over as well.
  const named = new Set(findings().flatMap(({ objects = [] }) => objects));
  const left = await look(leftovers, context, known);
  checked.push(withStatus({ ...left, findings: left.findings.filter((each) => !isNamed(each, named)) }));
  const { stack, environment, purpose } = input;
  return { stack, environment, purpose, checks: checked };
}

/** 0: sound; 3: at least one error; 4: warnings alone. */
export function exitCode({ checks }: Report): number {
  const severities = new Set(checks.flatMap(({ findings }) => findings.map(({ severity }) => severity)));
  if (severities.has("error")) return 3;
  return severities.has("warning") ? 4 : 0;
}

const isNamed = ({ id, objects = [] }: Finding, named: ReadonlySet<string>): boolean =>
  id === "orphan" && objects.some((object) => named.has(object));

/** One check, or why it cannot be made: for what an earlier finding says, or else as a finding of its own. */
async function look(check: Check, context: Context, checked: readonly Checked[]): Promise<Checked> {
  const { title, config: keys = [], groups } = check;
  const earlier = checked.flatMap(({ findings }) => findings);
  const skip = (summary: string): Checked => ({ title, status: "skipped", summary, findings: [], notes: [] });
  if (groups !== undefined) {
    const blocked = isSilent(checked) ? "the API does not answer" : blockedBy(check, earlier);
    if (blocked !== undefined) return skip(blocked);
  }
  const absent = keys.filter((key) => context.config[key] === undefined);
  if (absent.length > 0) return skip(`not set, or not valid: ${absent.join(", ")}`);
  try {
    return asChecked(title, await check.run(context));
  } catch (error) {
    const reason = error instanceof ApiFailure ? knownReason(error, earlier, groups) : undefined;
    if (reason !== undefined) return skip(reason);
    return asChecked(title, { findings: [unchecked(error)], summary: "" });
  }
}

/** Whether the very first question to the API had no answer that would tell. */
function isSilent(checked: readonly Checked[]): boolean {
  const token = checked.find(({ title }) => title === apiToken.title);
  return token?.findings.some(({ id }) => id === "unchecked") ?? false;
}

/** The earlier finding after which the account need not be asked, in a few words. */
function blockedBy({ blindWithout }: Check, earlier: readonly Finding[]): string | undefined {
  for (const { id, lacks = [] } of earlier) {
    if (BLOCKING[id] !== undefined) return BLOCKING[id];
    if (blindWithout !== undefined && lacks.includes(blindWithout)) {
      return `the API token lacks ${blindWithout}`;
    }
  }
  return undefined;
}

/** The levels of a permission. */
const LEVELS = ["Read", "Write"] as const;

/** The earlier finding that explains a refusal, in a few words. */
function knownReason(
  error: ApiFailure,
  earlier: readonly Finding[],
  groups: readonly string[] = [],
): string | undefined {
  if (error.kind === "not set up" && earlier.some(({ id }) => id === "zero-trust-off")) {
    return "Zero Trust is not set up";
  }
  const lacking = earlier.flatMap(({ lacks = [] }) => lacks);
  const group =
    error.status === 403
      ? groups.find((each) => LEVELS.some((level) => lacking.includes(`${each} ${level}`)))
      : undefined;
  return group === undefined ? undefined : `the API token lacks ${group}`;
}

function unchecked(error: unknown): Finding {
  const found = (what: string | undefined, mend: string) =>
    finding("unchecked", `could not be checked: ${what}`, mend);
  if (error instanceof UserError) return found(error.message.split("\n")[0], error.remedy);
  if (error instanceof ApiError) return found(error.message, mendOf(error));
  // The words of an error that nobody foresaw may quote anything.
  return found(error instanceof Error ? error.name : "an error", "Run doctor again; report it if it stays.");
}

function mendOf({ status }: ApiError): string {
  if (status === undefined) return "Check the network, and CLOUDFLARE_BASE_URL if it is set.";
  if (status === 429) return "Wait five minutes, then run doctor again.";
  return "Run doctor again; see https://www.cloudflarestatus.com";
}

function asChecked(title: string, { findings, summary, skipped, notes = [] }: Outcome): Checked {
  const isSkipped = findings.length === 0 && skipped !== undefined;
  return withStatus({
    title,
    status: isSkipped ? "skipped" : "ok",
    summary: isSkipped ? skipped : summary,
    findings,
    notes,
  });
}

function withStatus(checked: Checked): Checked {
  if (checked.findings.length === 0) {
    const status = checked.status === "skipped" ? "skipped" : "ok";
    return { ...checked, status, summary: checked.summary || "nothing found" };
  }
  const isError = checked.findings.some(({ severity }) => severity === "error");
  return { ...checked, status: isError ? "error" : "warning" };
}
