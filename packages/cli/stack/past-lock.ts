import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../base/errors";
import { type PulumiResult, pulumi } from "../engine/pulumi";
import type { EngineAccess } from "../secrets/engine-cli";
import { isGone, lockOwners } from "./lock";

const LOCK_POLL = 1_000;

/** How to deal with a lock. */
interface LockOptions {
  /** How long to wait for an update that somebody else runs, in milliseconds. */
  patience: number;
  /** Called when a dead run's lock was removed. */
  onUnlock(detail: string): void;
}

/**
 * Runs the engine on a stack, past the lock that a killed run left there.
 * @returns how it ended, whatever that was
 * @throws {UserError} when another update holds the stack for longer than that.
 */
export async function pastLock(
  engine: EngineAccess,
  stack: string,
  args: readonly string[],
  { patience, onUnlock }: LockOptions,
): Promise<PulumiResult> {
  for (const end = Date.now() + patience; ; ) {
    const result = await pulumi(engine, args);
    const owners = result.code === 0 ? undefined : lockOwners(result.stderr + result.stdout);
    if (owners === undefined) return result;
    if (owners.length > 0 && owners.every(isGone)) {
      await pulumi(engine, ["cancel", "--yes", "--stack", stack]);
      onUnlock(`removed the lock that a killed run left (pid ${owners.map(({ pid }) => pid).join(", ")})`);
    } else if (Date.now() > end) {
      const who = owners.map(({ user, host, pid }) => `${user}@${host} (pid ${pid})`).join(", ");
      throw new UserError(
        `stack ${stack} is locked by ${who || "another update"}`,
        `Wait for that update. If it is certain that it is no more: pulumi cancel --stack ${stack}`,
      );
    } else {
      await sleep(LOCK_POLL);
    }
  }
}
