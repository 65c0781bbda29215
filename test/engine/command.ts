import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { commandLineOf } from "../../packages/base/process/process-alive";
import { withTypeScript } from "../../packages/cli/sandboxed/workspace";
import { root } from "../docs/markdown";

/** Runs the project's commands as a user does, each as a process of its own, in one workspace. */
export class Commands {
  private readonly running = new Set<ChildProcess>();

  constructor(readonly workspace: string) {}

  begin(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess & { text(): string } {
    const child = spawn(process.execPath, [...withTypeScript, "packages/cli/main.ts", ...args], {
      cwd: root,
      env: { ...process.env, COMFYUI_ACCESS_WORKSPACE: this.workspace, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A terminal's Ctrl-C reaches the whole group.
      detached: true,
    });
    this.running.add(child);
    child.once("close", () => this.running.delete(child));
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
    }
    return Object.assign(child, { text: () => text });
  }

  /** To its end: the exit code, or the signal that ended it, and all that it printed. */
  async run(args: readonly string[], env?: NodeJS.ProcessEnv) {
    const child = this.begin(args, env);
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return { code: code ?? signal, text: child.text() };
  }

  /** As with a user's own login: the sandbox's state, and whatever API is named. */
  own(token: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      PULUMI_BACKEND_URL: `file://${this.workspace}/state`,
      PULUMI_CONFIG_PASSPHRASE: "sandbox",
      CLOUDFLARE_API_TOKEN: token,
      ...more,
    };
  }

  /**
   * The processes that run in this workspace, each with its command, by what Linux says of them; elsewhere nothing is
   * known of them.
   */
  left(): string[] {
    if (process.platform !== "linux") return [];
    return readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .flatMap((pid) => {
        try {
          const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
          if (!environ.includes(`COMFYUI_ACCESS_WORKSPACE=${this.workspace}`)) return [];
          return [`${pid} ${commandLineOf(Number(pid)) ?? ""}`];
        } catch {
          return [];
        }
      });
  }

  end(): void {
    for (const child of this.running) child.kill("SIGKILL");
  }
}
