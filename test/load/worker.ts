import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { withTypeScript } from "../../packages/cli/sandboxed/workspace";

/** A call to a process under load, and what it answers. */
interface Call {
  number: number;
  name: string;
  argument: unknown;
}
type Reply = { number: number } & ({ value: unknown } | { error: string });

/** What a process under load can be asked; each by its name. */
export type Handlers = Record<string, (argument: never) => unknown>;

/** Serves calls of the parent; ends with it. */
export function serve(handlers: Handlers): void {
  process.on("message", async ({ number, name, argument }: Call) => {
    const reply: Reply = await Promise.resolve()
      .then(() => handlers[name]?.(argument as never))
      .then(
        (value) => ({ number, value }),
        (error: Error) => ({ number, error: error.stack ?? error.message }),
      );
    process.send?.(reply);
  });
  process.on("disconnect", () => process.exit(0));
}

/** A process of its own, so that what is measured is not what measures. */
export class Worker {
  private last = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();

  private constructor(readonly child: ChildProcess) {
    child.on("message", (reply: Reply) => this.waiting.get(reply.number)?.(reply));
    child.once("exit", (code, signal) => {
      for (const [number, settle] of this.waiting) {
        settle({ number, error: `the process ended (${signal ?? code})` });
      }
    });
  }

  /** @param file a module that calls {@link serve} */
  static start(file: string): Worker {
    return new Worker(fork(file, { execArgv: ["--expose-gc", ...withTypeScript], stdio: "inherit" }));
  }

  /** Rejects with the error that the other side threw, or when it ends without an answer. */
  async call<T>(name: string, argument: unknown = null): Promise<T> {
    if (!this.child.connected) throw new Error("the process has ended");
    this.last += 1;
    const number = this.last;
    const reply = await new Promise<Reply>((resolve) => {
      this.waiting.set(number, resolve);
      this.child.send({ number, name, argument } satisfies Call);
    });
    this.waiting.delete(number);
    if ("error" in reply) throw new Error(reply.error);
    return reply.value as T;
  }

  /** Ends it, and waits for its end. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}
