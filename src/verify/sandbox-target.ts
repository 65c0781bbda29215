import { DEFAULT_ACCOUNTS } from "../../sandbox/google/accounts";
import { parseAccessState } from "../explain/access-state";
import { dockerUrl, localUrl } from "../sandboxed/access";
import { mustPulumi } from "../sandboxed/pulumi";
import type { SandboxSession } from "../sandboxed/session";
import { readStackOutputs } from "../secrets/outputs";
import { liveIngress, liveTokenMode } from "./live-api";
import { targetOfStack } from "./read-target";
import type { VerifyTarget } from "./target";

/**
 * The target that a stack in the sandbox is: with the sandbox's own test accounts, its ComfyUI stand-in, and its
 * API for what is in force.
 * @throws {UserError | ApiError} when the stack cannot be read or has not been brought up.
 */
export async function sandboxTarget(session: SandboxSession, stack: string): Promise<VerifyTarget> {
  const engine = session.target("preview");
  const outputs = await readStackOutputs(engine, stack);
  const exported = await mustPulumi(engine, ["stack", "export", "--stack", stack]);
  const state = parseAccessState(exported.stdout, `stack ${stack}`);
  const target = targetOfStack(`sandbox, stack ${stack}`, outputs, state);
  return {
    ...target,
    localUrl,
    localRequired: true,
    dockerUrl,
    people: testAccounts(target.allowedEmails ?? []),
    ...(await liveFacts({ baseUrl: session.apiUrl, token: session.tokens.preview }, state)),
  };
}

/** What Cloudflare's API adds to a stack's own knowledge: the mode of its team, and what is on its tunnel. */
export async function liveFacts(
  api: { baseUrl?: string; token: string },
  { accountId, tunnelId, ingress }: ReturnType<typeof parseAccessState>,
): Promise<Pick<VerifyTarget, "serviceTokenMode" | "readIngress" | "otherHostnames">> {
  if (accountId === undefined) return {};
  const live = { ...api, accountId };
  const serviceTokenMode = await liveTokenMode(live);
  if (tunnelId === undefined) return { serviceTokenMode };
  const readIngress = () => liveIngress(live, tunnelId);
  // One that cannot be read is told of in its own row.
  const rules = await readIngress().catch(() => []);
  const own = new Set(ingress.map(({ hostname }) => hostname));
  const otherHostnames = rules.flatMap(({ hostname }) =>
    hostname === undefined || hostname.includes("*") || own.has(hostname) ? [] : [hostname],
  );
  return { serviceTokenMode, readIngress, otherHostnames };
}

/** One account that the stack lets in, and one that it does not. */
function testAccounts(allowedEmails: readonly string[]): VerifyTarget["people"] {
  const isAllowed = ({ email }: { email: string }) => allowedEmails.includes(email);
  const allowed = DEFAULT_ACCOUNTS.find(isAllowed);
  const other = DEFAULT_ACCOUNTS.find((account) => !isAllowed(account));
  return allowed === undefined || other === undefined ? undefined : { allowed, other };
}
