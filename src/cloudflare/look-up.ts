import * as pulumi from "@pulumi/pulumi";
import { lastState } from "../last-state";
import { type LeftBehind, leftBehind, takenBack } from "./left-behind";
import { guardOwnedList } from "./owned-list";
import { type ApiAccess, type PreflightArgs, preflight } from "./preflight";

/** What the account has to be asked before anything is declared. */
interface LookUpArgs extends PreflightArgs {
  applications: readonly { name: string; hostname: string; service: string }[];
}

/** What the program needs of the account. */
interface LookedUp {
  zoneId: string;
  /** Objects that an interrupted run of the stack left behind. */
  left: LeftBehind;
}

/**
 * Looks at the account by reading alone, and refuses what would stop a run half way or take something from others.
 * @throws ProblemsError or UserError with what was found
 */
export async function lookUp(args: LookUpArgs, access: ApiAccess): Promise<LookedUp> {
  // Nearly every run needs it in the end; whoever awaits it hears of a failure.
  lastState().catch(() => undefined);
  const { zoneId, undeclared, seen } = await preflight(args, access);
  await guardOwnedList({ ...args, undeclared });
  const left = await leftBehind({ ...args, zoneId, seen });
  for (const notice of takenBack(left)) pulumi.log.warn(notice);
  return { zoneId, left };
}
