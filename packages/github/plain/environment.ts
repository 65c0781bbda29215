/** A setting of the workflow that is missing or of the wrong form. */
class SettingError extends Error {
  override readonly name = "SettingError";
}

/**
 * Reads one environment variable of a workflow step.
 * @throws {SettingError} when it is not of this form; the message does not repeat it, since it may be a secret.
 */
export function setting(name: string, form: RegExp): string {
  const value = process.env[name] ?? "";
  if (!form.test(value)) throw new SettingError(`${name} is not set, or not of the form ${form.source}`);
  return value;
}

/** What the runner says of this run. */
export interface Run {
  id: number;
  attempt: number;
  repository: string;
  url: string;
  apiUrl: string;
}

/** @throws {SettingError} outside of a workflow run. */
export function currentRun(): Run {
  const repository = setting("GITHUB_REPOSITORY", /^[\w.-]+\/[\w.-]+$/);
  const id = Number(setting("GITHUB_RUN_ID", /^\d{1,15}$/));
  return {
    id,
    attempt: Number(setting("GITHUB_RUN_ATTEMPT", /^\d{1,6}$/)),
    repository,
    url: `${setting("GITHUB_SERVER_URL", /^https?:\/\/[\w.:-]+$/)}/${repository}/actions/runs/${id}`,
    apiUrl: setting("GITHUB_API_URL", /^https?:\/\/[\w.:/-]+$/),
  };
}

/** Login as which a workflow's own token writes. */
export const WORKFLOW_LOGIN = "github-actions[bot]";

/** Puts an annotation on the run's page. */
export function annotate(level: "error" | "warning", text: string): void {
  // As GitHub wants it in a workflow command, so that no text can begin a command of its own.
  const escaped = text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
  process.stdout.write(`::${level}::${escaped}\n`);
}

/** Runs a script to its end; what fails is said as an annotation of the run, without a stack trace. */
export function runScript(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    annotate("error", error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
