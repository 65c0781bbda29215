import type { Severity } from "../../base/finding";
import { ApiFailure } from "../../cloudflare/api-failure";
import type { AnyCheck, AnyFound, Stops } from "../../cloudflare/checks/check";
import { type RightsFindings, unreadOf } from "../../cloudflare/checks/rights";
import { apiToken } from "./checks/api-token";
import { type Context, contextOf, type DoctorInput } from "./context";
import { FIRST, LAST, THEN } from "./list";
import { type About, type FindingCode, type ToldFinding, told } from "./words";

/** What doctor found. */
export interface Report {
  stack: string;
  environment: string;
  purpose: DoctorInput["purpose"];
  checks: Checked<ToldFinding>[];
}

/** A check as the report has it. */
export interface Checked<Found = AnyFound> {
  /** Its code in the list of checks. */
  code: string;
  title: string;
  status: "ok" | "warning" | "error" | "skipped";
  summary: string;
  findings: Found[];
  notes: string[];
}

/** Looks at everything that a preview and an update rely on. Changes nothing. */
export async function examine(input: DoctorInput): Promise<Report> {
  const context = contextOf(input);
  const checked: Checked[] = [];
  for (const check of FIRST) checked.push(await look(check, context, checked));
  const known = [...checked];
  const concerned = (checks: readonly AnyCheck<Context>[]) =>
    checks.filter(({ concerns }) => concerns?.(context) ?? true);
  checked.push(...(await Promise.all(concerned(THEN).map((check) => look(check, context, known)))));
  const named = new Set(checked.flatMap(({ findings }) => findings.flatMap(({ objects = [] }) => objects)));
  for (const check of concerned(LAST)) {
    const left = await look(check, context, known);
    checked.push(withStatus({ ...left, findings: left.findings.filter((each) => !isNamed(each, named)) }));
  }
  const { stack, environment, purpose } = input;
  const about: About = { stack, purpose, accountId: input.config.accountId };
  return {
    stack,
    environment,
    purpose,
    checks: checked.map((each) => ({ ...each, findings: each.findings.map((found) => told(found, about)) })),
  };
}

/** 0: sound; 3: at least one error; 4: warnings alone. */
export function exitCode({ checks }: Report): number {
  const severities = new Set<Severity>(
    checks.flatMap(({ findings }) => findings.map(({ severity }) => severity)),
  );
  if (severities.has("error")) return 3;
  return severities.has("warning") ? 4 : 0;
}

const is = ({ code }: AnyFound, wanted: FindingCode): boolean => code === wanted;

const isNamed = ({ objects = [] }: AnyFound, named: ReadonlySet<string>): boolean =>
  objects.some((object) => named.has(object));

/** One check, or why it cannot be made: for what an earlier finding says, or else as a finding of its own. */
async function look(
  check: AnyCheck<Context>,
  context: Context,
  checked: readonly Checked[],
): Promise<Checked> {
  const { code, title, config: keys = [], groups, reads } = check;
  const earlier = checked.flatMap(({ findings }) => findings);
  const as = (outcome: Omit<Checked, "code" | "title">): Checked => withStatus({ code, title, ...outcome });
  const skip = (summary: string) => as({ status: "skipped", summary, findings: [], notes: [] });
  if (reads.includes("account")) {
    const blocked = isSilent(checked) ? "the API does not answer" : blockedBy(check, earlier);
    if (blocked !== undefined) return skip(blocked);
  }
  const absent = keys.filter((key) => context.config[key] === undefined);
  if (absent.length > 0) return skip(`not set, or not valid: ${absent.join(", ")}`);
  try {
    const { findings, summary, skipped, notes = [] } = await check.run(context);
    if (findings.length === 0 && skipped !== undefined)
      return as({ status: "skipped", summary: skipped, findings, notes });
    return as({ status: "ok", summary, findings, notes });
  } catch (error) {
    const reason = error instanceof ApiFailure ? knownReason(error, earlier, groups) : undefined;
    if (reason !== undefined) return skip(reason);
    return as({ status: "ok", summary: "", findings: [unchecked(check, error)], notes: [] });
  }
}

/** Whether the very first question to the API had no answer that would tell. */
function isSilent(checked: readonly Checked[]): boolean {
  const token = checked.find(({ code }) => code === apiToken.code);
  return token?.findings.some((each) => is(each, "unchecked")) ?? false;
}

/** Findings of earlier checks after which the account cannot tell anything more. */
const BLOCKING: Readonly<Partial<Record<string, string>>> = {
  "token-missing": "there is no API token",
  "token-malformed": "the API token cannot be sent",
  "token-refused": "the API token is refused",
  "account-unreachable": "the API token does not reach the account",
} satisfies Partial<Record<keyof RightsFindings, string>>;

/** The earlier finding after which the account need not be asked, in a few words. */
function blockedBy({ blindWithout }: AnyCheck<Context>, earlier: readonly AnyFound[]): string | undefined {
  for (const { code, lacks = [] } of earlier) {
    if (BLOCKING[code] !== undefined) return BLOCKING[code];
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
  earlier: readonly AnyFound[],
  groups: readonly string[] = [],
): string | undefined {
  if (error.kind === "not set up" && earlier.some((each) => is(each, "zero-trust-off"))) {
    return "Zero Trust is not set up";
  }
  const lacking = earlier.flatMap(({ lacks = [] }) => lacks);
  const group =
    error.status === 403
      ? groups.find((each) => LEVELS.some((level) => lacking.includes(`${each} ${level}`)))
      : undefined;
  return group === undefined ? undefined : `the API token lacks ${group}`;
}

/** That a check could not be made: it stops whatever the worst of its findings would stop. */
function unchecked({ title, finds }: AnyCheck<Context>, error: unknown): AnyFound {
  const all = Object.values(finds).map(({ stops }) => stops);
  const stops = STOPS.find((each) => all.includes(each)) ?? "nothing";
  return { code: "unchecked", severity: "error", stops, where: title, data: { by: unreadOf(error) } };
}

const STOPS: readonly Stops[] = ["preview", "update", "nothing"];

function withStatus(checked: Checked): Checked {
  if (checked.findings.length === 0) {
    const status = checked.status === "skipped" ? "skipped" : "ok";
    return { ...checked, status, summary: checked.summary || "nothing found" };
  }
  const isError = checked.findings.some(({ severity }) => severity === "error");
  return { ...checked, status: isError ? "error" : "warning" };
}
