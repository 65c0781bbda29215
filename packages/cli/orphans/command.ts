import { UserError } from "../../base/errors";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import type { OpenStack } from "../stack/open-stack";
import { readState, type StackState } from "../stack/read-stack";
import { findOrphans } from "./find";
import type { Orphan } from "./orphan";
import { type Removal, removable, removeOrphans } from "./remove";
import { count, renderOrphans, renderRemovals } from "./render";
import { told } from "./words";

/** What `orphans` was asked for. */
export interface OrphansOptions {
  /** Remove what nothing uses. */
  remove: boolean;
  /** Without a question. */
  yes: boolean;
  /** One JSON object on standard output instead of text. */
  json: boolean;
}

/** Where the command writes to, and whom it asks. */
export interface OrphansIo {
  out(text: string): void;
  /** Asks a yes-or-no question; absent where nobody can answer. */
  ask?(question: string): Promise<boolean>;
  /** The present time; default the system's. */
  now?(): Date;
}

/**
 * Lists what no state knows, and removes it when asked to.
 * @returns the exit code: 0 there are none, 1 a removal failed, 3 there are some.
 * @throws {UserError} when nothing may be removed, {ApiError} when the account cannot be read.
 */
export async function runOrphans(stack: OpenStack, options: OrphansOptions, io: OrphansIo): Promise<number> {
  const engine = stack.engine("preview");
  const read = async () => {
    const state = await readState(engine, stack.stack);
    return { stack: stack.stack, settings: stack.settings, ...state };
  };
  const state = await read();
  const found = await findOrphans(new AccountSnapshot(stack.account("preview")), state);
  if (!options.json) io.out(renderOrphans(found, stack.environment, io.now?.() ?? new Date()));
  if (!options.remove || found.length === 0) {
    if (options.json) io.out(asJson(stack, found, []));
    return found.length === 0 ? 0 : 3;
  }
  const chosen = removable(found);
  refusePending(stack.stack, state);
  if (chosen.length === 0 || !(await agreed(chosen.length, options, io))) {
    if (options.json) io.out(asJson(stack, found, []));
    return 3;
  }
  const account = stack.account("up");
  const removals = await removeOrphans(account, chosen, async () => {
    const state = await read();
    refusePending(stack.stack, state);
    return state;
  });
  const left = await findOrphans(new AccountSnapshot(stack.account("preview")), await read());
  if (options.json) io.out(asJson(stack, left, removals));
  else io.out(`\n${renderRemovals(removals)}\n${summary(removals, left)}\n`);
  if (removals.some(({ outcome }) => outcome === "failed")) return 1;
  return left.length === 0 ? 0 : 3;
}

async function agreed(objects: number, { yes, json }: OrphansOptions, io: OrphansIo): Promise<boolean> {
  if (yes) return true;
  if (io.ask === undefined || json) {
    throw new UserError("nobody is there to be asked", "Look at the list, then add --yes.");
  }
  return io.ask(`Remove ${objects === 1 ? "this 1 object" : `these ${objects} objects`}? [y/N] `);
}

function summary(removals: readonly Removal[], left: readonly Orphan[]): string {
  const removed = removals.filter(({ outcome }) => outcome === "removed").length;
  const rest = left.length === 0 ? "none left" : `${count(left.length)} left`;
  return `${count(removed)} removed, ${rest}`;
}

function asJson(stack: OpenStack, orphans: readonly Orphan[], removals: readonly Removal[]): string {
  const removed = removals.map(({ orphan: { kind, id, name }, outcome, reason }) => {
    return { kind, id, name, outcome, ...(reason === undefined ? {} : { reason }) };
  });
  const report = { stack: stack.stack, environment: stack.environment, orphans: orphans.map(told) };
  return `${JSON.stringify({ ...report, removals: removed }, null, 2)}\n`;
}

/**
 * Nothing may be removed while an update runs: what it has just made is not in the state yet.
 * @throws {UserError} naming what is pending
 */
export function refusePending(stack: string, { pending }: Pick<StackState, "pending">): void {
  if (pending.length === 0) return;
  throw new UserError(
    `an update of stack ${stack} is under way, or was interrupted (${pending.join(", ")})`,
    `Wait for it; after an interruption run: npm run cli -- recover --stack ${stack}`,
  );
}
