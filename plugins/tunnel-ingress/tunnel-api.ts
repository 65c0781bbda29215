import Cloudflare from "cloudflare";
import { ApiError, UserError } from "../../src/errors";
import type { Json, Rule } from "./merge";

/** A tunnel's configuration as it stands. */
export interface LiveConfiguration {
  /** Counts every write; 0 when nothing was written yet. */
  version: number;
  /** Everything in it, known here or not. */
  config: { [name: string]: Json };
  rules: Rule[];
}

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

/** The calls that shared ingress rules take. */
export class TunnelApi {
  private readonly client: Cloudflare;

  /** @throws UserError without an API token */
  constructor(access: ApiAccess) {
    const apiToken = access.apiToken ?? process.env["CLOUDFLARE_API_TOKEN"];
    if (!apiToken) {
      throw new UserError(
        "no API token for Cloudflare",
        "Set CLOUDFLARE_API_TOKEN, or: pulumi config set --secret cloudflare:apiToken",
      );
    }
    this.client = new Cloudflare({
      apiToken,
      baseURL: access.baseUrl,
      apiKey: null,
      apiEmail: null,
      userServiceKey: null,
      maxRetries: 4,
      logLevel: "off",
    });
  }

  /**
   * Makes sure that the tunnel can be configured from here.
   * @throws UserError when it does not exist, was deleted, or takes its rules from a local file
   */
  async check(tunnel: TunnelRef): Promise<void> {
    const { tunnelId } = tunnel;
    const found = await this.unlessGone("read", `tunnel ${tunnelId}`, () =>
      this.client.get<{ result: Record<string, unknown> }>(pathOf(tunnel)),
    );
    if (found === undefined || (found.result["deleted_at"] ?? null) !== null) {
      throw new UserError(
        `there is no tunnel ${tunnelId} in account ${tunnel.accountId}`,
        "Give the id of a tunnel that exists: Zero Trust → Networks → Tunnels shows it.",
      );
    }
    if (found.result["config_src"] === "local" || found.result["remote_config"] === false) {
      throw new UserError(
        `tunnel ${tunnelId} takes its rules from a file beside cloudflared, not from the dashboard`,
        "Migrate it in Zero Trust → Networks → Tunnels, or use a tunnel that is configured there.",
      );
    }
  }

  /** The configuration; undefined when the tunnel is gone. */
  async read(tunnel: TunnelRef): Promise<LiveConfiguration | undefined> {
    const object = `the ingress rules of tunnel ${tunnel.tunnelId}`;
    const path = `${pathOf(tunnel)}/configurations`;
    const found = await this.unlessGone("read", object, () => this.client.get<{ result: Answer }>(path));
    if (found !== undefined) return configuration(found.result);
    // The API answers alike for a tunnel without any rules so far and for no tunnel.
    const still = await this.unlessGone("read", `tunnel ${tunnel.tunnelId}`, () =>
      this.client.get<{ result: Record<string, unknown> }>(pathOf(tunnel)),
    );
    const exists = still !== undefined && (still.result["deleted_at"] ?? null) === null;
    return exists ? { version: 0, config: {}, rules: [] } : undefined;
  }

  /** Replaces the whole list, and keeps everything else in the configuration. Answers with the new version. */
  async write(tunnel: TunnelRef, live: LiveConfiguration, rules: Rule[]): Promise<number> {
    const body = { config: { ...live.config, ingress: rules } };
    try {
      const answer = await this.client.put<{ result: Answer }>(`${pathOf(tunnel)}/configurations`, { body });
      return configuration(answer.result).version;
    } catch (error) {
      throw failed("write", `the ingress rules of tunnel ${tunnel.tunnelId}`, error);
    }
  }

  private async unlessGone<T>(
    action: string,
    object: string,
    call: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Cloudflare.NotFoundError) return undefined;
      throw failed(action, object, error);
    }
  }
}

interface Answer {
  version?: number;
  config?: { [name: string]: Json } | null;
}

function configuration(answer: Answer | null): LiveConfiguration {
  const config = answer?.config ?? {};
  const ingress = config["ingress"] ?? [];
  if (!Array.isArray(ingress)) throw new Error("the API's ingress is not a list");
  return { version: answer?.version ?? 0, config, rules: ingress as Rule[] };
}

function pathOf({ accountId, tunnelId }: TunnelRef): string {
  return `/accounts/${encodeURIComponent(accountId)}/cfd_tunnel/${encodeURIComponent(tunnelId)}`;
}

function failed(action: string, object: string, error: unknown): unknown {
  if (!(error instanceof Cloudflare.APIError)) return error;
  const [first] = error.errors ?? [];
  return new ApiError({
    action,
    object,
    status: error.status,
    code: first?.code,
    detail: first?.message ?? error.message,
  });
}
