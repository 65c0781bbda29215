import { NAMES } from "../../../components/args";
import { urnOf } from "../../../components/declaration";
import { placePaths } from "../../../config/config-paths";
import type { StackConfig } from "../../../config/stack-config";
import { isFields } from "../../base/json-values";
import type { Account } from "./account";
import { chooseApplication, chooseGoogle } from "./choose";
import { saidIn } from "./config-words";
import { type DeclaredObject, declaredResources, type KnownIds } from "./declared";
import type { EngineTable } from "./engine-table";
import { type FoundHost, findHost, mayTake, nameOf, type Own } from "./find";
import { hostStops } from "./host-stops";
import type { PlanInput } from "./plan-input";
import { NO_ID, propose, withStandIns } from "./propose";
import { type ChosenApplication, PlanBuilder } from "./rows";
import { stateStop } from "./state-stop";
import { decisionOf, objectStops, unjudgedChanges } from "./stops";
import type { Choices, ConfigChange, Decision, Kind, Row, Unreadable } from "./types";
import { objects, text } from "./wire";

/** What an adoption would do. */
export interface Plan {
  config: StackConfig;
  configChanges: ConfigChange[];
  rows: Row[];
  decisions: Decision[];
  unreadable: Unreadable[];
  notes: string[];
  /** Names of objects by id, for people. */
  names: ReadonlyMap<string, string>;
  /** URNs that the stack's state has. */
  known: ReadonlySet<string>;
  /** Whether the engine was asked what the next `up` changes: only then do the rows say it. */
  isAsked: boolean;
}

/** What of the config a plan starts with: enough to know what to look for in the account. */
export function wantedOf({ raw, stack }: Pick<PlanInput, "raw" | "stack">) {
  const config = withStandIns(raw, stack);
  return {
    accountId: config.accountId,
    zone: config.zone,
    hostnames: config.applications.map(({ hostname }) => hostname),
    tokens: config.serviceTokens.map(({ name }) => name),
    tunnel: config.tunnel.id,
  };
}

/**
 * Works out what the stack would take from the account, how, and what the next `up` then changes. Asks nobody.
 * @throws {ConfigError} when the config lacks something that the account does not tell.
 */
export function planAdoption(input: PlanInput): Plan {
  const { raw, project, stack, account, state, choices } = input;
  const start = withStandIns(raw, stack);
  const { placed } = placePaths(raw);
  const said = (key: string) => (isFields(placed[key]) ? placed[key] : {});
  const tunnelId = said("tunnel")["id"];
  const stateId = (declared: Pick<DeclaredObject, "resource">) =>
    state.get(urnOf(declared.resource, project, stack))?.id;

  const hosts = start.applications.map(({ hostname }) =>
    findHost(account, hostname, typeof tunnelId === "string" ? tunnelId : undefined),
  );
  // URNs do not depend on what is found, so a first list of resources tells what the state has.
  const ids: KnownIds = { zoneId: account.zoneId, applications: {}, policies: {}, tokens: {} };
  const before = declaredResources(start, project, stack, ids);
  const inState = (kind: Kind, name: string) => {
    const declared = before.find((each) => each.kind === kind && each.resource.name === name);
    return declared && stateId(declared);
  };
  const applications = start.applications.map(({ name }, index) => {
    const found = hosts[index] as FoundHost;
    const known = inState("application", name);
    return {
      name,
      found,
      candidate: chooseApplication(found, choices, known === text(found.application, "id")),
    };
  });
  const own = ownOf(applications, choices);
  const takenApplications = applications.flatMap(({ candidate }) =>
    candidate.taken ? [candidate.wire ?? {}] : [],
  );
  const google = chooseGoogle(
    account,
    said("google"),
    takenApplications,
    own,
    choices,
    inState("identity provider", NAMES.login),
  );
  const taken = applications.map(({ found, candidate }) =>
    // What is not taken has nothing to say about the config either.
    candidate.taken ? found : { ...found, application: undefined, policies: [] },
  );
  const decisions: Decision[] = google.decision === undefined ? [] : [google.decision];
  // What is still to be decided has a stand-in, so that all else can be shown.
  const base = google.decision === undefined ? raw : { ...placed, google: { identityProviderId: NO_ID } };
  const ownTunnel = inState("tunnel", NAMES.tunnel);
  const proposal = propose(base, stack, { account, hosts: taken, google, ...(ownTunnel && { ownTunnel }) });
  const { config } = proposal;

  const builder = new PlanBuilder(input, config, decisions);
  for (const application of applications) builder.application(application);
  builder.tokens(own);
  builder.google(google);
  builder.tunnel(hosts);
  builder.records(hosts);
  const rows = builder.rows();

  const adopted = rows.flatMap(({ kind, id, how }) =>
    (kind === "application" || kind === "DNS record") && how === "import" && id !== undefined ? [id] : [],
  );
  const fresh = adopted.filter((id) => !config.adopted.includes(id));
  const configChanges = [...proposal.changes];
  if (fresh.length > 0) {
    const value = [...config.adopted, ...fresh];
    configChanges.push({ path: ["adopted"], value, why: "made by others, and taken over by this stack" });
  }
  const names = namesOf(account);
  const plan = { config: { ...config, adopted: [...config.adopted, ...fresh] }, configChanges, rows };
  if (!isDone(plan)) {
    decisions.push(
      ...stateStop(input, rows),
      ...rows
        .flatMap((row) => (isToDo(row.how) ? objectStops(row, choices.take) : []))
        .map((stop) => decisionOf(stop, names, saidIn(placed))),
      ...applications.flatMap((application, index) =>
        hostStops({ ...application, account, choices, ...ofHost(application, rows) }).map((stop) =>
          decisionOf(stop, names, saidIn(placed, index)),
        ),
      ),
    );
  }
  return {
    ...plan,
    decisions,
    unreadable: builder.unreadable,
    notes: proposal.notes,
    names,
    known: new Set(state.keys()),
    isAsked: false,
  };
}

