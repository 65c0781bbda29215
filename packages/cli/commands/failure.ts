import { ApiError, UserError } from "../../base/errors";
import { UsageError } from "./args";

/** What a command that failed prints, and its exit code. */
export interface Failure {
  text: string;
  exitCode: 1 | 2;
}

/** What to do when the system refuses, by its code. */
const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "Let this user read and write it, or run the command as who may.",
  EPERM: "Let this user read and write it, or run the command as who may.",
  EROFS: "It is on a file system that cannot be written: use another folder.",
  ENOSPC: "The disk is full: make room, then run the command again.",
  EDQUOT: "The disk quota is used up: make room, then run the command again.",
  EISDIR: "A file belongs there, and a folder was found: move it away.",
  ENOTDIR: "A folder belongs there, and a file was found: move it away.",
  EEXIST: "Something else is there already: move it away.",
  ENOENT: "Run the command in the project's folder, and name a path that exists.",
  EADDRINUSE: "Another program uses that port: stop it, or name another one.",
  EMFILE: "Too many files are open: raise the limit (ulimit -n), then run the command again.",
  ENOEXEC: "It is not a program for this machine: install it anew.",
};

/** Words of any error, as every command prints them: what happened, and below it what to do. */
export function failureOf(error: unknown): Failure {
  // Wrong use is citty's own error too.
  const usage = error instanceof UsageError || (error instanceof Error && error.name === "CLIError");
  if (usage) return { text: said((error as Error).message), exitCode: 2 };
  return { text: said(wordsOf(error)), exitCode: 1 };
}

/** One error as it is printed, also by commands that go on after it. */
export function said(message: string): string {
  return `\nerror: ${message}\n`;
}

function wordsOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (error instanceof ApiError) return `${error.message}${remedyOf(error)}`;
  const { code, syscall, path, port } = (error ?? {}) as NodeJS.ErrnoException & { port?: number };
  const remedy = code === undefined ? undefined : SYSTEM[code];
  if (remedy !== undefined && syscall !== undefined) {
    const where = path ?? (port === undefined ? "a file" : `port ${port}`);
    return `could not ${syscall} ${where} (${code})\n  → ${remedy}`;
  }
  // A mistake of the program itself: where it happened is what a report of it needs.
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `the program made a mistake, please report it: ${trace}`;
}

/** What to do after a call that failed, as far as its status says; what has none, such as the engine, says it itself. */
function remedyOf({ status, call }: ApiError): string {
  const unanswered = call.unanswered === undefined ? undefined : UNREACHED;
  const remedy = status === undefined ? unanswered : onStatus(status);
  return remedy === undefined ? "" : `\n  → ${remedy}`;
}

const UNREACHED =
  "Look whether this machine reaches the API (and CLOUDFLARE_BASE_URL, if it is set), then run the command again.";

function onStatus(status: number): string {
  if (status === 401 || status === 403) {
    return "Look whether the API token is active and has what it needs: npm run doctor";
  }
  if (status === 429) return "Wait for as long as it says, or for five minutes, then run the command again.";
  if (status >= 500) return "The API has a fault: run the command again later.";
  return "Look whether accountId and the zone are right (and CLOUDFLARE_BASE_URL, if it is set): npm run doctor";
}
