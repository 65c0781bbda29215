import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { probeToken, type TokenCredentials } from "../../../packages/cli/verify/probe-token";
import { dispatcherFor } from "../../../packages/client/typescript/network";
import { scriptsHeaders } from "../../../packages/sandbox/account/lived-in";
import { askOnce, Prober } from "../prober";
import type { EngineRig } from "../support";
import type { Call } from "./between";
import type { Operation } from "./operations";
import { credentialsInSink, credentialsInState, readCheckpoint } from "./state-file";

const HOSTNAME = "comfyui.datacrew.space";
const TOKEN = "comfyui-api";

/** What was seen during one case. */
interface Seen {
  /** How often a stranger asked. */
  looks: number;
  /** Moments at which a stranger got through, or none of the known secrets did. */
  problems: string[];
}

/**
 * Asks for ComfyUI like a stranger, after each write of a run, before its answer goes on, so that no state of the
 * account is missed; and in between without a pause. After each write also whether a secret that is known passes.
 */
export class Lookout {
  private readonly dispatcher: ReturnType<typeof dispatcherFor>;
  private readonly prober: Prober;
  private operation: Operation | undefined;
  private looks = 0;
  private problems: string[] = [];
  private askedBefore = 0;
  private throughBefore = 0;
  /** False once cloudflared was stopped for its tunnel to be deleted. */
  private connecting = true;
  private running: ReadonlySet<string> = new Set();
  private readonly connected = new Set<string>();
  private lastKnown: TokenCredentials[] = [];

  constructor(private readonly rig: EngineRig) {
    const network = rig.session.access?.network ?? {};
    this.dispatcher = dispatcherFor(network);
    this.prober = new Prober(HOSTNAME, network, { workers: 1, pauseMs: 150 });
  }

  async close(): Promise<void> {
    await this.prober.stop();
    await this.dispatcher.close();
  }

  /** @param running tunnels that have a cloudflared before anything is run */
  begin(operation: Operation, running: ReadonlySet<string>): void {
    this.operation = operation;
    this.running = running;
    this.looks = 0;
    this.problems = [];
    this.lastKnown = [];
    this.askedBefore = this.prober.asked;
    this.throughBefore = this.prober.answers.get("ComfyUI") ?? 0;
  }

  /** Plays an operator who runs cloudflared for the stack's tunnel, until that is to be deleted. */
  connect(): void {
    this.connecting = true;
    this.connectKnown();
  }

  disconnect(): void {
    this.connecting = false;
    this.connected.clear();
    this.rig.session.access?.disconnectAll();
  }

  /** Nobody can run one for a tunnel of which no state tells the secret. */
  private connectKnown(): void {
    const { access, own } = this.rig.session;
    const inState = new Set((readCheckpoint(this.rig.dir).resources ?? []).map(({ id }) => id));
    for (const { id, accountId, secret, deletedAt } of own?.store.tunnels.all() ?? []) {
      const has = this.running.has(id) || inState.has(id);
      if (deletedAt !== null || !has || this.connected.has(id)) continue;
      access?.connect(Buffer.from(JSON.stringify({ a: accountId, t: id, s: secret })).toString("base64"));
      this.connected.add(id);
    }
  }

  /** Before a call is passed on. */
  before({ method, url }: Call): void {
    // A tunnel that is in use cannot be deleted: the operator stops cloudflared.
    if (method !== "DELETE" || !/\/cfd_tunnel\/[^/]+$/.test(url.replace(/\?.*/, ""))) return;
    this.disconnect();
  }

  /** @param call the write that was just made; none: between two runs. */
  async look(call?: Call): Promise<void> {
    if (call?.method === "GET") return;
    if (this.connecting) this.connectKnown();
    const when =
      call === undefined ? "after the run" : `after call ${call.number}, ${call.method} ${call.url}`;
    this.looks++;
    if ((await askOnce(HOSTNAME, this.dispatcher)) === "ComfyUI") {
      this.problems.push(`a stranger gets through ${when}`);
    }
    // A secret that came into the state or a sink while the others were asked counts as well.
    if (this.operation?.inUse && !(await this.onePasses()) && !(await this.onePasses())) {
      this.problems.push(`no known secret passes ${when}`);
    }
  }

  /** @param made whether all is made, and a known secret has to pass */
  async end(made = true): Promise<Seen> {
    const { operation, problems } = this;
    if (made && operation !== undefined && !operation.removes) {
      this.connect();
      if (!(await this.onePasses())) problems.push("no known secret passes in the end");
    }
    const through = (this.prober.answers.get("ComfyUI") ?? 0) - this.throughBefore;
    if (through > 0) problems.push(`a stranger gets through ${through} times in between`);
    return { looks: this.looks + this.prober.asked - this.askedBefore, problems };
  }

  private async onePasses(): Promise<boolean> {
    const network = this.rig.session.access?.network ?? {};
    for (const credentials of this.known()) {
      if ((await probeToken(`https://${HOSTNAME}`, credentials, network)).verdict === "passes") return true;
    }
    return false;
  }

  private known(): TokenCredentials[] {
    try {
      const { dir } = this.rig;
      this.lastKnown = [
        ...credentialsInState(readCheckpoint(dir), TOKEN),
        ...credentialsInSink(join(dir, ".env")),
        ...this.ofScripts(),
      ];
    } catch {
      // A file that is just being replaced: what was known a moment ago still is.
    }
    return this.lastKnown;
  }

  /** What scripts use already that the stack is only about to take over. */
  private ofScripts(): TokenCredentials[] {
    if (this.operation?.name !== "adopt") return [];
    const headers = scriptsHeaders(TOKEN);
    return [
      {
        clientId: headers["CF-Access-Client-Id"] ?? "",
        clientSecret: headers["CF-Access-Client-Secret"] ?? "",
      },
    ];
  }
}

/** What stands in the stack's config and in the sink; of the sink only which keys it has. */
export async function filesOf(dir: string): Promise<string[]> {
  const read = (name: string) => readFile(join(dir, name), "utf8").catch(() => "");
  const [config, sink] = [await read("Pulumi.dev.yaml"), await read(".env")];
  return [config, Object.keys(parseEnv(sink)).sort().join("\n")];
}
