import { canonicalHost } from "../access/host-pattern";
import type { FindingOf } from "../base/finding";
import { fieldsOf } from "../base/json-values";
import { TYPES } from "./kinds";
import { lastState, type ReadState } from "./last-state";

/** A rule as it stands in a tunnel's list. */
type LiveRule = Readonly<Record<string, unknown>>;

/** What an owned tunnel's list holds and is to hold. */
export interface OwnedList {
  /** Rules that stand there, and for whose host names the stack declares no application. */
  undeclared: readonly LiveRule[];
  /** The team that the stack's own rules name. */
  teamName: string;
  /** What the stack declares. */
  applications: readonly { hostname: string; service: string }[];
}

/** Rules that somebody added to the stack's own tunnel; removed: by the change that is about to be made. */
export interface OwnedListFindings {
  "foreign-rules": { rules: readonly ForeignRule[]; removed: boolean };
}

/** What a rule of others takes, and where it leads. */
export interface ForeignRule {
  hostname: string;
  path: string;
  service: string;
}

/**
 * The provider replaces an owned tunnel's list as a whole, and a rule that somebody added by hand would vanish without
 * a word. So a change of the list is an error as long as such a rule stands there; without one it is only pointed out.
 * A rule that the stack made itself, of an application that it no longer declares, is none of these.
 */
export async function foreignRulesIn(
  list: OwnedList,
  readState: ReadState = lastState,
): Promise<FindingOf<OwnedListFindings> | undefined> {
  const { foreign, written } = await foreignRules(list, readState);
  if (foreign.length === 0) return undefined;
  const declared = list.applications;
  const removed =
    declared.length !== written.size ||
    declared.some(({ hostname, service }) => written.get(canonicalHost(hostname)) !== service);
  return {
    code: "foreign-rules",
    severity: removed ? "error" : "warning",
    where: "tunnel",
    data: { rules: foreign.map(foreignRule), removed },
  };
}

/** The rules that the stack did not make, and what it has written itself. */
async function foreignRules(
  { undeclared, teamName }: Pick<OwnedList, "undeclared" | "teamName">,
  readState: ReadState,
): Promise<{ foreign: LiveRule[]; written: Map<string, string> }> {
  if (undeclared.length === 0) return { foreign: [], written: new Map() };
  const written = ownRules(await readState(), teamName);
  const foreign = undeclared.filter((rule) => {
    return textOf(rule["path"]) !== "" || !written.has(canonicalHost(rule["hostname"]));
  });
  return { foreign, written };
}

/** The rules of others in the list, as people write them. */
export async function othersRules(
  list: Pick<OwnedList, "undeclared" | "teamName">,
  readState: ReadState = lastState,
): Promise<string[]> {
  return (await foreignRules(list, readState)).foreign.map(
    (rule) => `rule for ${ruleText(foreignRule(rule))}`,
  );
}

/** Host names and services of the list as it was last written, as far as the rules are of the stack's own form. */
function ownRules(state: Awaited<ReturnType<ReadState>>, teamName: string): Map<string, string> {
  const lists = state.filter(({ type }) => type === TYPES.ownIngress);
  const rules = lists.flatMap(({ outputs }) => {
    const ingresses = fieldsOf(outputs["config"])["ingresses"];
    return Array.isArray(ingresses) ? ingresses.map(fieldsOf) : [];
  });
  const own = rules.filter((rule) => {
    const guard = fieldsOf(fieldsOf(rule["originRequest"])["access"]);
    return guard["required"] === true && guard["teamName"] === teamName;
  });
  return new Map(own.map((rule) => [canonicalHost(rule["hostname"]), textOf(rule["service"])]));
}

const foreignRule = (rule: LiveRule): ForeignRule => ({
  hostname: textOf(rule["hostname"]),
  path: textOf(rule["path"]),
  service: textOf(rule["service"]),
});

/** A rule as people write it. */
export function ruleText({ hostname, path, service }: ForeignRule): string {
  const below = path.replace(/^\^?\/?/, "");
  return `${hostname}${below === "" ? "" : `/${below}`} (to ${service})`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
