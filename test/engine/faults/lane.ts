import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOrphans } from "../../../packages/cli/orphans/find";
import type { Orphan } from "../../../packages/cli/orphans/orphan";
import { isCutOff, recover } from "../../../packages/cli/recover/recover";
import { announceSandbox } from "../../../packages/cli/sandboxed/workspace";
import { readSettings, stateOf } from "../../../packages/cli/stack/read-stack";
import { AccountApi } from "../../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../../packages/cloudflare/account-snapshot";
import { DEFAULT_SEED, stateFromSeed } from "../../../packages/sandbox/account/seed";
import type { State } from "../../../packages/sandbox/account/store";
import { startSandboxProvider } from "../../../packages/sandbox/provider";
import type { Sandbox } from "../../../packages/sandbox/server/server";
import { EngineRig } from "../support";
import { Between, type Call } from "./between";
import { type CallName, type Fault, FaultPlayer } from "./faults";
import { filesOf, Lookout } from "./lookout";
import { compare, type Remains, remainsOf } from "./normal-form";
import { cliCommand, type Operation } from "./operations";
import { type Ended, type Running, start } from "./process-tree";
import { readCheckpoint, staleSecrets } from "./state-file";
import type { Row } from "./table";

/** What is kept beside the account: the engine's state, the stack's config, the sink. */
const KEPT = ["state", "Pulumi.dev.yaml", ".env"];

/** How long an answer is waited for in a run of which one never comes, in milliseconds. */
const SHORT_MS = 3_000;

/** The secret of a tunnel that was taken into the state cannot be read: it is written anew by the run after that. */
const OF_A_RUN_LATER =
  /^(other in the state: \S*:ZeroTrustTunnelCloudflared tunnel|a run after that would change: update ZeroTrustTunnelCloudflared tunnel$)/;

const CONFIG = "Pulumi.dev.yaml";

interface Outcome {
  problems: string[];
  orphans: Orphan[];
  /** How many versions of secrets more are enabled than after the undisturbed run: harmless, the latest one counts. */
  versions: number;
}

interface Run extends Ended {
  calls: CallName[];
  writes: number;
  reached: boolean;
}

/** A point from which an operation starts, and what it comes to undisturbed. */
interface Start {
  operation: Operation;
  account: State;
  /** Folder with a copy of what is kept. */
  copy: string;
  /** The operation's arguments. */
  args: string[];
  /** What it calls undisturbed, in order. */
  calls: CallName[];
  expected: Remains;
  /** What a preview then plans. */
  plan: string[];
}

/** One sandbox with one stack, in which one case after the other is played. */
export class Lane {
  private start: Start | undefined;
  private running: Running | undefined;

  private constructor(
    readonly rig: EngineRig,
    private readonly sandbox: Sandbox,
    /** What is kept of a stack that was never brought up. */
    private readonly empty: string,
    private readonly lookout: Lookout,
  ) {}

  static async open(): Promise<Lane> {
    const rig = await EngineRig.open({ access: true, rateLimit: false });
    const { own } = rig.session;
    if (own === undefined) throw new Error("the session joined a sandbox that is not its own");
    const empty = await mkdtemp(join(tmpdir(), "comfyui-access-faults-"));
    await copyKept(rig.dir, empty);
    return new Lane(rig, own, empty, new Lookout(rig));
  }

  async close(): Promise<void> {
    await this.lookout.close();
    await this.rig.close();
    for (const dir of [this.empty, this.start?.copy]) {
      if (dir !== undefined) await rm(dir, { recursive: true, force: true });
    }
  }

  /** Prepares an operation, runs it undisturbed, and says what it calls. */
  async begin(operation: Operation): Promise<CallName[]> {
    if (this.start?.operation.name === operation.name) return this.start.calls;
    await this.put(stateFromSeed(operation.seed ?? DEFAULT_SEED, new Date()), this.empty);
    await operation.prepare(this.rig);
    if (this.start !== undefined) await rm(this.start.copy, { recursive: true, force: true });
    const copy = await mkdtemp(join(tmpdir(), "comfyui-access-faults-"));
    await copyKept(this.rig.dir, copy);
    this.lookout.disconnect();
    const account = structuredClone(this.sandbox.store.snapshot());
    const args = operation.args(this.rig);
    const none = { objects: [], resources: [], files: [], versions: 0 };
    const begun = { operation, account, copy, args, calls: [], expected: none, plan: [] };
    this.start = begun;
    await this.restore();
    const run = await this.run();
    if (run.code !== 0) throw new Error(`${operation.name} fails undisturbed:\n${run.output}`);
    const expected = await this.remains();
    const plan = operation.leavesMore ? await this.rig.plan() : [];
    this.start = { ...begun, calls: run.calls, expected, plan };
    const seen = await this.lookout.end();
    if (seen.problems.length > 0)
      throw new Error(`${operation.name} undisturbed:\n${seen.problems.join("\n")}`);
    return run.calls;
  }

