import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../base/errors";
import { inFolder } from "../../base/process/in-folder";
import { type PulumiResult, previewErrors, sectionOf } from "../engine/pulumi";
import { type ChangeSummary, changesOf } from "../sandboxed/pulumi";
import type { EngineAccess } from "../secrets/engine-cli";
import { maskSecrets } from "../secrets/mask";
import { pastLock } from "../stack/past-lock";

/** How long to wait for an update that somebody else runs, in milliseconds. */
const LOCK_PATIENCE = 30_000;

/** The engine on one stack, past the lock that a killed run left. */
export class StackEngine {
  constructor(
    private readonly access: EngineAccess,
    private readonly stack: string,
    /** The stack's config file. */
    private readonly configFile: string,
    /** Called when a dead run's lock was removed. */
    private readonly onUnlock: (detail: string) => void = () => {},
  ) {}

  /**
   * What an update with this config would do, as JSON.
   * @throws {UserError} with the engine's words when it cannot be said.
   */
  async preview(config: string): Promise<string> {
    // Beside the real one it could be taken for a stack's; and it must never stay.
    return inFolder("rotate", async (folder) => {
      const file = join(folder, `Pulumi.${this.stack}.yaml`);
      await writeFile(file, config, { mode: 0o600 });
      const args = ["preview", "--json", "--stack", this.stack, "--config-file", file];
      return (await this.run("preview the rotation", args)).stdout;
    });
  }

  /**
   * Brings the stack up to its config.
   * @throws {UserError} with the engine's words when that fails.
   */
  async up(): Promise<ChangeSummary> {
    return changesOf(await this.run("bring the stack up", ["up", "--yes", "--skip-preview", ...this.own()]));
  }

  /** Reads one resource anew, and forgets about creations that were broken off. */
  async refresh(urn: string): Promise<void> {
    const args = ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--target", urn];
    await this.run("read the token anew", [...args, ...this.own()]);
  }

  private own(): string[] {
    return ["--stack", this.stack, "--config-file", this.configFile];
  }

  private async run(purpose: string, args: string[]): Promise<PulumiResult> {
    const result = await pastLock(this.access, this.stack, args, {
      patience: LOCK_PATIENCE,
      onUnlock: this.onUnlock,
    });
    if (result.code !== 0) throw failure(purpose, result);
    return result;
  }
}

/** What the engine says went wrong, without a secret. */
function failure(purpose: string, { stdout, stderr, code }: PulumiResult): UserError {
  const diagnostics = sectionOf(stdout, "Diagnostics").split("\n").slice(1);
  const planned = previewErrors(stdout).flatMap((message) => `error: ${message}`.split("\n"));
  const errors = [...diagnostics, ...planned, ...stderr.split("\n")]
    .map((line) => line.trim())
    .filter((line) => /^(error:|→)|HTTP \d|refused/.test(line));
  const said = [...new Set(errors)].map((line) => line.replace(/^error: /, "")).join("\n  ");
  return new UserError(
    `could not ${purpose}: ${maskSecrets(said) || `pulumi ended with ${code}`}`,
    "Mend that and run the command again; the secrets that worked before still do.",
  );
}
