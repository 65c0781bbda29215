import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { Files, type Place, type PlaceKind } from "./places";
import { ProcessWatch } from "./processes";

/** How a command ended. */
export interface Ended {
  /** `null` when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** How to run a command. */
export interface RunOptions {
  /** Default: the run's project. */
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Text for its standard input. */
  input?: string;
  /** Called with the process, e.g. to kill it in the middle. */
  started?: (child: ChildProcess) => void;
}

/** The longest that a command may take, in milliseconds. */
const PATIENCE_MS = 240_000;

/**
 * Commands that run as a user would run them, in a home, a temporary folder and a project of their own, with all that
 * they leave kept for a search: what they print, every state of every file between two commands, their processes, and
 * the text of the pages of which they take pictures.
 */
export class SearchedRun {
  private readonly collected: Place[] = [];
  private readonly commands = new Map<string, number>();

  private constructor(
    private readonly outer: string,
    /** The folder of all that the run writes. */
    readonly root: string,
    readonly watch: ProcessWatch,
    private readonly files: Files,
  ) {}

  /** @param ignored paths below the run's folder that it does not write. */
  static async open(ignored?: (path: string) => boolean): Promise<SearchedRun> {
    const outer = realpathSync(mkdtempSync(join(tmpdir(), "comfyui-access-leaks-")));
    const root = join(outer, "run");
    for (const name of ["home", "tmp", "project"]) mkdirSync(join(root, name), { recursive: true });
    const watch = await ProcessWatch.start(join(outer, "processes.log"));
    return new SearchedRun(outer, root, watch, new Files(root, ignored));
  }

  async close(): Promise<void> {
    await this.watch.stop();
    this.watch.endAll();
    rmSync(this.outer, { recursive: true, force: true });
  }

  get project(): string {
    return join(this.root, "project");
  }

  /** Nothing of the user's but where programs are. */
  get env(): NodeJS.ProcessEnv {
    const { PATH } = process.env;
    const bin = dirname(process.execPath);
    return {
      ...this.watch.env,
      PATH: [bin, PATH].filter((entry) => entry !== undefined).join(delimiter),
      HOME: join(this.root, "home"),
      TMPDIR: join(this.root, "tmp"),
      LANG: "C.UTF-8",
    };
  }

  /** Runs a command to its end, in a process group of its own, and keeps what it left. */
  async run(
    name: string,
    command: string,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Ended> {
    const child = spawn(command, args, {
      cwd: options.cwd ?? this.project,
      env: { ...this.env, ...options.env },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true,
      timeout: PATIENCE_MS,
    });
    options.started?.(child);
    child.stdin?.on("error", () => undefined).end(options.input);
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
      }),
    ]);
    const count = (this.commands.get(name) ?? 0) + 1;
    this.commands.set(name, count);
    const title = count === 1 ? name : `${name} (${count})`;
    this.keep("standard output", title, stdout);
    this.keep("standard error", title, stderr);
    await this.look();
    return { code, stdout, stderr };
  }

  /** Keeps something else that the run showed. */
  keep(kind: PlaceKind, name: string, text: string): void {
    this.collected.push({ kind, name, bytes: Buffer.from(text) });
  }

  /** The files that are there now are not the run's: it begins here. */
  async begin(): Promise<void> {
    await this.files.forget();
    this.collected.length = 0;
  }

  /** Keeps the files as they are now. */
  async look(): Promise<void> {
    this.collected.push(...(await this.files.look()));
  }

  /** How many commands ran. */
  get commandCount(): number {
    return [...this.commands.values()].reduce((sum, count) => sum + count, 0);
  }

  /** How many files there were. */
  get fileCount(): number {
    return this.files.paths.size;
  }

  places(): Place[] {
    return [...this.collected, ...this.watch.places()];
  }
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let whole = "";
  for await (const chunk of stream?.setEncoding("utf8") ?? []) whole += chunk;
  return whole;
}
