import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../base/errors";
import { fieldsOf, textOf } from "../../base/json-values";
import { pulumi } from "../engine/pulumi";
import { engineAccess, isSandboxed } from "../stack/engine-access";
import { exportState } from "../stack/read-stack";

/** What a command judges, said before its answer and as `judged` in its JSON. */
export interface Judged {
  /** What was read: a stack's state, a plan of what `up` would do, or the answers of what is deployed. */
  read: "state" | "plan" | "live";
  /** Name of the stack; absent where files were given instead. */
  stack?: string;
  /** Where the stack's state is kept: `sandbox`, or the backend's address; absent when Pulumi does not tell. */
  backend?: string;
  /** The files that were given instead of a stack. */
  files?: string[];
  /** The last update that the state knows; absent where nothing says it. */
  asOf?: AsOf;
}

/** An update of a stack. */
interface AsOf {
  /** When it was written (RFC 3339). */
  time?: string;
  /** Its number, where the backend counts. */
  update?: number;
  /** `update`, `refresh`, `import`, … */
  kind?: string;
  /** `succeeded`, `failed`, `in-progress`. */
  result?: string;
}

/**
 * What is judged of a stack.
 * @param exported what `pulumi stack export` printed, where it was read anyway
 */
export async function judgedStack(
  read: Judged["read"],
  { stack, sandbox }: { stack: string; sandbox?: boolean },
  exported?: Promise<string>,
): Promise<Judged> {
  const sandboxed = isSandboxed({ stack, ...(sandbox === undefined ? {} : { sandbox }) });
  const engine = await engineAccess(sandboxed);
  const ask = async (...args: string[]): Promise<unknown> => {
    const { code, stdout } = await pulumi(engine, args).catch(() => ({ code: -1, stdout: "" }));
    return code === 0 ? parsed(stdout) : undefined;
  };
  const [history, who, text] = await Promise.all([
    ask("stack", "history", "--json", "--page-size", "1", "--page", "1", "--stack", stack),
    sandboxed ? undefined : ask("whoami", "--json"),
    exported,
  ]);
  const backend = sandboxed ? "sandbox" : withoutCredentials(textOf(fieldsOf(who)["url"]));
  const asOf = { ...lastUpdate(history), ...(text === undefined ? {} : writtenAt(text)) };
  return {
    read,
    stack,
    ...(backend === undefined ? {} : { backend }),
    ...(Object.keys(asOf).length === 0 ? {} : { asOf }),
  };
}

/** Of which stack the state is judged. */
export interface StateArgs {
  stack: string;
  sandbox?: boolean;
  /** A file that was exported before, instead of the stack. */
  state?: string;
}

/** A state that is judged. */
interface JudgedState {
  /** As `pulumi stack export` prints it. */
  text: string;
  /** Where it comes from, for messages. */
  where: string;
  judged: Judged;
}

/**
 * Reads the state that a command judges: a stack's, or one that was exported to a file.
 * @throws {UserError} when it cannot be read
 */
export async function readJudgedState({ stack, sandbox, state }: StateArgs): Promise<JudgedState> {
  if (state !== undefined) {
    const text = await readFile(state, "utf8").catch((error: NodeJS.ErrnoException) => {
      const remedy = "Give a file that `pulumi stack export` wrote.";
      throw new UserError(`cannot read ${state} (${error.code})`, remedy);
    });
    return { text, where: state, judged: judgedFile(state, text) };
  }
  const exported = exportState(await engineAccess(isSandboxed({ stack, sandbox })), stack);
  const [text, judged] = await Promise.all([exported, judgedStack("state", { stack, sandbox }, exported)]);
  return { text, where: `stack ${stack}`, judged };
}

/** What is judged of an exported state in a file. */
export function judgedFile(file: string, text: string): Judged {
  const asOf = writtenAt(text);
  return { read: "state", files: [file], ...(asOf.time === undefined ? {} : { asOf }) };
}

/** One line for people: stack, backend, as of which update, and what was read. */
export function judgedLine({ read, stack, backend, files = [], asOf }: Judged): string {
  const where = stack === undefined ? files.join(" and ") : `stack ${stack}`;
  const kept = stack === undefined || backend === undefined ? "" : ` (${backend})`;
  const subject = {
    state: `the state of ${where}${kept}`,
    plan: stack === undefined ? `the plan in ${where}` : `the plan of these files for ${where}${kept}`,
    live: `the answers of ${where}${kept}`,
  }[read];
  return `Judged: ${subject}, ${asOfWords(asOf)}; ${READ[read]}.\n`;
}

const READ: Record<Judged["read"], string> = {
  state: "only the state was read, not the live account",
  plan: "only the plan and the state were read, not the live account",
  live: "what is expected is read from there, and then tried live",
};

function asOfWords({ time, update, kind, result }: AsOf = {}): string {
  const number = update === undefined ? undefined : `update ${update}`;
  const at = time === undefined ? undefined : `${time.slice(0, 19).replace("T", " ")} UTC`;
  if (number === undefined && at === undefined) return "which does not say as of when";
  const odd = result === undefined || result === "succeeded" ? [] : [`${kind ?? "update"} ${result}`];
  return `as of ${[number, at, ...odd].filter((part) => part !== undefined).join(", ")}`;
}

const updates = z.array(
  z.object({
    version: z.number().optional(),
    kind: z.string().optional(),
    result: z.string().optional(),
    startTime: z.string().optional(),
    endTime: z.string().optional(),
  }),
);

function lastUpdate(history: unknown): AsOf {
  const last = updates.safeParse(history).data?.[0];
  if (last === undefined) return {};
  const time = utc(last.endTime ?? last.startTime);
  return {
    ...(time === undefined ? {} : { time }),
    // A backend of files does not count: it gives 0 to all.
    ...(last.version ? { update: last.version } : {}),
    ...(last.kind === undefined ? {} : { kind: last.kind }),
    ...(last.result === undefined ? {} : { result: last.result }),
  };
}

function writtenAt(text: string): AsOf {
  const { deployment } = fieldsOf(parsed(text));
  const time = utc(textOf(fieldsOf(fieldsOf(deployment)["manifest"])["time"]));
  return time === undefined ? {} : { time };
}

/** The same moment in UTC; undefined for what is no time. */
function utc(time: string | undefined): string | undefined {
  const date = new Date(time ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A backend's address may hold a user's name and password, and its query what they are used for. */
function withoutCredentials(url: string | undefined): string | undefined {
  return url?.replace(/(?<=:\/\/)[^/?#]*@/, "").replace(/[?#].*$/s, "");
}
