import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../base/errors";
import { pause } from "../../base/patience";
import { ApiClient, resultOf, type Wire } from "../../cloudflare/api-client";
import { ApiFailure, isPassing } from "../../cloudflare/api-failure";
import { bodyOf, configuration, type LiveConfiguration } from "./configuration";
import type { Rule } from "./merge";

/** Which tunnel. */
export interface TunnelRef {
  accountId: string;
  tunnelId: string;
}

/** Where the API is and who calls; what is absent comes from the environment. */
export interface ApiAccess {
  baseUrl?: string;
  apiToken?: string;
}

/** A write of which it is not known whether it was done. */
export interface Unanswered {
  failure: unknown;
}

/** The calls that shared ingress rules take. */
export class TunnelApi {
  private readonly client: ApiClient;

  /** @throws UserError without an API token */
  constructor(access: ApiAccess) {
    const apiToken = access.apiToken ?? process.env["CLOUDFLARE_API_TOKEN"];
    if (!apiToken) {
      throw new UserError(
        "no API token for Cloudflare",
        "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
      );
    }
    this.client = new ApiClient({ token: apiToken, baseUrl: access.baseUrl, timeoutMs: 60_000 });
  }

  /**
   * Makes sure that the tunnel can be configured from here.
   * @throws UserError when it does not exist, was deleted, or takes its rules from a local file
   */
  async check(tunnel: TunnelRef): Promise<void> {
    const { tunnelId } = tunnel;
    const found = await this.existing(tunnel);
    if (found === undefined) {
      throw new UserError(
        `there is no tunnel ${tunnelId} in account ${tunnel.accountId}`,
        "Give the id of a tunnel that exists: Zero Trust → Networks → Tunnels shows it.",
      );
    }
    if (found["config_src"] === "local" || found["remote_config"] === false) {
      throw new UserError(
        `tunnel ${tunnelId} takes its rules from a file beside cloudflared, not from the dashboard`,
        "Migrate it in Zero Trust → Networks → Tunnels, or use a tunnel that is configured there.",
      );
    }
  }

  /** The configuration; undefined when the tunnel is gone. */
  async read(tunnel: TunnelRef): Promise<LiveConfiguration | undefined> {
    const call = { object: rulesOf(tunnel) };
    try {
      const answer = await this.client.call("get", `${pathOf(tunnel)}/configurations`, call);
      resultOf(answer, call);
      return configuration(answer.text);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 404)) throw error;
    }
    // The API answers alike for a tunnel without any rules so far and for no tunnel.
    const exists = (await this.existing(tunnel)) !== undefined;
    return exists ? { version: 0, text: "{}", rules: [], texts: new Map() } : undefined;
  }

  /**
   * Replaces the whole list, and keeps everything else in the configuration.
   * @returns the new version; why it is not known whether it was written, or not yet
   * @throws ApiError when it was refused
   */
  async write(
    tunnel: TunnelRef,
    live: LiveConfiguration,
    rules: readonly Rule[],
  ): Promise<number | Unanswered> {
    const call = { action: "write", object: rulesOf(tunnel), body: bodyOf(live, rules) };
    try {
      // Sent once only: the list has to be read again before a second try, which might undo somebody else's write.
      const answer = await this.client.call("put", `${pathOf(tunnel)}/configurations`, {
        ...call,
        retries: 0,
      });
      resultOf(answer, call);
      return configuration(answer.text).version;
    } catch (error) {
      if (!(error instanceof ApiFailure && (isPassing(error) || error.kind === "not the API"))) throw error;
      await sleep(pause(pauseAfter(error)));
      return { failure: error };
    }
  }

  /** The tunnel; undefined when there is none, or it was deleted. */
  private async existing(tunnel: TunnelRef): Promise<Wire | undefined> {
    const found = await this.client.read(pathOf(tunnel), `tunnel ${tunnel.tunnelId}`);
    return (found?.["deleted_at"] ?? null) === null ? found : undefined;
  }
}

const SHORT_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 15_000;

/** As long as the API asks for, within bounds. */
function pauseAfter({ retryAfter = 0 }: ApiFailure): number {
  return Math.min(retryAfter > 0 ? retryAfter * 1000 : SHORT_PAUSE_MS, LONGEST_PAUSE_MS);
}

const rulesOf = ({ tunnelId }: TunnelRef): string => `the ingress rules of tunnel ${tunnelId}`;

function pathOf({ accountId, tunnelId }: TunnelRef): string {
  return `/accounts/${encodeURIComponent(accountId)}/cfd_tunnel/${encodeURIComponent(tunnelId)}`;
}
