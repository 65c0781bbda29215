import { existsSync } from "node:fs";
import { join } from "node:path";
import { ApiError, UserError } from "../../base/errors";
import { type PulumiCall, type PulumiResult, type PulumiTarget, pulumi, sectionOf } from "../engine/pulumi";
import { runEngine } from "../secrets/engine-cli";
import { projectDir } from "./workspace";

/** Arguments that have a preview or an update judged by the guardrails. */
export const guardrails: readonly string[] = ["--policy-pack", join(projectDir, "policies", "run")];

/**
 * Runs the engine and expects it to succeed.
 *
 * @throws {ApiError} with the engine's own diagnostics when it does not.
 */
export async function mustPulumi(
  target: PulumiTarget,
  args: string[],
  call: PulumiCall = {},
): Promise<PulumiResult> {
  const result = await pulumi(target, args, call);
  if (result.code !== 0) {
    throw new ApiError({
      action: "run",
      object: `pulumi ${args[0]} (exit ${result.code})`,
      detail: `\n${diagnostics(result)}`,
    });
  }
  return result;
}

/**
 * What went wrong, out of all that the engine printed: its diagnostics and the rules that do not hold, or the end
 * of what it wrote when there is neither.
 */
function diagnostics({ stdout, stderr }: PulumiResult): string {
  const policies = sectionOf(stdout, "Policies");
  const found = [sectionOf(stdout, "Diagnostics"), policies.includes("[mandatory]") ? policies : ""]
    .join("")
    .trimEnd();
  return found || `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
}

/**
 * Makes the stack if it is not there yet.
 * @throws {UserError} when no file declares it: a misspelt name would make a stack, and leave a file for it behind.
 */
export async function ensureStack(target: PulumiTarget, stack: string): Promise<void> {
  const selected = await pulumi(target, ["stack", "select", stack]);
  if (selected.code === 0) return;
  const file = join(target.cwd, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    throw new UserError(
      `there is no stack ${stack}: ${file} does not exist`,
      "Name a stack that has a file.",
    );
  }
  await runEngine(target, { purpose: `make stack ${stack}`, args: ["stack", "init", "--stack", stack] });
}

/** Counts of one preview or update, as the engine sums them up: `{create: 9}`. */
export type ChangeSummary = Partial<Record<string, number>>;

/** Reads the counts from the engine's closing `Resources:` section. */
export function changesOf(result: PulumiResult): ChangeSummary {
  const section = /Resources:\n([\s\S]*?)(?:\n\n|\nDuration|$)/.exec(result.stdout)?.[1] ?? "";
  const summary: ChangeSummary = {};
  for (const line of section.split("\n")) {
    const match = /^\s+(?:[+\-~±>]+ )?(?:\+-)?\s*(\d+) (?:to )?([a-z]+)/.exec(line);
    if (match?.[1] && match[2]) summary[match[2].replace(/d$/, "")] = Number(match[1]);
  }
  return summary;
}
