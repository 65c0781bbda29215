import { UserError } from "../errors";
import { type EngineAccess, runEngine } from "../secrets/engine-cli";
import { readResources, type StackSettings } from "../stack/read-stack";
import type { OrphanSearch } from "./find";

/** What a search for removal has to know besides. */
export interface StateNow extends OrphanSearch {
  /** What an update that runs, or was interrupted, is about to make or change, by the URN's last part. */
  pending: string[];
}

/**
 * The stack's state as it is now, with what a replacement or an unfinished update left in it.
 * @throws {UserError} when it cannot be read.
 */
export async function readState(
  engine: EngineAccess,
  stack: string,
  settings: StackSettings,
): Promise<StateNow> {
  const resources = await readResources(engine, stack);
  const text = await runEngine(engine, {
    purpose: `export the state of stack ${stack}`,
    args: ["stack", "export", "--stack", stack],
  });
  const { deployment } = JSON.parse(text) as { deployment?: Deployment };
  const pendingDeletes = (deployment?.resources ?? [])
    .filter((resource) => resource.delete === true && typeof resource.id === "string")
    .map(({ id }) => String(id));
  const pending = (deployment?.pending_operations ?? []).map(({ type, resource }) => {
    return `${type ?? "changing"} ${resource?.urn?.split("::").at(-1) ?? "an object"}`;
  });
  return { stack, settings, resources, pendingDeletes, pending };
}

interface Deployment {
  resources?: { id?: unknown; delete?: boolean }[];
  pending_operations?: { type?: string; resource?: { urn?: string } }[];
}

/**
 * Nothing may be removed while an update runs: what it has just made is not in the state yet.
 * @throws {UserError} naming what is pending
 */
export function refusePending({ stack, pending }: StateNow): void {
  if (pending.length === 0) return;
  throw new UserError(
    `an update of stack ${stack} is under way, or was interrupted (${pending.join(", ")})`,
    "Wait for it; after an interruption run: pulumi refresh.",
  );
}
