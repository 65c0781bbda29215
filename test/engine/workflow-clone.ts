import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";
import { projectDir } from "../../packages/cli/sandboxed/workspace";
import type { ChangedFile } from "../../packages/github/plain/judges";
import { type StandIn, startGitHub } from "../github/github-stand-in";

const run = promisify(execFile);

/** A step that runs a script. */
interface Step {
  id?: string;
  name: string;
  run: string;
  env: Record<string, string>;
}

/** A job, with its steps that run a script; what an action does, the test has done. */
interface Job {
  if?: string;
  outputs?: Record<string, string>;
  steps: Step[];
}

/** What a run knows when it comes to an expression. */
export interface Context {
  labels?: string[];
  inputs?: Record<string, string>;
  /** By id, as the steps so far ended. */
  steps?: Record<string, { outcome: string; outputs: Record<string, string> }>;
  needs?: Record<string, { outputs: Record<string, string> }>;
}

/** A change of a source file. */
export interface Code {
  file: string;
  from: string;
  to: string;
}

/** How a step ended. */
interface Ended {
  code: number | null;
  output: string;
  /** What it set as its outputs. */
  outputs: Record<string, string>;
}

/** How a job ended. */
interface Ran {
  outcomes: [step: string, code: number | null][];
  output: string;
  /** Of the step that was the last. */
  last: string;
  steps: NonNullable<Context["steps"]>;
  outputs: Record<string, string>;
}

/** A clone in which workflows run, and the GitHub that their scripts talk to. */
export class WorkflowClone {
  /** Commit that the workflow runs for. */
  commit = "";

  private constructor(
    private readonly scratch: string,
    readonly dir: string,
    readonly github: StandIn,
  ) {}

  static async open(): Promise<WorkflowClone> {
    const scratch = await mkdtemp(join(tmpdir(), "comfyui-access-workflows-"));
    const clone = new WorkflowClone(scratch, join(scratch, "clone"), await startGitHub());
    await run("git", ["clone", "--quiet", projectDir, clone.dir]);
    await symlink(join(projectDir, "node_modules"), join(clone.dir, "node_modules"));
    await clone.git("tag", "base");
    return clone;
  }

  async close(): Promise<void> {
    await this.github.close();
    await rm(this.scratch, { recursive: true, force: true });
  }

  async git(...args: string[]): Promise<string> {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
    return (await run("git", [...identity, ...args], { cwd: this.dir })).stdout.trim();
  }

  /** Page of the run. */
  get summary(): string {
    return join(this.scratch, "summary");
  }

