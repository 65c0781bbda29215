import { join } from "node:path";
import { announceSandbox } from "../../packages/cli/sandboxed/workspace";
import { probeToken, type TokenCredentials } from "../../packages/cli/verify/probe-token";
import { Between, type Call, type Interference } from "./faults/between";
import { cliCommand } from "./faults/operations";
import { type Ended as End, type Running, start } from "./faults/process-tree";
import { credentialsInSink, credentialsInState, readCheckpoint } from "./faults/state-file";
import { EngineRig } from "./support";

export const URL_OF_APP = "https://comfyui.datacrew.space";
const TOKEN = "comfyui-api";

/** At which call of the API that the command makes it is cut off, from 1. */
export interface Cut {
  at: number;
  /**
   * - `committed`: the account has acted, and the command is killed without an answer;
   * - `answered`: the command is killed as soon as the answer is on its way;
   * - `lost`: the account has acted, and the connection closes; the command lives.
   */
  when: "committed" | "answered" | "lost";
}

const DONE: Record<Cut["when"], Interference> = {
  committed: { do: "kill unanswered" },
  answered: { do: "kill answered" },
  lost: { do: "drop after" },
};

/** How a command ended. */
export interface Ended extends End {
  /** The calls that it made, `METHOD path`. */
  calls: string[];
}

/** A stack in a sandbox, and the real command beside it in processes of its own. */
export class RotateRig {
  private calls: string[] = [];
  private running: Running | undefined;
  private lastKnown: TokenCredentials[] = [];

  private constructor(readonly rig: EngineRig) {}

  /** Brings the stack `dev` up with protected tokens, and lets the command join the sandbox. */
  static async open(): Promise<RotateRig> {
    const rig = await EngineRig.open({ access: true, rateLimit: false });
    rig.session.access?.connectAll();
    await rig.config((settings) => {
      settings.protectTokens = "true";
    });
    const made = await rig.up();
    if (made.code !== 0) throw new Error(made.stdout + made.stderr);
    return new RotateRig(rig);
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  get envFile(): string {
    return join(this.rig.dir, ".env");
  }

  /** Runs `rotate`; to kill it means all that it has started, the engine too. */
  async rotate(args: string[], { cut }: { cut?: Cut } = {}): Promise<Ended> {
    const { session, dir } = this.rig;
    this.calls = [];
    const between = await Between.open(session.url, {
      interfere: ({ number, method, url }: Call) => {
        this.calls.push(`${method} ${url.replace(/\?.*/, "")}`);
        return cut?.at === number ? DONE[cut.when] : undefined;
      },
      kill: () => this.running?.kill(),
    });
    const { network = {} } = session.access ?? {};
    const at = { pid: process.pid, url: between.url, tokens: session.tokens, network };
    await announceSandbox(session.workspace, at);
    const own = ["rotate", "--config-file", join(dir, "Pulumi.dev.yaml"), "--file", this.envFile];
    this.running = start(cliCommand([...own, ...args], dir));
    const ended = await this.running.ended;
    between.close();
    return { ...ended, calls: this.calls };
  }

  /** The credentials that the state and the sink hold now. */
  known(): TokenCredentials[] {
    try {
      this.lastKnown = [...this.inState(), ...this.inSink()];
    } catch {
      // A file that is just being replaced: what was known a moment ago still is.
    }
    return this.lastKnown;
  }

  inSink(): TokenCredentials[] {
    return credentialsInSink(this.envFile);
  }

  /** Those of the token and of its stand-in, out of the backend's file. */
  inState(): TokenCredentials[] {
    return credentialsInState(readCheckpoint(this.rig.dir), TOKEN);
  }

  /** Whether one of them passes Access now. */
  async onePasses(known: readonly TokenCredentials[]): Promise<boolean> {
    const network = this.rig.session.access?.network ?? {};
    for (const credentials of known) {
      if ((await probeToken(URL_OF_APP, credentials, network)).verdict === "passes") return true;
    }
    return false;
  }

  /** Asks ten times a second whether a known secret passes, until it is stopped. */
  watch(): { stop(): Promise<{ looks: number; gaps: string[] }> } {
    const gaps: string[] = [];
    let looks = 0;
    let stopped = false;
    const watching = (async () => {
      while (!stopped) {
        const next = new Promise((resolve) => setTimeout(resolve, 100));
        // A secret that comes into a sink while the others are asked counts as well.
        if (!(await this.onePasses(this.known())) && !(await this.onePasses(this.known()))) {
          gaps.push(`after call ${this.calls.length}: ${this.calls.at(-1)}`);
        }
        looks++;
        await next;
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await watching;
        return { looks, gaps };
      },
    };
  }
}
