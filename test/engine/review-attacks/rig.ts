import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineRig } from "../support";
import { WorkflowClone } from "../workflow-clone";
import { AnyKind } from "./any-kind";
import { type Change, make } from "./change";
import { base, unrotated } from "./config-rows";
import { type Outcome, outcomeOf } from "./outcome";

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
    const providers = await AnyKind.open({ apiUrl, apiToken: tokens.preview, gcpUrl: `${url}/gcp` });
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

  /** What the jobs of a pull request without a label come to, as GitHub runs them one after the other. */
  private async review(clone: WorkflowClone, change: Change & { name: string }): Promise<Outcome> {
    await propose(clone, change).catch((error: Error) => {
      throw new Error(`the change "${change.name}" cannot be made: ${error.message}`);
    });
    const env = this.environment(clone);
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

  /** The preview's, where it may use the account: the sandbox's credentials, and a runner's own settings. */
  private environment(clone: WorkflowClone): NodeJS.ProcessEnv {
    const { env } = this.rig.session.target("preview");
    const attached = this.providers.attached(env["PULUMI_DEBUG_PROVIDERS"] ?? "");
    return { ...env, ...clone.environment(), PATH: env["PATH"], PULUMI_DEBUG_PROVIDERS: attached };
  }
}

/** A commit with the change, which the pull request is made of. */
async function propose(clone: WorkflowClone, change: Change & { name: string }): Promise<void> {
  await clone.git("reset", "--quiet", "--hard", "base");
  await clone.git("clean", "--quiet", "--force", "-d");
  await Promise.all(
    ["review.json", "handed-over"].map((each) => rm(join(clone.dir, each), { recursive: true, force: true })),
  );
  await make(change, clone.dir);
  await clone.git("add", "--all");
  await clone.git("commit", "--quiet", "--message", change.name);
  clone.commit = await clone.git("rev-parse", "HEAD");
  clone.github.state.head = clone.commit;
  clone.github.state.comments = [];
  await clone.tell();
}
