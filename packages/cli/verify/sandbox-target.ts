import type { Situation } from "../../access/situation";
import { ApiError } from "../../base/errors";
import { DEFAULT_ACCOUNTS } from "../../sandbox/google/accounts";
import { dockerUrl, localUrl } from "../sandboxed/access";
import type { SandboxSession } from "../sandboxed/session";
import { liveIngress, liveTokenMode } from "./live-api";
import { readStack } from "./read-stack";
import { letsIn } from "./read-target";
import type { TargetApplication, VerifyTarget } from "./target";

/**
 * The target that a stack in the sandbox is: with the sandbox's own test accounts, its ComfyUI stand-in, and its
 * API for what is in force.
 * @throws {UserError} when the stack cannot be read or has not been brought up.
 */
export async function sandboxTarget(session: SandboxSession, stack: string): Promise<VerifyTarget> {
  const { target, state } = await readStack(session.target("preview"), stack, `sandbox, stack ${stack}`);
  return {
    ...target,
    applications: target.applications.map(besideStandIn),
    people: testAccounts(state, target),
    ...(await liveFacts({ baseUrl: session.apiUrl, token: session.tokens.preview }, state)),
  };
}

/** ComfyUI's stand-in always runs, and answers under both of its addresses. */
function besideStandIn(application: TargetApplication): TargetApplication {
  const { service } = application;
  if (service !== localUrl && service !== dockerUrl) return application;
  return { ...application, localUrl, localRequired: true, dockerUrl };
}

/** What Cloudflare's API adds to a stack's own knowledge: the mode of its team, and what is on its tunnel. */
export async function liveFacts(
  api: { baseUrl?: string; token: string },
  { accountId, tunnelId, ingress }: Situation,
): Promise<Pick<VerifyTarget, "serviceTokenMode" | "readIngress" | "otherHostnames">> {
  if (accountId === undefined) return {};
  const live = { ...api, accountId };
  const serviceTokenMode = await liveTokenMode(live);
  if (tunnelId === undefined) return { serviceTokenMode };
  const readIngress = () => liveIngress(live, tunnelId);
  // One that cannot be read is told of in its own row.
  const rules = await readIngress().catch((error: unknown) => {
    if (error instanceof ApiError) return [];
    throw error;
  });
  const own = new Set(ingress.map(({ hostname }) => hostname));
  const otherHostnames = rules.flatMap(({ hostname }) =>
    hostname === undefined || hostname.includes("*") || own.has(hostname) ? [] : [hostname],
  );
  return { serviceTokenMode, readIngress, otherHostnames };
}

/** One account that the stack lets in, and one that it does not. */
function testAccounts(state: Situation, { applications }: VerifyTarget): VerifyTarget["people"] {
  const urls = applications.map(({ url }) => url);
  const allowed = DEFAULT_ACCOUNTS.find(({ email }) => letsIn(state, urls, email));
  const other = DEFAULT_ACCOUNTS.find(({ email }) => !letsIn(state, urls, email));
  return allowed === undefined || other === undefined ? undefined : { allowed, other };
}
