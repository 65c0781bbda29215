import { ApiError } from "../../base/errors";
import { fieldsOf, listOf } from "../../base/json-values";
import { type AccountAccess, AccountApi } from "../../cloudflare/account-api";
import { AccountSnapshot } from "../../cloudflare/account-snapshot";
import type { LiveIngressRule, VerifyTarget } from "./target";

/** The account as it is now: what is read later may have changed. */
const accountOf = (access: AccountAccess) =>
  new AccountSnapshot(new AccountApi({ retries: 2, timeoutMs: 15_000, ...access }));

/** Reads the rules of a tunnel that are in force, whoever wrote them. */
export async function liveIngress(access: AccountAccess, tunnelId: string): Promise<LiveIngressRule[]> {
  const found = await accountOf(access).tunnelConfiguration(tunnelId);
  if (found === undefined) {
    throw new ApiError({ action: "read", object: `the ingress rules of tunnel ${tunnelId}`, status: 404 });
  }
  return listOf(fieldsOf(found["config"])["ingress"]) as LiveIngressRule[];
}

/** Whether the organization is strict about service tokens; unknown when the token may not read that. */
export async function liveTokenMode(access: AccountAccess): Promise<VerifyTarget["serviceTokenMode"]> {
  try {
    const organization = await accountOf(access).organization();
    if (organization === undefined) return "unknown";
    return organization["strict_service_token_auth"] ? "strict" : "legacy";
  } catch (error) {
    if (error instanceof ApiError) return "unknown";
    throw error;
  }
}
