import { CLOUDFLARE_API } from "../../../config/provider-addresses";
import { ApiError } from "../../base/errors";
import { httpGet } from "../../cloudflare/http-get";
import type { LiveIngressRule, VerifyTarget } from "./target";

/** Where Cloudflare's API is, and a token that may read. */
export interface LiveApi {
  /** Default: Cloudflare's own. */
  baseUrl?: string;
  /** Secret. */
  token: string;
  accountId: string;
}

const TIMEOUT_MS = 15_000;

/** Reads the rules of a tunnel that are in force, whoever wrote them. */
export async function liveIngress(api: LiveApi, tunnelId: string): Promise<LiveIngressRule[]> {
  const result = await read(api, `cfd_tunnel/${tunnelId}/configurations`, "the tunnel's configuration");
  const { config } = result as { config?: { ingress?: LiveIngressRule[] } | null };
  return config?.ingress ?? [];
}

/** Whether the organization is strict about service tokens; unknown when the token may not read that. */
export async function liveTokenMode(api: LiveApi): Promise<VerifyTarget["serviceTokenMode"]> {
  try {
    const result = await read(api, "access/organizations", "the organization");
    return (result as { strict_service_token_auth?: boolean }).strict_service_token_auth
      ? "strict"
      : "legacy";
  } catch (error) {
    if (error instanceof ApiError) return "unknown";
    throw error;
  }
}

async function read({ baseUrl, token, accountId }: LiveApi, path: string, object: string): Promise<object> {
  const base = baseUrl ?? CLOUDFLARE_API;
  const url = `${base}/accounts/${accountId}/${path}`;
  const answer = await httpGet(url, token, TIMEOUT_MS).catch((error: NodeJS.ErrnoException) => {
    throw new ApiError({ action: "read", object, detail: error.code });
  });
  const { result } = (answer.body ?? {}) as { result?: object | null };
  if (answer.status === 200 && result) return result;
  const between =
    answer.status === 200 ? { detail: "no answer of Cloudflare's API, but of something in between" } : {};
  throw new ApiError({ action: "read", object, status: answer.status, ...between });
}
