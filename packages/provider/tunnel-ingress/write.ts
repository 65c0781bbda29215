import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, UserError } from "../../base/errors";
import type { LiveConfiguration } from "./configuration";
import { conflictText } from "./conflict";
import { CATCH_ALL, keyOf, keyText, mergeRules, ownedRules, type Rule, same } from "./merge";
import { type Overlap, overlapText } from "./overlap";
import type { TunnelRef, Unanswered } from "./tunnel-api";

/** The calls that a write takes; `TunnelApi` has them. */
export interface RuleStore {
  read(tunnel: TunnelRef): Promise<LiveConfiguration | undefined>;
  write(tunnel: TunnelRef, live: LiveConfiguration, rules: readonly Rule[]): Promise<number | Unanswered>;
}

/** The list was written, and what stands there now, or what stood there before, is not as it should be. */
export class UncertainWrite extends Error {
  override readonly name = "UncertainWrite";
  /** Whether a catch-all rule of ours may end the list. */
  ownCatchAll = false;
}

/** What is to be written, and for whom. */
export interface Change {
  tunnel: TunnelRef;
  /** Our rules as they were last written. */
  owned: readonly Rule[];
  /** Our rules as they are to be; none to take them out. */
  desired: readonly Rule[];
  /** The list ends with a catch-all rule that we added: without any other rule it goes too. */
  ownCatchAll?: boolean;
}

/** The API has no lock, so two writers can undo each other: how often to try before saying so. */
const ATTEMPTS = 4;
/** Lets another writer finish; two that wait alike would meet again. */
const PAUSE_MS = 150;

/** A write of ours that is still to be found in the list. */
interface Sent {
  live: LiveConfiguration;
  rules: readonly Rule[];
  answer: number | Unanswered;
}

/**
 * Makes our rules in the tunnel's list what they are to be, and proves it: the list is read until there is nothing
 * left to change, so that a stale write of somebody else's is noticed and put right. The list is read right before
 * each write, since whatever is written in between is lost: the API knows neither locks nor conditions.
 * @returns whether the list ends with a catch-all rule that we added
 * @throws UserError when the tunnel is gone
 * @throws Error when a rule of somebody else's is in the way; nothing was written
 * @throws UncertainWrite when other writers keep undoing it, or one of them may have lost a rule to us
 */
export async function writeRules(api: RuleStore, change: Change): Promise<boolean> {
  const state = { ...change, ownCatchAll: change.ownCatchAll ?? false, gone: [] as readonly Rule[] };
  const overlaps: Overlap[] = [];
  let sent: Sent | undefined;
  try {
    for (let attempt = 0; ; attempt++) {
      const next = await nextWrite(api, state, sent, overlaps);
      if (next === undefined) break;
      if (attempt === ATTEMPTS) throw new UncertainWrite(undone(change.tunnel, next, sent));
      if (attempt > 1) await sleep(PAUSE_MS * Math.random() * attempt);
      sent = await send(api, state, next, overlaps);
      if (sent === undefined) break;
    }
    if (overlaps.length > 0) throw new UncertainWrite(overlapText(change.tunnel, overlaps));
  } catch (error) {
    if (sent === undefined && !(error instanceof UncertainWrite)) throw error;
    // Whatever failed then, the list has been written.
    const uncertain = error instanceof UncertainWrite ? error : new UncertainWrite(messageOf(error));
    uncertain.ownCatchAll = state.ownCatchAll;
    throw uncertain;
  }
  return change.desired.length > 0 && state.ownCatchAll;
}

/** What is known while a change is made. */
interface Progress extends Required<Change> {
  /** Rules of ours that we took out or changed, to the letter: what else answers for their names is not ours. */
  gone: readonly Rule[];
}

/** A list that has to be written. */
interface Next {
  live: LiveConfiguration;
  rules: readonly Rule[];
  /** Nothing but a catch-all rule of ours is left, and goes too. */
  emptied: boolean;
}

/** Reads the list, says what became of the last write, and works out the next one; undefined when all is as it should be. */
async function nextWrite(
  api: RuleStore,
  { tunnel, owned, desired, gone, ownCatchAll }: Progress,
  sent: Sent | undefined,
  overlaps: Overlap[],
): Promise<Next | undefined> {
  const live = await api.read(tunnel);
  if (live === undefined) return noTunnel(tunnel, desired, sent);
  if (sent !== undefined) compare(tunnel, sent, live, overlaps);
  if (desired.length === 0 && ownCatchAll && live.rules.length === 1 && same(live.rules[0], CATCH_ALL)) {
    return { live, rules: [], emptied: true };
  }
  const { rules, conflicts } = mergeRules(live.rules, owned, desired, gone);
  const [conflict] = conflicts;
  if (conflict !== undefined) {
    const message = conflictText(tunnel, conflict);
    throw sent === undefined ? new Error(message) : new UncertainWrite(message);
  }
  return isDone(live, rules, desired) ? undefined : { live, rules, emptied: false };
}

