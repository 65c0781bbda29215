import { randomUUID } from "node:crypto";
import { ComfyUIError } from "./errors";
import type { RunEvent, RunResult } from "./events";
import { follow } from "./follow";
import { type Interrupted, interrupt } from "./interrupt";
import { anyOf, type CallOptions, type Transport } from "./transport";

export interface RunOptions extends CallOptions {
  /** Longest time for the whole run, in milliseconds; 0 = no limit, the default. The prompt goes on without it. */
  timeoutMs?: number;
  /** The prompt's id: a lower-case UUID. Default: a new one. */
  promptId?: string;
  /** Further keys of the request body: `extra_data`, `front`, `number`, `partial_execution_targets`. */
  extra?: Record<string, unknown>;
}

/**
 * One prompt: its events when iterated, its result from `result()`; either starts it. Leaving the loop early, or an
 * abort, stops the following and leaves the prompt to ComfyUI; `cancel()` stops the prompt itself.
 */
export class Run implements AsyncIterable<RunEvent> {
  private id: string;
  private started = false;
  private succeed: (result: RunResult) => void = () => undefined;
  private fail: (error: ComfyUIError) => void = () => undefined;
  private readonly outcome = new Promise<RunResult>((resolve, reject) => {
    this.succeed = resolve;
    this.fail = reject;
  });

  constructor(
    private readonly transport: Transport,
    private readonly workflow: unknown,
    private readonly options: RunOptions = {},
  ) {
    this.id = options.promptId ?? randomUUID();
    // Who only iterates has the error from there.
    this.outcome.catch(() => undefined);
  }

  /** The id that the prompt is posted with; ComfyUI's own once it has given another one. */
  get promptId(): string {
    return this.id;
  }

  /** What the prompt made. Rejects with a `ComfyUIError` when it did not succeed. */
  result(): Promise<RunResult> {
    if (!this.started) void this.drain();
    return this.outcome;
  }

  /** Stops this prompt, and never another one. */
  cancel(options: CallOptions = {}): Promise<Interrupted> {
    return interrupt(this.transport, this.id, options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent, void> {
    if (this.started)
      throw new ComfyUIError(
        "usage",
        "started",
        "a run is iterated once, and before its result is asked for",
      );
    this.started = true;
    return this.events();
  }

  private async drain(): Promise<void> {
    try {
      for await (const _event of this);
    } catch {
      // `outcome` has it.
    }
  }

  private async *events(): AsyncGenerator<RunEvent, void> {
    const { timeoutMs = 0, signal, extra } = this.options;
    const limit = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
    const request = {
      workflow: this.workflow,
      promptId: this.id,
      extra,
      signal: anyOf(signal, this.transport.settings.signal, limit, this.transport.closed),
    };
    try {
      for await (const event of follow(this.transport, request)) {
        if (event.type === "submitted") this.id = event.promptId;
        if (event.type === "result") this.succeed(event.result);
        yield event;
      }
    } catch (thrown) {
      const error = this.errorOf(thrown, limit);
      this.fail(error);
      throw error;
    } finally {
      // Does nothing once it is settled: here the loop was left early.
      this.fail(
        new ComfyUIError("aborted", "aborted", "the run was left before its end", { promptId: this.id }),
      );
    }
  }

  private errorOf(thrown: unknown, limit?: AbortSignal): ComfyUIError {
    const { id } = this;
    if (limit?.aborted) {
      const words = `the prompt ${id} was not done within ${this.options.timeoutMs} ms; ComfyUI goes on with it`;
      return new ComfyUIError("timeout", "total", words, { promptId: id });
    }
    const isEnd = !(thrown instanceof ComfyUIError) || thrown.kind === "aborted";
    if (isEnd && this.transport.closed.aborted) {
      const words = `the client was closed before the prompt ${id} was done; ComfyUI goes on with it`;
      return new ComfyUIError("aborted", "closed", words, { promptId: id });
    }
    const request = { method: "POST", path: "/prompt" } as const;
    return this.transport.failure(thrown, request).about(id);
  }
}
