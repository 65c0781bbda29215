import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Place } from "./places";

/** A process of the run, as it was seen. */
interface Seen {
  pid?: number;
  argv: string[];
  env: string[];
}

/** How many processes a run started, and who saw them. */
export interface ProcessCount {
  /** Started by a Node process of the run, each written down by the one that started it. */
  started: number;
  /** Of these, seen by looking at /proc as well. */
  alsoSeen: number;
  /** Seen by looking at /proc alone: started by the engine, a shell or git. */
  onlySeen: number;
}

/** Writes down what processes a run starts, and what its pages show. */
export class ProcessWatch {
  private readonly seen: Seen[] = [];

  private constructor(
    private readonly mark: string,
    private readonly log: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param log the file that the run's processes write to; not below the run's folder. */
  static async start(log: string): Promise<ProcessWatch> {
    const mark = randomUUID();
    writeFileSync(log, "", { mode: 0o600 });
    const child = spawn(process.execPath, [join(__dirname, "watch-processes.cjs"), mark], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const watch = new ProcessWatch(mark, log, child);
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        const entry = JSON.parse(line) as Seen & { ready?: true };
        if (entry.ready) resolve();
        else watch.seen.push(entry);
      });
    });
    return watch;
  }

  /** What every process of the run needs in its environment. */
  get env(): NodeJS.ProcessEnv {
    return {
      LEAKS_RUN: this.mark,
      LEAKS_LOG: this.log,
      NODE_OPTIONS: `--require ${join(__dirname, "hook.cjs")}`,
    };
  }

  /** Ends the watch; what it saw stays. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdin?.end();
    await ended;
  }

  /** Ends what is left of the run's processes: an engine that was killed leaves its language host behind. */
  endAll(): void {
    for (const { pid = 0 } of this.seen.filter((each) => this.lives(each))) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone.
      }
    }
  }

  /** How many of the run's processes that were seen still live; of those whose program has such a name. */
  alive(program: RegExp): number {
    return this.seen.filter((each) => program.test(each.argv[0] ?? "") && this.lives(each)).length;
  }

  private lives({ pid = 0 }: Seen): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.mark);
    } catch {
      return false;
    }
  }

  /** The arguments and environment of each process, and the text of each page of which a picture was taken. */
  places(): Place[] {
    const processes = [...this.noted().filter(isProcess), ...this.seen];
    const places = new Map<string, Place>();
    for (const { argv, env } of processes) {
      const name = commandName(argv);
      const environment = env.filter((entry) => !entry.startsWith("LEAKS_"));
      add(places, "process arguments", name, argv.join("\0"));
      add(places, "process environment", name, environment.join("\0"));
    }
    this.noted().forEach((entry, index) => {
      if (entry.is === "page") add(places, "page text", `of picture ${index}`, entry.text);
    });
    return [...places.values()];
  }

  /** How many pictures of pages were taken so far. */
  get pictures(): number {
    return this.noted().filter(({ is }) => is === "page").length;
  }

  count(): ProcessCount {
    const started = this.noted().filter(isProcess);
    const key = (pid: number | undefined) => pid ?? -1;
    const startedPids = new Set(started.map(({ pid }) => key(pid)));
    const seenPids = new Set(this.seen.map(({ pid }) => key(pid)));
    return {
      started: started.length,
      alsoSeen: started.filter(({ pid }) => seenPids.has(key(pid))).length,
      onlySeen: [...seenPids].filter((pid) => !startedPids.has(pid)).length,
    };
  }

  private noted(): Noted[] {
    const lines = readFileSync(this.log, "utf8").split("\n");
    // A process that was killed may leave half a line.
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Noted];
      } catch {
        return [];
      }
    });
  }
}

type Noted = ({ is: "process" } & Seen) | { is: "page"; text: string };

const isProcess = (entry: Noted): entry is { is: "process" } & Seen => entry.is === "process";

function add(places: Map<string, Place>, kind: Place["kind"], name: string, text: string): void {
  places.set(`${kind} ${name} ${text}`, { kind, name, bytes: Buffer.from(text) });
}

/** What a process is called in a report: its program and the first words that are no options. */
function commandName(argv: readonly string[]): string {
  const words = argv
    .map((word) => basename(word))
    .filter((word) => /^[\w.:@-]{1,40}$/.test(word) && !word.startsWith("-"));
  return words.slice(0, 3).join(" ") || "(no name)";
}
