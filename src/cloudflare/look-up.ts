import * as pulumi from "@pulumi/pulumi";
import { textOf } from "../json-values";
import { lastState, type ReadState } from "../last-state";
import { type LeftBehind, leftBehind, type Seen, takenBack } from "./left-behind";
import { loginUsers } from "./other-users";
import { guardOwnedList, type OwnedList, othersRules } from "./owned-list";
import { type ApiAccess, type PreflightArgs, preflight } from "./preflight";

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
 * @throws ProblemsError or UserError with what was found
 */
export async function lookUp(args: LookUpArgs, access: ApiAccess): Promise<LookedUp> {
  // Nearly every run needs it in the end; whoever awaits it hears of a failure.
  lastState().catch(() => undefined);
  const { zoneId, undeclared, seen } = await preflight(args, access);
  await guardOwnedList({ ...args, undeclared });
  const left = await leftBehind({ ...args, zoneId, seen });
  for (const notice of takenBack(left)) pulumi.log.warn(notice);
  return { zoneId, left, keep: await kept({ ...args, undeclared, seen }) };
}

interface KeptArgs extends Pick<LookUpArgs, "protectTokens" | "teamName" | "applications"> {
  undeclared: OwnedList["undeclared"];
  seen: Pick<Seen, "applications">;
}

/**
 * What stays protected when the tokens are not: a tunnel and a login that others use. `destroy` runs no program, so that
 * the engine has to know before.
 */
async function kept(
  { protectTokens, teamName, applications, undeclared, seen }: KeptArgs,
  readState: ReadState = lastState,
): Promise<LookedUp["keep"]> {
  if (protectTokens) return { tunnel: true, login: true };
  const names = new Set(applications.map(({ name }) => name));
  const strangers = seen.applications.filter(({ name }) => !names.has(String(name)));
  if (strangers.length + undeclared.length === 0) return { tunnel: false, login: false };
  const state = await readState();
  const idOf = (type: string) =>
    textOf(state.find((resource) => resource.type.endsWith(`:${type}`))?.outputs["id"]);
  const own = new Set(state.flatMap(({ outputs }) => textOf(outputs["id"]) ?? []));
  const login = idOf("ZeroTrustAccessIdentityProvider");
  const around = { applications: seen.applications, policies: [], groups: [] };
  const users = {
    login: login === undefined ? [] : loginUsers(login, around, own),
    tunnel:
      idOf("ZeroTrustTunnelCloudflared") === undefined
        ? []
        : await othersRules({ undeclared, teamName }, readState),
  };
  for (const [what, found] of Object.entries(users)) {
    if (found.length === 0) continue;
    pulumi.log.warn(`the stack's ${what} stays protected, since others use it: ${found.join("; ")}`);
  }
  return { tunnel: users.tunnel.length > 0, login: users.login.length > 0 };
}
