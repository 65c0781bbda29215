import { siteOf } from "../../access/site";
import { TYPES } from "../../cloudflare/kinds";
import { situationOf } from "../../cloudflare/read-situation";
import { teamKeys } from "./keys";
import type { OnRow } from "./matrix";
import type { VerifyRow } from "./report";
import type { Requests } from "./requests";
import type { LiveIngressRule, TargetApplication, VerifyTarget } from "./target";

/** Checks what both barriers stand on: the team's keys, and the connector's own check of the JWT. */
export async function barrierRows(
  target: VerifyTarget,
  requests: Requests,
  onRow: OnRow,
): Promise<VerifyRow[]> {
  const rows = [await keysRow(target.teamName, requests)];
  const secured = target.applications.filter(({ declared }) => declared?.secondBarrier !== false);
  if (secured.length > 0) rows.push(...(await connectorRows(target, secured)));
  for (const row of rows) onRow(row);
  return rows;
}

async function keysRow(teamName: string | undefined, requests: Requests): Promise<VerifyRow> {
  const head = {
    id: "barriers/keys",
    group: "barriers",
    who: "anybody",
    what: "the team's public keys",
    expected: "200 with at least one key",
  } as const;
  if (teamName === undefined) {
    return { ...head, got: "", result: "not-applicable", detail: "the team's name is not known here", ms: 0 };
  }
  const started = performance.now();
  const keys = await teamKeys(teamName, requests);
  const ms = Math.round(performance.now() - started);
  if (typeof keys === "string") {
    return {
      ...head,
      got: keys,
      result: "failed",
      cause: `There is no team ${teamName}, or its host cannot be reached; the connector needs these keys too.`,
      next: "Compare teamName in the stack config with the team domain in the Zero Trust dashboard.",
      ms,
    };
  }
  return { ...head, got: `${keys.length} key${keys.length === 1 ? "" : "s"}`, result: "passed", ms };
}

async function connectorRows(target: VerifyTarget, applications: TargetApplication[]): Promise<VerifyRow[]> {
  const started = performance.now();
  const live = await readRules(target);
  const ms = Math.round(performance.now() - started);
  return applications.map((application) => {
    const head = {
      id: `${application.name}/barriers/connector`,
      group: "barriers",
      application: application.name,
      who: "connector",
      what: "checks Access's JWT itself",
      expected: "required, for this team and application",
      ms,
    } as const;
    if (typeof live === "string") {
      return { ...head, got: "", result: "not-applicable", detail: live, next: readRulesHow };
    }
    const faults = faultsOf(live, application, target.teamName);
    return faults.length === 0
      ? { ...head, got: "required, for this team and application", result: "passed" }
      : { ...head, got: faults.join("; "), result: "failed", ...diagnosis(faults) };
  });
}

const readRulesHow =
  "Set CLOUDFLARE_API_TOKEN to a token with Cloudflare Tunnel Read: the rule is read from the tunnel's live configuration.";
const NOT_REQUIRED = "`required` is off";

function diagnosis(faults: readonly string[]): Pick<VerifyRow, "cause" | "next"> {
  return {
    cause: faults.includes(NOT_REQUIRED)
      ? "The connector does not check for itself: whatever reaches the tunnel past Access reaches the application."
      : "The connector checks for another application or team: it turns this one's callers away, and lets that one's in.",
    next: "Run `pulumi up`: it puts `originRequest.access` of the ingress rule right.",
  };
}

/** The live rules, or why they cannot be read. */
async function readRules({ readIngress }: VerifyTarget): Promise<LiveIngressRule[] | string> {
  if (readIngress === undefined) return "no API token was given";
  try {
    return await readIngress();
  } catch (error) {
    return error instanceof Error ? error.message : "the tunnel's configuration could not be read";
  }
}

function faultsOf(
  rules: readonly LiveIngressRule[],
  { url, aud }: TargetApplication,
  teamName: string | undefined,
): string[] {
  const { hostname } = new URL(url);
  const live = situationOf([{ type: TYPES.sharedIngress, id: "", outputs: { rules } }]);
  const { ingress: rule } = siteOf(live, { hostname, path: "/" });
  // What answers for every other host name is none of its own.
  if (rule?.hostname === undefined) return [`the tunnel has no rule for ${hostname}`];
  return [
    ...(rule.jwtRequired ? [] : [NOT_REQUIRED]),
    ...(teamName === undefined || rule.teamName === teamName
      ? []
      : [`\`teamName\` is ${rule.teamName ? JSON.stringify(rule.teamName) : "empty"}`]),
    ...(aud === undefined || rule.audTags.includes(aud)
      ? []
      : ["`audTag` does not have this application's audience"]),
  ];
}
