import { setTimeout as sleep } from "node:timers/promises";
import Cloudflare from "cloudflare";
import { ApiError, UserError } from "../../base/errors";
import { pause, timeout } from "../../base/patience";
import { boundedFetch } from "../../cloudflare/bounded-fetch";
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
      timeout: timeout(60_000),
      fetch: boundedFetch,
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
    const found = await this.unlessGone("read", object, () => textOf(this.client.get(path)));
    if (found !== undefined) return configuration(found);
    // The API answers alike for a tunnel without any rules so far and for no tunnel.
    const still = await this.unlessGone("read", `tunnel ${tunnel.tunnelId}`, () =>
      this.client.get<{ result: Record<string, unknown> }>(pathOf(tunnel)),
    );
    const exists = still !== undefined && (still.result["deleted_at"] ?? null) === null;
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
    // Sent once only: the list has to be read again before a second try, which might undo somebody else's write.
    const options = {
      body: bodyOf(live, rules),
      headers: { "content-type": "application/json" },
      maxRetries: 0,
    };
    try {
      return configuration(await textOf(this.client.put(`${pathOf(tunnel)}/configurations`, options)))
        .version;
    } catch (error) {
      const failure = failed("write", `the ingress rules of tunnel ${tunnel.tunnelId}`, error);
      if (!isPassing(error)) throw failure;
      await sleep(pause(pauseAfter(error)));
      return { failure };
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

/** No answer, half of one, or a refusal for now: the vendor's client would try again. */
function isPassing(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  if (!(error instanceof Cloudflare.APIError)) return false;
  const { status } = error;
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

const SHORT_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 15_000;

/** As long as the API asks for, within bounds. */
function pauseAfter(error: unknown): number {
  const asked = error instanceof Cloudflare.APIError ? Number(error.headers?.get("retry-after") ?? 0) : 0;
  return Math.min(asked > 0 ? asked * 1000 : SHORT_PAUSE_MS, LONGEST_PAUSE_MS);
}

/** The answer as it was sent. */
async function textOf(call: { asResponse(): Promise<Response> }): Promise<string> {
  return (await call.asResponse()).text();
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
