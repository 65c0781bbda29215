import type { Situation } from "../../access/situation";
import { teamDomain } from "../../access/team-domain";
import { ApiError, UserError } from "../../base/errors";
import { fieldsOf, listOf, textOf } from "../../base/json-values";
import { AccountSnapshot, rulesIn } from "../../cloudflare/account-snapshot";
import { TYPES } from "../../cloudflare/kinds";
import { type AccessDiff, accessDiff } from "../access-diff/access-diff";
import type { Entry } from "../access-diff/entries";
import type { Fact } from "../access-diff/fact";
import { checkGoogleClient } from "../google/check-client";
import { findOrphans } from "../orphans/find";
import type { Orphan } from "../orphans/orphan";
import { readStackOutputs } from "../secrets/outputs";
import type { OpenStack } from "../stack/open-stack";
import { readState, type StackResource, type StackSettings } from "../stack/read-stack";
import { probeToken } from "../verify/probe-token";
import { settled, sortAccepted } from "./accepted";
import { isReadByEngine, readByEngine } from "./engine-view";
import { changeFinding } from "./finding";
import type { KindContext } from "./kinds/kind";
import { ORDER, ruleField, ruleKey } from "./kinds/tunnel-configuration";
import { accessSides } from "./live-access";
import { compareObjects } from "./objects";
import { changesAround, hostnamesOf, shadowsIn } from "./others";
import { type Account, nameOf, readAccount } from "./read-account";
import type { Change, DriftReport, Expiring, Failure, Unseen, Verdict } from "./types";
import { checkUnseen } from "./unseen";
import type { Probes } from "./unseen/context";
import { connectorTokenOf } from "./unseen/tunnel-secret";

/** How to look. */
export interface DriftOptions {
  /** False makes no request through the edge and asks nothing of Google. Default: true. */
  probe?: boolean;
  /** Tokens that end within so many days are listed. Default: 30. */
  days?: number;
}

const DAYS = 30;

/**
 * Compares the account with what the last `up` of a stack left. Changes nothing.
 * @throws {UserError} when the stack cannot be read, or was never brought up.
 */
export async function drift(
  stack: OpenStack,
  { probe = true, days = DAYS }: DriftOptions = {},
): Promise<DriftReport> {
  const engine = stack.engine("preview");
  const state = await readState(engine, stack.stack);
  const { resources, writtenAt: since } = state;
  if (resources.length === 0) {
    throw new UserError(
      `stack ${stack.stack} has nothing to compare: it was never brought up, or was destroyed`,
      `Run \`pulumi up --stack ${stack.stack}\` first.`,
    );
  }
  const outputs = await readStackOutputs(engine, stack.stack);
  const snapshot = new AccountSnapshot(stack.account("preview"));
  const { settings } = stack;
  const now = new Date();
  const failures: Failure[] = [];
  const [account, google, orphans] = await Promise.all([
    readAccount(snapshot, { resources, settings }),
    readByEngine(engine, stack.stack, resources),
    findOrphans(snapshot, { stack: stack.stack, settings, ...state }).catch((error: unknown): Orphan[] => {
      if (!(error instanceof ApiError)) throw error;
      failures.push({ what: "objects that no state knows", why: error.message });
      return [];
    }),
  ]);
  const compared = compareAccount({ account, resources, settings, now });
  const probes: Probes = {
    ...(probe
      ? {
          token: (url, credentials) => probeToken(url, credentials, stack.network),
          google: (client) => checkGoogleClient(client, stack.network),
        }
      : {}),
    connectorToken: connectorTokenOf(snapshot),
  };
  const { authDomain } = contextOf(settings, now);
  const checked = await checkUnseen(
    { account, resources, settings, outputs, changes: compared.changes, since, authDomain, now },
    probes,
  );
  const all = [...compared.changes, ...checked.changes, ...google.changes];
  const sorted = sortAccepted({ changes: all, orphans }, settings.config.driftAccepted, now);
  return {
    environment: stack.environment,
    ...(since === undefined ? {} : { since }),
    compared: { ...compared.compared, objects: compared.compared.objects + google.objects },
    verdict: verdictOf({ ...compared, ...sorted }),
    ...sorted,
    access: compared.access,
    acceptedAccess: compared.acceptedAccess,
    expiring: expiringTokens(account, resources, { days, now }),
    unseen: [...checked.unseen, ...compared.unseen],
    failures: uniqueFailures([...account.failures, ...google.failures, ...checked.failures, ...failures]),
    names: namesOf(account, resources),
  };
}

/** What is compared with what. */
export interface Comparison {
  account: Account;
  resources: readonly StackResource[];
  settings: StackSettings;
  now: Date;
}

/** The part of a report that follows from reading alone. */
export type AccountCompared = Pick<DriftReport, "changes" | "access" | "acceptedAccess" | "compared"> & {
  unseen: Unseen[];
};

/** Compares an account that was read with a state. All changes are listed; who gains is without what is accepted. */
export function compareAccount({ account, resources, settings, now }: Comparison): AccountCompared {
  const context = contextOf(settings, now);
  const objects = compareObjects(account, resources, context);
  const around = changesAround({ account, resources, settings }, context);
  const changes = withShadows([...objects.changes, ...around], account, resources);
  const { before: stated, after, undecided, disabled } = accessSides(account, resources);
  const sorted = sortAccepted({ changes, orphans: [] }, settings.config.driftAccepted, now);
  const before = settled(stated, after, sorted);
  const { hash: _, ...access } = accessDiff(before, after, { undecided });
  const { hash: __, ...acceptedAccess } = accessDiff(stated, before);
  const facts = [
    ...access.facts.map((fact) => switchedOff(fact, disabled)),
    ...heldByConnector(access, before, after),
  ];
  return {
    changes,
    access: { ...access, facts },
    acceptedAccess,
    compared: { objects: objects.objects, fields: objects.fields },
    unseen: objects.unseen,
  };
}

