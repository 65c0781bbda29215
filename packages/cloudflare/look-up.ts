import * as pulumi from "@pulumi/pulumi";
import { type Fields, textOf } from "../base/json-values";
import { TYPES } from "./kinds";
import { lastState, type ReadState } from "./last-state";
import { type LeftBehind, leftBehind, type Seen, takenBack } from "./left-behind";
import { goesOn, loginUsers } from "./other-users";
import { foreignRulesIn, type OwnedList, othersRules } from "./owned-list";
import { type ApiAccess, type PreflightArgs, preflight } from "./preflight";
import { refusal } from "./refusal";

/** What the account has to be asked before anything is declared. */
interface LookUpArgs extends PreflightArgs {
  applications: readonly { name: string; hostname: string; service: string }[];
  /** Whether the stack's own tunnel and login are kept in any case. */
  protectTokens: boolean;
}

/** What the program needs of the account. */
interface LookedUp {
  zoneId: string;
  /** Objects that an interrupted run of the stack left behind. */
  left: LeftBehind;
  /** Whether the stack's own tunnel and login must not be deleted: others use them, or the config says so. */
  keep: { tunnel: boolean; login: boolean };
}

/**
 * Looks at the account by reading alone, and refuses what would stop a run half way or take something from others.
 * @throws ProblemsError with what was found
 */
export async function lookUp(args: LookUpArgs, access: ApiAccess): Promise<LookedUp> {
  // Nearly every run needs it in the end; whoever awaits it hears of a failure.
  lastState().catch(() => undefined);
  const { zoneId, undeclared, seen, logins } = await preflight(args, access);
  await guardOwnedList({ ...args, undeclared }, access);
  const left = await leftBehind({ ...args, zoneId, seen });
  for (const notice of takenBack(left)) pulumi.log.warn(notice);
  return { zoneId, left, keep: await kept({ ...args, undeclared, seen, logins, left }) };
}

/** Says which rules of others stand in the stack's own tunnel, and refuses a change that would remove them. */
async function guardOwnedList(list: OwnedList & Pick<LookUpArgs, "accountId">, access: ApiAccess) {
  const found = await foreignRulesIn(list);
  if (found === undefined) return;
  const refused = refusal(`account ${list.accountId}`, [found], access);
  if (found.severity === "error") throw refused;
  for (const { found: what, remedy } of refused.problems) await pulumi.log.warn(`${what}. ${remedy}`);
}

interface KeptArgs extends Pick<LookUpArgs, "protectTokens" | "teamName" | "adopted"> {
  undeclared: OwnedList["undeclared"];
  seen: Pick<Seen, "applications">;
  logins: readonly Fields[];
  left: Pick<LeftBehind, "applications">;
}

/**
 * What stays protected when the tokens are not: a tunnel and a login that others use. `destroy` runs no program, so that
 * the engine has to know before.
 */
export async function kept(
  { protectTokens, teamName, adopted, undeclared, seen, logins, left }: KeptArgs,
  readState: ReadState = lastState,
): Promise<LookedUp["keep"]> {
  if (protectTokens) return { tunnel: true, login: true };
  if (seen.applications.length + undeclared.length === 0) return { tunnel: false, login: false };
  const state = await readState();
  const idOf = (type: string) => textOf(state.find((resource) => resource.type === type)?.outputs["id"]);
  // By their ids alone: another stack of the account has applications of the same names.
  const own = new Set([
    ...state.flatMap(({ outputs }) => textOf(outputs["id"]) ?? []),
    ...Object.values(left.applications).flatMap(({ importId }) => importId?.split("/").at(-1) ?? []),
    ...adopted,
  ]);
  const login = idOf(TYPES.identityProvider);
  const around = { applications: seen.applications, policies: [], groups: [], logins };
  const { users: loggingIn, alsoOffering } =
    login === undefined ? { users: [], alsoOffering: [] } : loginUsers(login, around, own);
  const users = {
    login: loggingIn,
    tunnel: idOf(TYPES.tunnel) === undefined ? [] : await othersRules({ undeclared, teamName }, readState),
  };
  if (alsoOffering.length > 0) await pulumi.log.info(goesOn("the stack's login", alsoOffering));
  for (const [what, found] of Object.entries(users)) {
    if (found.length === 0) continue;
    pulumi.log.warn(`the stack's ${what} stays protected, since others use it: ${found.join("; ")}`);
  }
  return { tunnel: users.tunnel.length > 0, login: users.login.length > 0 };
}
