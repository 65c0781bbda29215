import { siteOf } from "../../access/site";
import { ApiError } from "../../base/errors";
import { TYPES } from "../../cloudflare/kinds";
import { situationOf } from "../../cloudflare/read-situation";
import type { Reason } from "./cause";
import { caused } from "./cause-words";
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
      ...caused(head.id, "failed", { code: "no-team-keys", data: { teamName } }),
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
    if (live === undefined) {
      const detail = "no API token was given";
      return { ...head, got: "", result: "not-applicable", detail, next: readRulesHow };
    }
    if (live instanceof ApiError) {
      const data = { failed: live.message };
      return { ...head, got: "", ...caused(head.id, "undecided", { code: "rules-unseen", data }) };
    }
    const faults = faultsOf(live, application, target.teamName);
    return faults.length === 0
      ? { ...head, got: "required, for this team and application", result: "passed" }
      : {
          ...head,
          got: faults.map(({ found }) => found).join("; "),
          ...caused(head.id, "failed", reasonOf(faults)),
        };
  });
}

const readRulesHow =
  "Set CLOUDFLARE_API_TOKEN to a token with Cloudflare Tunnel Read: the rule is read from the tunnel's live configuration.";

/** What is wrong with a rule's own check of the JWT. */
interface RuleFault {
  code: "no rule" | "not required" | "other team" | "other audience";
  found: string;
}

function reasonOf(faults: readonly RuleFault[]): Reason {
  const has = (wanted: RuleFault["code"]) => faults.some(({ code }) => code === wanted);
  if (has("no rule")) return { code: "no-rule", data: {} };
  return { code: has("not required") ? "jwt-not-required" : "jwt-for-another", data: {} };
}

/** The live rules, or the call that failed; undefined when there is nothing to read them with. */
async function readRules({ readIngress }: VerifyTarget): Promise<LiveIngressRule[] | ApiError | undefined> {
  try {
    return await readIngress?.();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function faultsOf(
  rules: readonly LiveIngressRule[],
  { url, aud }: TargetApplication,
  teamName: string | undefined,
): RuleFault[] {
  const { hostname } = new URL(url);
  const live = situationOf([{ type: TYPES.sharedIngress, id: "", outputs: { rules } }]);
  const { ingress: rule } = siteOf(live, { hostname, path: "/" });
  // What answers for every other host name is none of its own.
  if (rule?.hostname === undefined)
    return [{ code: "no rule", found: `the tunnel has no rule for ${hostname}` }];
  return [
    ...when(!rule.jwtRequired, { code: "not required", found: "`required` is off" }),
    ...when(teamName !== undefined && rule.teamName !== teamName, {
      code: "other team",
      found: `\`teamName\` is ${rule.teamName ? JSON.stringify(rule.teamName) : "empty"}`,
    }),
    ...when(aud !== undefined && !rule.audTags.includes(aud), {
      code: "other audience",
      found: "`audTag` does not have this application's audience",
    }),
  ];
}

const when = (isSo: boolean, fault: RuleFault): RuleFault[] => (isSo ? [fault] : []);