  /**
   * Plays one case: the operation with a fault, and then once more without.
   * @param preview also where state, config and account are as after the undisturbed run, after which it showed nothing
   */
  async play(call: CallName, fault: Fault, preview: boolean): Promise<Row> {
    if (this.start === undefined) throw new Error("no operation was begun");
    const { operation } = this.start;
    const began = performance.now();
    const first = await this.disturbed(call, fault);
    const problems = first.reached ? [] : [`the call did not come: ${lastWords(first.output)}`];

    const { dir, session } = this.rig;
    // The documented way; a rotation goes on by itself.
    const engine = { ...session.target("up"), configFile: join(dir, CONFIG) };
    const recovered = operation.name !== "rotate" && (await isCutOff(engine, "comfyui-access", "dev"));
    if (recovered) {
      await recover(engine, "dev").catch((error: Error) => problems.push(`recover fails: ${error.message}`));
    }
    const next = await this.run();
    const outcome = await this.outcome(next, preview);
    const seen = await this.lookout.end(next.code === 0);
    // What one run more would do is of interest only where this one was not enough.
    const later =
      next.code === 0 &&
      outcome.problems.length > 0 &&
      (await this.outcome(await this.run(), true)).problems.length === 0;
    const isMeant = later && outcome.problems.every((problem) => OF_A_RUN_LATER.test(problem));
    problems.push(...(isMeant ? [] : outcome.problems), ...seen.problems);
    return {
      operation: operation.name,
      call: call.key,
      nth: call.nth,
      fault,
      first: first.code,
      next: next.code,
      recovered,
      orphans: outcome.orphans.map(({ kind, name }) => `${kind} ${name}`),
      looks: seen.looks,
      versions: outcome.versions,
      later,
      problems,
      ms: Math.round(performance.now() - began),
    };
  }

  /** What is not as after the undisturbed run. */
  private async outcome({ code, output }: Ended, preview: boolean): Promise<Outcome> {
    if (this.start === undefined) throw new Error("no operation was begun");
    const { operation, expected, plan } = this.start;
    const checkpoint = readCheckpoint(this.rig.dir);
    const found = await this.remains();
    const { extra, lines, alike } = compare(expected, found);
    // Before an adoption has written the config, it cannot be said what would be an orphan.
    const orphans = extra.length === 0 ? [] : await this.orphans().catch(() => []);
    const versions = found.versions - expected.versions;
    // What a run that failed has not made yet is no news.
    if (code !== 0) {
      return { problems: [`the next run ends with ${code}: ${lastWords(output)}`], orphans, versions };
    }
    const unlisted = extra.filter(({ id }) => !orphans.some((orphan) => orphan.id === id));
    const pending = checkpoint.pending_operations?.length ?? 0;
    const problems = [
      ...lines,
      ...unlisted.map(({ text }) => `too much in the account, and not listed: ${text.slice(0, 160)}`),
      ...staleSecrets(this.sandbox.store.gcpSecrets.all(), checkpoint),
      ...(pending === 0 ? [] : [`${pending} operations are still pending in the state`]),
    ];
    if (!operation.removes && (preview || !alike)) problems.push(...(await this.otherPlan(plan)));
    return { problems, orphans, versions };
  }

  /** The call may not come: on a machine that is busy, another one before it can take too long by itself. */
  private async disturbed(call: CallName, fault: Fault): Promise<Run> {
    if (this.start === undefined) throw new Error("no operation was begun");
    for (let tries = 1; ; tries++) {
      await this.restore();
      const run = await this.run(fault, call);
      if (run.reached || tries === 3) return run;
    }
  }

  private async otherPlan(expected: readonly string[]): Promise<string[]> {
    try {
      const found = await this.rig.plan();
      return found.toSorted().join() === expected.toSorted().join()
        ? []
        : [`a run after that would change: ${found.join(", ") || "nothing"}`];
    } catch (error) {
      return [`the preview after that fails: ${lastWords(String(error))}`];
    }
  }