  /** A runner's environment: nothing of the user's but where programs are, and no credential. */
  environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      GITHUB_API_URL: this.github.url,
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "owner/name",
      GITHUB_RUN_ID: "500",
      GITHUB_RUN_ATTEMPT: "1",
      GITHUB_STEP_SUMMARY: this.summary,
    };
  }

  /** Changes the stack's config, and a source file too, and commits it: what a pull request would be. */
  async propose(change: (yaml: string) => string, code?: Code): Promise<void> {
    const file = join(this.dir, "Pulumi.dev.yaml");
    await this.git("reset", "--quiet", "--hard", "base");
    if (code !== undefined) {
      const source = join(this.dir, code.file);
      const text = await readFile(source, "utf8");
      if (!text.includes(code.from)) throw new Error(`${code.file} has no ${code.from}`);
      await writeFile(source, text.replace(code.from, code.to));
    }
    await writeFile(file, change(await readFile(file, "utf8")));
    await this.git("commit", "--quiet", "--all", "--message", "A change");
    this.commit = await this.git("rev-parse", "HEAD");
    this.github.state.head = this.commit;
    this.github.state.comments = [];
    await this.tell();
    await writeFile(this.summary, "");
  }

  /** Lets GitHub know which files differ, and on both sides those that a job reads there. */
  async tell(): Promise<void> {
    const base = await this.git("rev-parse", "base");
    const { state } = this.github;
    state.parents = [{ sha: base }, { sha: this.commit }];
    state.changed = changedFiles(await this.git("diff", "--name-status", "-M", base, this.commit));
    const read = new Set(
      state.changed.flatMap(({ filename, previous_filename }) => [filename, previous_filename ?? filename]),
    );
    for (const each of ["package.json", "package-lock.json"]) read.add(each);
    state.contents = {};
    for (const commit of [base, this.commit]) {
      const files = (await this.git("ls-tree", "-r", "--name-only", commit)).split("\n");
      for (const name of files.filter((file) => read.has(file))) {
        state.contents[`${commit}:${name}`] = await this.git("show", `${commit}:${name}`);
      }
    }
  }

  async job(workflow: string, name: string): Promise<Job> {
    const text = await readFile(join(this.dir, ".github", "workflows", workflow), "utf8");
    const file = parse(text) as {
      env?: Record<string, string>;
      jobs: Record<string, Omit<Job, "steps"> & { env?: object; steps: Partial<Step>[] }>;
    };
    const own = file.jobs[name];
    if (own === undefined) throw new Error(`${workflow} has no job ${name}`);
    const scripts = own.steps.filter(
      (step): step is Step => step.run !== undefined && step.name !== "Install packages",
    );
    return {
      ...own,
      steps: scripts.map((step) => ({ ...step, env: { ...file.env, ...own.env, ...step.env } })),
    };
  }

  /**
   * Runs a job as the runner goes through it: what follows a failed step is skipped.
   * @param last the step that is the last to be run
   */
  async runJob(workflow: string, name: string, env: NodeJS.ProcessEnv, last?: string): Promise<Ran> {
    const job = await this.job(workflow, name);
    const steps: NonNullable<Context["steps"]> = Object.fromEntries(
      job.steps.flatMap(({ id }) => (id === undefined ? [] : [[id, { outcome: "skipped", outputs: {} }]])),
    );
    const ran: Ran = { outcomes: [], output: "", last: "", steps, outputs: {} };
    for (const step of job.steps) {
      const ended = await this.runStep(step, env, { steps });
      ran.outcomes.push([step.name, ended.code]);
      ran.output += ended.output;
      ran.last = ended.output;
      const outcome = ended.code === 0 ? "success" : "failure";
      if (step.id !== undefined) steps[step.id] = { outcome, outputs: ended.outputs };
      if (ended.code !== 0 || step.name === last) break;
    }
    for (const [key, value] of Object.entries(job.outputs ?? {}))
      ran.outputs[key] = this.text(value, { steps });
    return ran;
  }

  /** Merges what is proposed, as somebody approved it: main gets a commit of its own. */
  async merge(): Promise<void> {
    const head = this.commit;
    await this.git("commit", "--quiet", "--allow-empty", "--message", "Merge");
    this.commit = await this.git("rev-parse", "HEAD");
    const { state } = this.github;
    state.merged = [{ number: 7, merged_at: "2030", head: { sha: head }, base: { ref: "main" } }];
    const run = { event: "pull_request", head_sha: head, conclusion: "success", created_at: "" };
    state.runs = [{ ...run, id: 41, path: ".github/workflows/pull-request.yml" }];
  }

  /** Runs a step as the runner does: its script from a file, by a shell that ends at the first error. */
  async runStep(step: Step, env: NodeJS.ProcessEnv, context: Context = {}): Promise<Ended> {
    const own = Object.entries(step.env).flatMap(([name, value]) => {
      // Credentials and addresses of accounts are the environment's own, here the sandbox's.
      if (/\$\{\{ (secrets|vars)\./.test(value)) return [];
      const said = this.text(value, context);
      return [[name, name === "STACK" ? said.replace(/prod$/, "dev") : said] as const];
    });
    const script = join(this.scratch, "step.sh");
    const outputs = join(this.scratch, "outputs");
    await writeFile(script, step.run);
    await writeFile(outputs, "");
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
      cwd: this.dir,
      env: { ...env, GITHUB_OUTPUT: outputs, ...Object.fromEntries(own) },
      timeout: 800_000,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const lines = (await readFile(outputs, "utf8")).split("\n").filter((line) => line !== "");
    return {
      code,
      output,
      outputs: Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
      ),
    };
  }

  /** A text of the workflow with its expressions worked out. */
  text(text: string, context: Context): string {
    return text.replace(/\$\{\{ (.*?) \}\}/gs, (_, expression: string) =>
      String(this.evaluate(expression, context)),
    );
  }

  /**
   * What an expression stands for. The operators of these workflows mean the same in JavaScript.
   * @throws {Error} at a name that no run of these tests knows.
   */
  evaluate(expression: string, { labels = [], ...context }: Context): unknown {
    const labelled = /^contains\(github\.event\.pull_request\.labels\.\*\.name, '([a-z-]+)'\)$/.exec(
      expression,
    );
    if (labelled?.[1] !== undefined) return labels.includes(labelled[1]);
    const github = {
      event: {
        pull_request: { number: 7, head: { sha: this.commit } },
        repository: { private: true },
      },
      token: "stand-in-token",
      sha: this.commit,
    };
    // What is not there is empty to a workflow.
    const value: unknown = runInNewContext(expression, { github, cancelled: () => false, ...context });
    return value ?? "";
  }
}

const STATUS: Readonly<Record<string, string>> = { A: "added", D: "removed", M: "modified", R: "renamed" };

/** As GitHub lists them, from what Git says. */
function changedFiles(status: string): ChangedFile[] {
  return status
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [letter = "", before = "", after] = line.split("\t");
      const file = { filename: after ?? before, status: STATUS[letter[0] ?? ""] ?? "changed" };
      return after === undefined ? file : { ...file, previous_filename: before };
    });
}
