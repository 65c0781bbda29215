import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineRig } from "../support";
import { WorkflowClone } from "../workflow-clone";
import { AnyKind } from "./any-kind";
import { type Change, make } from "./change";
import { base, unrotated } from "./config-rows";
import { type Outcome, outcomeOf } from "./outcome";

/** The step of a deployment that finds what a program does in an update and not in its preview. */
const AFTER_UPDATE = "Compare what was applied with what was approved";

/** How a deployment ended. */
export interface Deployed {
  /** What was approved: the verdict of its review. */
  approved: string;
  /** The step that was the last. */
  step: string;
  stopped: boolean;
  /** What that step said. */
  said: string;
}

/** A sandbox in which the stack is applied once for all, and clones that propose changes to it. */
export class ReviewRig {
  private constructor(
    private readonly rig: EngineRig,
    private readonly providers: AnyKind,
    private readonly clones: readonly WorkflowClone[],
  ) {}

  /** @param lanes how many reviews run at a time */
  static async open(lanes: number): Promise<ReviewRig> {
    const rig = await EngineRig.open({ rateLimit: false });
    let config = "";
    for (const stack of [unrotated, base]) {
      config = await rig.config(stack);
      const up = await rig.up();
      if (up.code !== 0) throw new Error(`the base is not applied:\n${up.stdout}\n${up.stderr}`);
    }
    const { apiUrl, url, tokens } = rig.session;
    const providers = await AnyKind.open({ apiUrl, apiToken: tokens.up, gcpUrl: `${url}/gcp` });
    const clones = await Promise.all(Array.from({ length: lanes }, () => WorkflowClone.open()));
    for (const clone of clones) {
      await cp(config, join(clone.dir, "Pulumi.dev.yaml"));
      await clone.git("commit", "--quiet", "--all", "--message", "The stack that is there");
      await clone.git("tag", "--force", "base");
    }
    return new ReviewRig(rig, providers, clones);
  }

  async close(): Promise<void> {
    await Promise.all(this.clones.map((clone) => clone.close()));
    await this.providers.close();
    await this.rig.close();
  }

  /** The config that the changes are made to. */
  config(): Promise<string> {
    return readFile(join(this.rig.dir, "Pulumi.dev.yaml"), "utf8");
  }

  /** Reviews each of the changes, in as many lanes as there are. */
  async reviewAll<T extends Change & { name: string }>(
    changes: readonly T[],
    seen: (change: T, outcome: Outcome) => void,
  ): Promise<void> {
    const queue = [...changes];
    const ended = await Promise.allSettled(
      this.clones.map(async (clone) => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          seen(next, await this.review(clone, next));
        }
      }),
    );
    // Not before all have ended: whoever comes next has the same clones.
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Approves a change by its review, merges and applies it, and what is compared after the update says of it. */
  async deploy(change: Change & { name: string }): Promise<Deployed> {
    const [clone] = this.clones;
    if (clone === undefined) throw new Error("there is no clone");
    const { verdict, green } = await this.review(clone, change);
    await mkdir(join(clone.dir, "approved"), { recursive: true });
    await cp(join(clone.dir, "review.json"), join(clone.dir, "approved", "review.json"));
    await rm(join(clone.dir, "review.json"));
    await clone.git("checkout", "--quiet", "--force", clone.commit);
    await clone.merge();
    const env = this.environment(clone, "up");
    const { outcomes, last } = await clone.runJob("deploy.yml", "up", env, AFTER_UPDATE);
    const [step, code] = outcomes.at(-1) ?? ["nothing", 1];
    return { approved: green ? verdict : `not green: ${verdict}`, step, stopped: code !== 0, said: last };
  }

  /** Applies again what was there before; false where the program refuses to, as beside a record that it does not know. */
  async restored(): Promise<boolean> {
    return (await this.rig.up({ env: this.attached("up") })).code === 0;
  }

  /** What the jobs of a pull request without a label come to, as GitHub runs them one after the other. */
  private async review(clone: WorkflowClone, change: Change & { name: string }): Promise<Outcome> {
    await propose(clone, change).catch((error: Error) => {
      throw new Error(`the change "${change.name}" cannot be made: ${error.message}`);
    });
    const env = this.environment(clone, "preview");
    let said = "";
    for (const step of (await clone.job("pull-request.yml", "preview")).steps) {
      const ended = await clone.runStep(step, env);
      said += ended.output;
    }
    // The jobs that judge the judges and write to GitHub check out the branch that is merged into.
    await clone.git("checkout", "--quiet", "--force", "base");
    await mkdir(join(clone.dir, "handed-over"), { recursive: true });
    const review = await readFile(join(clone.dir, "review.json"), "utf8").catch(() => undefined);
    if (review !== undefined) {
      await cp(join(clone.dir, "review.json"), join(clone.dir, "handed-over", "review.json"));
    }
    const [look] = (await clone.job("pull-request.yml", "judges")).steps;
    const [write] = (await clone.job("pull-request.yml", "comment")).steps;
    if (look === undefined || write === undefined) throw new Error("a job has no step");
    const looked = await clone.runStep(look, clone.environment());
    said += looked.output;
    const needs = { judges: { outputs: looked.outputs } };
    const { code } = await clone.runStep(write, clone.environment(), { needs });
    const [comment] = clone.github.state.comments;
    return outcomeOf({ code, comment: comment?.body ?? "", review, said });
  }

  /** A job's, where it may use the account: the sandbox's credentials, and a runner's own settings. */
  private environment(clone: WorkflowClone, as: "up" | "preview"): NodeJS.ProcessEnv {
    const { env } = this.rig.session.target(as);
    return { ...env, ...clone.environment(), PATH: env["PATH"], ...this.attached(as) };
  }

  private attached(as: "up" | "preview"): NodeJS.ProcessEnv {
    const { env } = this.rig.session.target(as);
    return { PULUMI_DEBUG_PROVIDERS: this.providers.attached(env["PULUMI_DEBUG_PROVIDERS"] ?? "") };
  }
}

/** A commit with the change, which the pull request is made of. */
async function propose(clone: WorkflowClone, change: Change & { name: string }): Promise<void> {
  await clone.git("reset", "--quiet", "--hard", "base");
  await clone.git("clean", "--quiet", "--force", "-d");
  await Promise.all(
    ["review.json", "handed-over", "approved", "before.json"].map((each) =>
      rm(join(clone.dir, each), { recursive: true, force: true }),
    ),
  );
  await make(change, clone.dir);
  await clone.git("add", "--all");
  await clone.git("commit", "--quiet", "--message", change.name);
  clone.commit = await clone.git("rev-parse", "HEAD");
  clone.github.state.head = clone.commit;
  clone.github.state.comments = [];
  await clone.tell();
}