/** Who gains decides, and what a change opens by itself; what could not be read is a failure of its own. */
function verdictOf({
  access,
  changes,
  orphans,
}: Pick<DriftReport, "access" | "changes" | "orphans">): Verdict {
  const gains =
    access.verdict === "widened" ||
    access.entries.some(
      ({ kind, may }) => kind === "not decided" || may.includes("gain") || may.includes("longer"),
    ) ||
    access.facts.some(({ effect }) => effect === "widens" || effect === "moves");
  if (gains || changes.some((change) => changeFinding(change).severity === "error")) return "widened";
  const isChanged = changes.length > 0 || orphans.length > 0 || access.entries.length > 0;
  return isChanged ? "changed" : "none";
}

function contextOf({ config }: StackSettings, now: Date): KindContext {
  return { authDomain: teamDomain(config.teamName), now };
}

/** How the comparison calls whoever has no login and no token. */
const EVERYBODY = "anyone, without logging in";

/**
 * Who gets past Access now and could not before, and is stopped by the connector's own check of the JWT alone: one
 * guard of two is gone.
 */
function heldByConnector(access: AccessDiff, before: Situation, after: Situation): Fact[] {
  const unchecked = (state: Situation): Situation => ({
    ...state,
    ingress: state.ingress.map((rule) => ({ ...rule, jwtRequired: false })),
  });
  const placeOf = ({ hostname, paths }: Entry) => JSON.stringify([hostname, paths]);
  const key = (entry: Entry) => `${placeOf(entry)} ${entry.who}`;
  const told = new Set(access.entries.filter(({ kind }) => kind === "gain").map(key));
  const held = accessDiff(unchecked(before), unchecked(after)).entries.filter(
    (entry) => entry.kind === "gain" && !told.has(key(entry)),
  );
  // Where everybody gains, that somebody by name does says nothing more.
  const open = new Set(held.filter(({ who }) => who.startsWith(EVERYBODY)).map(placeOf));
  return held
    .filter((entry) => entry.who.startsWith(EVERYBODY) || !open.has(placeOf(entry)))
    .map(({ who, hostname, paths }) => {
      const where = paths.length === 0 ? hostname : `${hostname} (${paths.join("; ")})`;
      const text = `Access no longer keeps out ${who} at ${where}: only the connector's check of the JWT does`;
      return { kind: "application", effect: "widens", about: hostname, detail: `held ${who}`, text };
    });
}

/** The model knows a token that is switched off only as one that is not there. */
function switchedOff(fact: Fact, disabled: readonly string[]): Fact {
  if (fact.kind !== "token" || fact.detail !== "deleted" || !disabled.includes(fact.about)) return fact;
  const text = `service token ${fact.about} is switched off: clients that use its credentials are cut off`;
  return { ...fact, detail: "disabled", text };
}

/** In an owned tunnel every rule is compared; one that now stands before the stack's own also opens something. */
function withShadows(
  changes: readonly Change[],
  account: Account,
  resources: readonly StackResource[],
): Change[] {
  const opened = new Map<string, string>();
  for (const { type, urn } of resources) {
    if (type !== TYPES.ownIngress) continue;
    const rules = rulesIn(account.objects.get(urn));
    for (const { rule, opens } of shadowsIn(rules, hostnamesOf(resources))) {
      opened.set(ruleField(ruleKey(rule)), opens);
      opened.set(ORDER, opens);
    }
  }
  return changes.map((change) => {
    const opens = change.subject === "tunnel configuration" ? opened.get(change.field ?? "") : undefined;
    return opens === undefined || change.opens !== undefined ? change : { ...change, opens };
  });
}

function expiringTokens(
  account: Account,
  resources: readonly StackResource[],
  { days, now }: { days: number; now: Date },
): Expiring[] {
  const limit = now.getTime() + days * 86_400_000;
  return resources.flatMap((resource) => {
    if (resource.type !== TYPES.token || account.objects.get(resource.urn) === null) return [];
    const live = account.objects.get(resource.urn);
    const expiresAt = textOf(live?.["expires_at"]) ?? textOf(resource.outputs["expiresAt"]);
    if (expiresAt === undefined || Date.parse(expiresAt) >= limit) return [];
    return [{ name: nameOf(resource), expiresAt }];
  });
}

/** One list that fails keeps several things from being known: each is said once. */
function uniqueFailures(failures: readonly Failure[]): Failure[] {
  return [...new Map(failures.map((failure) => [`${failure.what} ${failure.why}`, failure])).values()];
}

/** Names by id, so that a report speaks of names. */
function namesOf(account: Account, resources: readonly StackResource[]): Record<string, string> {
  const inApplications = [...account.objects.values()].flatMap((live) =>
    listOf(live?.["policies"]).map(fieldsOf),
  );
  const live = [...inApplications, ...(account.identityProviders ?? []), ...(account.serviceTokens ?? [])];
  const known = new Set(
    resources.flatMap(({ type, id }) => (isReadByEngine({ type } as StackResource) ? [] : [id])),
  );
  return Object.fromEntries([
    ...live.flatMap(({ id, name }) => (textOf(id) && textOf(name) ? [[String(id), String(name)]] : [])),
    ...resources
      .filter(({ id }) => known.has(id) && id.length >= 32)
      .map((resource) => [resource.id, nameOf(resource)]),
  ]);
}