  /** Runs the operation, and ends when its processes have. */
  private async run(fault?: Fault, at?: CallName): Promise<Run> {
    const player = new FaultPlayer(fault, at);
    let writes = 0;
    this.lookout.connect();
    const between = await Between.open(this.rig.session.url, {
      interfere: (call) => {
        if (call.method !== "GET") writes++;
        return player.interfere(call);
      },
      before: (call) => this.lookout.before(call),
      done: (call: Call) => this.lookout.look(call),
      kill: () => this.running?.kill(),
    });
    try {
      const ended = await this.command(between.url, fault === "too late" ? SHORT_MS : undefined);
      return { ...ended, calls: player.calls, writes, reached: player.reached };
    } finally {
      between.close();
      await this.lookout.look();
    }
  }

  /** @param timeoutMs how long an answer may take; default: as long as ever */
  private async command(url: string, timeoutMs?: number): Promise<Ended> {
    if (this.start === undefined) throw new Error("no operation was begun");
    const { operation, args } = this.start;
    const { session, dir } = this.rig;
    const impatient = timeoutMs === undefined ? {} : { COMFYUI_ACCESS_TIMEOUT_MS: String(timeoutMs) };
    if (operation.cli) {
      const { network = {} } = session.access ?? {};
      await announceSandbox(session.workspace, { pid: process.pid, url, tokens: session.tokens, network });
      const own = cliCommand(args, dir);
      this.running = start({ ...own, env: { ...own.env, ...impatient } });
      return this.running.ended;
    }
    const apiUrl = `${url}/client/v4`;
    const gcpUrl = `${url}/gcp`;
    // The provider of the run itself: a real one would be killed with the engine, and never be heard of again.
    const provider = await startSandboxProvider({
      apiUrl,
      gcpUrl,
      apiToken: session.tokens.up,
      retry: { timeoutMs },
    });
    try {
      const { command, cwd, env } = session.target("up");
      const own = ["--stack", "dev", "--config-file", join(dir, "Pulumi.dev.yaml")];
      this.running = start({
        file: command,
        args: [...args, ...own, "--non-interactive", "--color", "never"],
        cwd,
        env: {
          ...env,
          ...impatient,
          CLOUDFLARE_BASE_URL: apiUrl,
          SANDBOX_GCP_URL: gcpUrl,
          PULUMI_DEBUG_PROVIDERS: provider.debugProviders,
        },
      });
      return await this.running.ended;
    } finally {
      await provider.close();
    }
  }

  private async remains(): Promise<Remains> {
    this.lookout.disconnect();
    const { store } = this.sandbox;
    return remainsOf(store.snapshot(), readCheckpoint(this.rig.dir), await filesOf(this.rig.dir));
  }

  private async orphans(): Promise<Orphan[]> {
    const { session, dir } = this.rig;
    const engine = { ...session.target("preview"), configFile: join(dir, "Pulumi.dev.yaml") };
    const settings = await readSettings(engine, "dev");
    const access = { token: session.tokens.preview, baseUrl: session.apiUrl };
    const account = new AccountApi({ accountId: settings.config.accountId, ...access });
    const exported = JSON.stringify({ version: 3, deployment: readCheckpoint(dir) });
    return findOrphans(new AccountSnapshot(account), {
      stack: "dev",
      settings,
      ...stateOf(exported, "the backend's file"),
    });
  }

  private async restore(): Promise<void> {
    if (this.start === undefined) throw new Error("no operation was begun");
    const { operation, account, copy } = this.start;
    await this.put(account, copy);
    this.lookout.begin(operation, new Set(account.tunnels.map(({ id }) => id)));
  }

  private async put(account: State, kept: string): Promise<void> {
    this.lookout.disconnect();
    this.sandbox.store.restore(account);
    this.sandbox.requests.length = 0;
    if (this.sandbox.edge) this.sandbox.edge.log.length = 0;
    for (const name of KEPT) await rm(join(this.rig.dir, name), { recursive: true, force: true });
    await copyKept(kept, this.rig.dir);
  }
}

async function copyKept(from: string, to: string): Promise<void> {
  for (const name of KEPT) {
    await cp(join(from, name), join(to, name), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}

/** What of a command's output says why it failed. */
function lastWords(output: string): string {
  const lines = [
    ...new Set(output.split("\n").map((line) => line.trim().replaceAll(/[0-9a-f]{32}/g, "{id}"))),
  ];
  const said = lines.filter((line) => /^error:|^→|^- |HTTP \d|refused|locked|could not/i.test(line));
  const words = (said.length > 0 ? said : lines.filter((line) => line !== "").slice(-4)).join(" | ");
  return words.length > 600 ? `${words.slice(0, 600)}…` : words;
}
