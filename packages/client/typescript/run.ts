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
  // Hidden from whoever prints or copies a run: the transport holds the credential, the workflow may hold others.
  readonly #transport: Transport;
  readonly #workflow: unknown;
  readonly #options: RunOptions;
  #id: string;
  #started = false;
  #submitted = false;
  #succeed: (result: RunResult) => void = () => undefined;
  #fail: (error: ComfyUIError) => void = () => undefined;
  readonly #outcome = new Promise<RunResult>((resolve, reject) => {
    this.#succeed = resolve;
    this.#fail = reject;
  });

  constructor(transport: Transport, workflow: unknown, options: RunOptions = {}) {
    this.#transport = transport;
    this.#workflow = workflow;
    this.#options = options;
    this.#id = options.promptId ?? randomUUID();
    // Who only iterates has the error from there.
    this.#outcome.catch(() => undefined);
  }

  /** The id that the prompt is posted with; ComfyUI's own once it has given another one. */
  get promptId(): string {
    return this.#id;
  }

  /** What the prompt made. Rejects with a `ComfyUIError` when it did not succeed. */
  result(): Promise<RunResult> {
    if (!this.#started) void this.drain();
    return this.#outcome;
  }

  /** Stops this prompt, and never another one. The run then ends with `cancelled` (it waited) or `interrupted` (it ran). */
  cancel(options: CallOptions = {}): Promise<Interrupted> {
    return interrupt(this.#transport, this.#id, options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent, void> {
    if (this.#started)
      throw new ComfyUIError(
        "usage",
        "started",
        "a run is iterated once, and before its result is asked for",
      );
    this.#started = true;
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
    const { timeoutMs = 0, signal, extra } = this.#options;
    const limit = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
    const request = {
      workflow: this.#workflow,
      promptId: this.#id,
      extra,
      signal: anyOf(signal, this.#transport.settings.signal, limit, this.#transport.closed),
    };
    try {
      for await (const event of follow(this.#transport, request)) {
        if (event.type === "submitted") {
          this.#id = event.promptId;
          this.#submitted = true;
        }
        if (event.type === "result") this.#succeed(event.result);
        yield event;
      }
    } catch (thrown) {
      const error = this.errorOf(thrown, limit);
      this.#fail(error);
      throw error;
    } finally {
      // Does nothing once it is settled: here the loop was left early.
      this.#fail(
        new ComfyUIError("aborted", "aborted", "the run was left before its end", {
          promptId: this.#id,
          ...(this.#submitted && { taken: true }),
        }),
      );
      this.#transport.cancelled.leave(this.#id);
    }
  }

  private errorOf(thrown: unknown, limit?: AbortSignal): ComfyUIError {
    const id = this.#id;
    const taken = this.#submitted || undefined;
    const goesOn = taken ? "ComfyUI goes on with it" : "whether ComfyUI has taken it is not known";
    if (limit?.aborted) {
      const words = `the prompt ${id} was not done within ${this.#options.timeoutMs} ms; ${goesOn}`;
      return new ComfyUIError("timeout", "total", words, { promptId: id, taken });
    }
    const isEnd = !(thrown instanceof ComfyUIError) || thrown.kind === "aborted";
    if (isEnd && this.#transport.closed.aborted) {
      const words = `the client was closed before the prompt ${id} was done; ${goesOn}`;
      return new ComfyUIError("aborted", "closed", words, { promptId: id, taken });
    }
    const error = this.#transport.failure(thrown, { method: "POST", path: "/prompt" });
    // A mistake in what is to be run is found before it is sent.
    return error.about(id, taken ?? (error.kind === "usage" ? false : undefined));
  }
}