/** Writes a list, and takes down what that changes; undefined when the API will not have an empty one. */
async function send(
  api: RuleStore,
  state: Progress,
  { live, rules, emptied }: Next,
  overlaps: Overlap[],
): Promise<Sent | undefined> {
  let answer: number | Unanswered;
  try {
    answer = await api.write(state.tunnel, live, rules);
  } catch (error) {
    // Whether an empty list is accepted is not documented; with the catch-all rule it serves nothing either.
    if (emptied && error instanceof ApiError && error.status === 400) return undefined;
    throw error;
  }
  if (typeof answer === "number" && answer > live.version + 1) {
    overlaps.push({ before: live.version, after: answer, at: new Date() });
  }
  state.ownCatchAll ||= rules.includes(CATCH_ALL);
  state.gone = [
    ...state.gone,
    ...ownedRules(live.rules, state.owned).filter((rule) => !rules.includes(rule)),
  ];
  state.owned = state.desired;
  return { live, rules, answer };
}

/**
 * Nothing of ours is left to write. A list that lacks only the catch-all rule is left alone when ours go: it was so
 * before, or its owner wants it so.
 */
function isDone(live: LiveConfiguration, rules: readonly Rule[], desired: readonly Rule[]): boolean {
  const equal = (list: readonly Rule[]) =>
    list.length === live.rules.length && list.every((rule, at) => same(rule, live.rules[at]));
  return equal(rules) || (desired.length === 0 && rules.at(-1) === CATCH_ALL && equal(rules.slice(0, -1)));
}

/**
 * What became of a write. A list of the version that was just written has to be the very one; a later one was
 * written by somebody else.
 */
function compare(tunnel: TunnelRef, sent: Sent, live: LiveConfiguration, overlaps: Overlap[]): void {
  const isOurs = same([...sent.rules], live.rules);
  if (typeof sent.answer !== "number") {
    const passed = live.version - sent.live.version;
    // One write more than ours, and ours the last: theirs came between. Of more than two the order is not known.
    if ((isOurs && passed > 1) || passed > 2) {
      overlaps.push({ before: sent.live.version, after: live.version, at: new Date() });
    }
  } else if (live.version === sent.answer && !isOurs) {
    throw new UncertainWrite(altered(tunnel, sent.rules, live.rules));
  }
}

function noTunnel(tunnel: TunnelRef, desired: readonly Rule[], sent: Sent | undefined): undefined {
  if (desired.length === 0) return undefined;
  const missing = new UserError(
    `there is no tunnel ${tunnel.tunnelId} in account ${tunnel.accountId}`,
    "Give the id of a tunnel that exists: Zero Trust → Networks → Tunnels shows it.",
  );
  throw sent === undefined ? missing : new UncertainWrite(missing.message);
}

function undone(tunnel: TunnelRef, { live, rules }: Next, sent: Sent | undefined): string {
  if (sent !== undefined && typeof sent.answer !== "number" && live.version === sent.live.version) {
    return `${messageOf(sent.answer.failure)}, also after ${ATTEMPTS} tries`;
  }
  return new UserError(
    `tunnel ${tunnel.tunnelId}: ${difference(rules, live.rules)} after ${ATTEMPTS} writes, since something else writes the list too`,
    "Stop the other writer (another run, a controller, an open dashboard) and run up again.",
  ).message;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Nobody wrote since, so trying again would take what is there now for what should be there. */
function altered(tunnel: TunnelRef, written: readonly Rule[], found: readonly Rule[]): string {
  return new UserError(
    `tunnel ${tunnel.tunnelId}: ${difference(written, found)} in the list that was just written, and nobody wrote it since`,
    "Put it back in Zero Trust → Networks → Tunnels, and report how the API changed the list.",
  ).message;
}

/** The rules that one list has and the other has not, by what they answer for. */
function difference(wanted: readonly Rule[], found: readonly Rule[]): string {
  const without = (list: readonly Rule[], other: readonly Rule[]) =>
    list.filter((rule) => !other.some((each) => same(each, rule))).map((rule) => keyText(keyOf(rule)));
  const parts = [
    ...without(wanted, found).map((key) => `${key} is missing`),
    ...without(found, wanted).map((key) => `${key} is there again`),
  ];
  return parts.length > 0 ? parts.join(", ") : "the rules stand in another order";
}