/** A plan with what the engine says of it; what an adoption does not do, or nobody has judged, is to be decided first. */
export function withTable(plan: Plan, { rows, refused }: EngineTable): Plan {
  const decisions = [
    ...plan.decisions,
    ...refused.map(({ what, why }) => ({
      what,
      why: `by the engine's plan: ${why}`,
      remedy: NOT_AN_ADOPTION,
    })),
    ...rows
      .flatMap((row) => (isToDo(row.how) ? unjudgedChanges(row) : []))
      .map((stop) => decisionOf(stop, plan.names, () => false)),
  ];
  return { ...plan, rows, decisions, isAsked: true };
}

const NOT_AN_ADOPTION =
  "An adoption only takes, updates and makes what its table says. Look at `pulumi preview`, and at the config that asks for it.";

/** What of the table is about one host name. */
function ofHost({ name, found: { hostname } }: ChosenApplication, rows: readonly Row[]) {
  const rules = rows.filter((row) => row.kind === "ingress rule" && row.name === hostname);
  const own = rows.filter(
    ({ kind, resource }) =>
      (resource?.parent?.name === name && kind !== "ingress rule") ||
      (kind === "application" && resource?.name === name),
  );
  const declared = rules.flatMap(({ resource }) => resource?.rules ?? []);
  return {
    rows: own,
    rule: declared.find((rule) => text(rule, "hostname") === hostname),
    isTaken: [...own, ...rules].some(({ how }) => isToDo(how)),
  };
}

function ownOf(applications: readonly ChosenApplication[], choices: Choices): Own {
  const taken = applications.filter(({ candidate }) => candidate.taken);
  const policies = taken.flatMap(({ found }) => found.policies.filter((each) => mayTake(each, choices)));
  return {
    applications: new Set(taken.map(({ candidate }) => text(candidate.wire, "id"))),
    policies: new Set(policies.map(({ id }) => id)),
  };
}

function namesOf(account: Account): Map<string, string> {
  const inline = account.applications.flatMap((each) => objects(each, "policies"));
  const all = [
    ...account.identityProviders,
    ...inline,
    ...account.policies,
    ...account.serviceTokens,
    ...account.tunnels,
    ...account.applications,
  ];
  const names = all.map((each) => [text(each, "id"), nameOf(each)] as const);
  const audiences = account.applications.map(
    (each) => [text(each, "aud"), `aud of ${nameOf(each)}`] as const,
  );
  return new Map([[NO_ID, "(to be decided)"], ...names.filter(([id]) => id !== ""), ...audiences]);
}

/** Whether there is anything that an adoption would still do. */
export function isDone({ rows, configChanges }: Pick<Plan, "rows" | "configChanges">): boolean {
  return configChanges.length === 0 && !rows.some(({ how }) => isToDo(how));
}

export const isToDo = (how: Row["how"]): boolean =>
  how === "import" || how === "convert, import" || how === "convert, leave";
