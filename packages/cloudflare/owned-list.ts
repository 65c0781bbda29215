import * as pulumi from "@pulumi/pulumi";
import { canonicalHost } from "../access/host-pattern";
import { UserError } from "../base/errors";
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

/**
 * The provider replaces an owned tunnel's list as a whole, and a rule that somebody added by hand would vanish without
 * a word. So a change of the list is refused as long as such a rule stands there; without one it is only pointed out.
 * A rule that the stack made itself, of an application that it no longer declares, is none of these.
 * @throws UserError naming the rules
 */
export async function guardOwnedList(list: OwnedList, readState: ReadState = lastState): Promise<void> {
  const { foreign, written } = await foreignRules(list, readState);
  if (foreign.length === 0) return;
  const found = `the stack's own tunnel has rules that the stack did not make: ${foreign.map(nameOf).join(", ")}`;
  const remedy =
    "Declare them as applications, or move them to another tunnel: Zero Trust → Networks → Tunnels.";
  const declared = list.applications;
  const changes =
    declared.length !== written.size ||
    declared.some(({ hostname, service }) => written.get(canonicalHost(hostname)) !== service);
  if (changes) throw new UserError(`tunnel: ${found}, and this change would remove them`, remedy);
  await pulumi.log.warn(`${found}; the next change of its list would remove them. ${remedy}`);
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
  return (await foreignRules(list, readState)).foreign.map((rule) => `rule for ${nameOf(rule)}`);
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

function nameOf(rule: LiveRule): string {
  const path = textOf(rule["path"]).replace(/^\^?\/?/, "");
  return `${textOf(rule["hostname"])}${path === "" ? "" : `/${path}`} (to ${textOf(rule["service"])})`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
