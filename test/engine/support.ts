import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type PulumiCall, type PulumiResult, pulumi } from "../../packages/cli/engine/pulumi";
import { ensureStack } from "../../packages/cli/sandboxed/pulumi";
import { openSandboxSession, type SandboxSession } from "../../packages/cli/sandboxed/session";
import { announceSandbox, projectDir } from "../../packages/cli/sandboxed/workspace";
import type { Seed } from "../../packages/sandbox/account/seed";
import type { Fault } from "../../packages/sandbox/control/faults";
import type { RequestLogEntry } from "../../packages/sandbox/server/server";

/** The stack config as the program reads it, keys without the namespace. */
export type Settings = Record<string, unknown>;

/** The real engine, a sandbox of its own, and the `dev` stack. */
export class EngineRig {
  private constructor(
    readonly dir: string,
    readonly session: SandboxSession,
  ) {}

  static async open(
    options: { seed?: Seed; access?: boolean; rateLimit?: false; keepState?: boolean } = {},
  ): Promise<EngineRig> {
    const dir = await mkdtemp(join(tmpdir(), "comfyui-access-"));
    const session = await openSandboxSession({ dir, keepState: false, ...options });
    const rig = new EngineRig(dir, session);
    await ensureStack(session.target("up"), "dev");
    return rig;
  }

  /** Lets the project's commands join this sandbox, which else start one of their own. */
  async announce(): Promise<void> {
    const { access, tokens, url, workspace } = this.session;
    await announceSandbox(workspace, { pid: process.pid, url, tokens, network: access?.network ?? {} });
  }

  async close(): Promise<void> {
    await this.session.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Writes a stack file: the committed one of `dev`, changed by `edit`. */
  async config(edit: (settings: Settings) => void = () => {}): Promise<string> {
    const file = parse(await readFile(join(projectDir, "Pulumi.dev.yaml"), "utf8")) as {
      config: Record<string, unknown>;
    };
    const namespace = "comfyui-access:";
    const settings = Object.fromEntries(
      Object.entries(file.config).map(([key, value]) => [key.replace(namespace, ""), value]),
    );
    edit(settings);
    file.config = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key.includes(":") ? key : `${namespace}${key}`, value]),
    );
    const path = join(this.dir, "Pulumi.dev.yaml");
    await writeFile(path, stringify(file));
    return path;
  }

  /** Runs the engine on the stack with the config last written. */
  async run(
    args: string[],
    call: PulumiCall & { as?: "up" | "preview"; env?: NodeJS.ProcessEnv } = {},
  ): Promise<PulumiResult> {
    const { as = "up", env, ...rest } = call;
    const target = this.session.target(as);
    const takesConfig = ["up", "preview", "refresh", "destroy", "config"].includes(args[0] ?? "");
    return pulumi(
      { ...target, env: { ...target.env, ...env } },
      [
        ...args,
        "--stack",
        "dev",
        ...(takesConfig ? ["--config-file", join(this.dir, "Pulumi.dev.yaml")] : []),
      ],
      rest,
    );
  }

  async up(call: Parameters<EngineRig["run"]>[1] = {}): Promise<PulumiResult> {
    return this.run(["up", "--yes", "--skip-preview"], call);
  }

  /** Steps that a preview plans, without the ones that change nothing: `update …:ZeroTrustAccessPolicy name`. */
  async plan(): Promise<string[]> {
    const result = await this.run(["preview", "--json"], { as: "preview" });
    if (result.code !== 0) throw new Error(`preview failed:\n${result.stdout}\n${result.stderr}`);
    const { steps } = JSON.parse(result.stdout) as { steps: { op: string; urn: string }[] };
    return steps
      .filter(({ op }) => op !== "same" && op !== "read")
      .map(
        ({ op, urn }) => `${op} ${urn.split("$").at(-1)?.split(":").slice(-3).join(":").replace("::", " ")}`,
      );
  }

  async outputs(): Promise<Record<string, unknown>> {
    const result = await this.run(["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse(result.stdout) as Record<string, unknown>;
  }

  /** Plans failures of the sandbox's APIs. */
  async addFaults(...faults: Fault[]): Promise<void> {
    for (const fault of faults) {
      const answer = await fetch(this.faultsUrl, { method: "POST", body: JSON.stringify(fault) });
      if (!answer.ok) throw new Error(`a fault was not taken: ${await answer.text()}`);
    }
  }

  /** The planned failures that are still to come. */
  async faultsLeft(): Promise<Fault[]> {
    return (await (await fetch(this.faultsUrl)).json()) as Fault[];
  }

  /** Waits until all of them have begun: each is struck off as soon as its request has come. */
  async faultsMet(): Promise<void> {
    while ((await this.faultsLeft()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Lets the requests go on that are held. */
  async releaseFaults(): Promise<void> {
    await fetch(`${this.faultsUrl}/release`, { method: "POST" });
  }

  async clearFaults(): Promise<void> {
    await fetch(this.faultsUrl, { method: "DELETE" });
  }

  private get faultsUrl(): string {
    return `${this.session.url}/__sandbox__/faults`;
  }

  /** Every request of the Cloudflare API so far. */
  async requests(): Promise<RequestLogEntry[]> {
    const answer = await fetch(`${this.session.url}/__sandbox__/requests`);
    const all = (await answer.json()) as RequestLogEntry[];
    return all.filter(({ path }) => path.startsWith("/client/v4/"));
  }

  async writes(): Promise<RequestLogEntry[]> {
    return (await this.requests()).filter(({ method }) => method !== "GET" && method !== "HEAD");
  }

  /** One call of the Cloudflare API, as somebody with the dashboard open would make it. */
  async api<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.session.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.session.tokens.admin}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const envelope = (await answer.json()) as { success: boolean; result: T; errors: unknown };
    if (!envelope.success) throw new Error(`${method} ${path}: ${JSON.stringify(envelope.errors)}`);
    return envelope.result;
  }

  /** What the account holds, for comparison: every object of every kind, without what only counts. */
  async account(): Promise<Record<string, unknown>> {
    const account = "/accounts/0123456789abcdef0123456789abcdef";
    const paths = [
      `${account}/access/apps`,
      `${account}/access/policies`,
      `${account}/access/identity_providers`,
      `${account}/access/service_tokens`,
      `${account}/cfd_tunnel?is_deleted=false`,
      `${account}/alerting/v3/policies`,
      "/zones/fedcba9876543210fedcba9876543210/dns_records",
    ];
    return Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, await this.api<unknown>("GET", path)] as const)),
    );
  }

  /** Everything that the sandbox keeps, secrets included, as its state file has it; needs `keepState`. */
  async stored(): Promise<Record<string, { id: string }[]>> {
    // The file is written after each request that could change something, also when none of it did.
    await fetch(`${this.session.apiUrl}/nothing`, { method: "DELETE" });
    return JSON.parse(await readFile(this.session.workspace.stateFile, "utf8"));
  }

  /** The text of every file that the engine and the sandbox's workspace keep. */
  async filesOnDisk(): Promise<{ path: string; text: string }[]> {
    const found: { path: string; text: string }[] = [];
    for (const entry of await readdir(this.dir, { recursive: true })) {
      const path = join(this.dir, entry);
      if (entry.startsWith("compile-cache") || !(await stat(path)).isFile()) continue;
      found.push({ path: entry, text: await readFile(path, "utf8") });
    }
    return found;
  }
}
