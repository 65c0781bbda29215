import { type PreviewImage, previewFrame, previewWithMetadataFrame, textFrame } from "./frames";
import { isLink, type Workflow } from "./graph";
import type { QueueItem, StatusMessage, UiOutput } from "./queue";
import type { Sockets } from "./sockets";

/** How a node fails. */
export interface Failure {
  message: string;
  /** Python's name of the exception; default `RuntimeError`. */
  exceptionType?: string;
}

/**
 * One prompt while it runs, and the events about it (Comfy-Org/ComfyUI, execution.py, comfy_execution/progress.py).
 * What executes is told to the prompt's own client alone, and to none without a `client_id`; progress and
 * previews then go to everybody.
 */
export class Run {
  readonly promptId: string;
  readonly workflow: Workflow;
  readonly clientId: string | undefined;
  readonly outputs: string[];
  /** What history keeps of the events. */
  readonly messages: StatusMessage[] = [];
  readonly #executed: string[] = [];
  readonly #blocked = new Set<string>();
  readonly #expanded = new Set<string>();
  readonly #progress: Record<string, { value: number; max: number; state: "running" | "finished" }> = {};

  constructor(
    [, promptId, workflow, extraData, outputs]: QueueItem,
    private readonly sockets: Sockets,
  ) {
    this.promptId = promptId;
    this.workflow = workflow;
    this.outputs = outputs;
    this.clientId = typeof extraData.client_id === "string" ? extraData.client_id : undefined;
  }

  classOf(id: string): string {
    return this.workflow[id]?.class_type ?? "";
  }

  started(): void {
    this.#message("execution_start", { prompt_id: this.promptId });
  }

  /** These nodes need not run again; told also when there are none. */
  cached(nodes: readonly string[]): void {
    this.#message("execution_cached", { nodes, prompt_id: this.promptId });
  }

  succeeded(): void {
    this.#message("execution_success", { prompt_id: this.promptId });
  }

  failed(id: string, failure: Failure): void {
    this.#message("execution_error", this.#error(id, failure));
  }

  /** An error that does not end the prompt, and that history does not list; in this one there is no line of Python's. */
  blocked(id: string, message: string): void {
    this.block(id);
    const data = {
      ...this.#error(id, { message: "", exceptionType: "ExecutionBlocked" }),
      exception_message: `Execution Blocked: ${message}`,
      traceback: [],
      current_inputs: [],
      current_outputs: [],
    };
    this.sockets.send("execution_error", data, this.clientId);
  }

  /** The node makes nothing. */
  block(id: string): void {
    this.#blocked.add(id);
  }

  /** Whether a node that this one needs is blocked: this one is then too, without a word. */
  isBlocked(id: string): boolean {
    const inputs = Object.values(this.workflow[id]?.inputs ?? {});
    return inputs.some((value) => isLink(value) && this.#blocked.has(value[0]));
  }

  /** The node becomes another one, as in a subgraph: from here on that one is told of. */
  expand(id: string): void {
    this.#expanded.add(id);
    this.#toClient("executing", { node: this.tellsAs(id), display_node: id, prompt_id: this.promptId });
  }

  /** The id under which a node is told of, in events and history. */
  tellsAs(id: string): string {
    return this.#expanded.has(id) ? `${id}.0.0.1` : id;
  }

  /** The node of the workflow that a told id stands for. */
  displayNodeOf(told: string): string {
    const display = told.replace(/\.0\.0\.1$/, "");
    return this.#expanded.has(display) ? display : told;
  }

  /** Told to everybody when the prompt has no client. */
  interrupted(id: string): void {
    const data = {
      prompt_id: this.promptId,
      node_id: id,
      node_type: this.classOf(id),
      executed: this.#executed,
    };
    this.#message("execution_interrupted", data, { broadcast: true });
  }

  /** The prompt has ended, however it ended. */
  ended(): void {
    this.#toClient("executing", { node: null, prompt_id: this.promptId });
  }

  nodeStarted(id: string): void {
    this.#progressed(id, 0, 1, "running");
    this.#toClient("executing", { node: id, display_node: id, prompt_id: this.promptId });
  }

  /** A node has output for the page. */
  nodeOutput(id: string, output: UiOutput | null): void {
    const node = this.tellsAs(id);
    this.#toClient("executed", { node, display_node: id, output, prompt_id: this.promptId });
  }

  nodeFinished(id: string): void {
    const max = this.#progress[id]?.max ?? 1;
    this.#progressed(id, max, max, "finished");
  }

  nodeExecuted(id: string): void {
    this.nodeFinished(id);
    this.#executed.push(id);
  }

  /** A sampler's step, with a preview where there is one: of type 4 for clients that asked for it, else 1. */
  step(id: string, value: number, max: number, image: PreviewImage | undefined): void {
    this.#progressed(id, value, max, "running");
    const withMetadata = this.sockets.supports(this.clientId, "supports_preview_metadata");
    if (image !== undefined && withMetadata) this.preview(id, image);
    this.sockets.send("progress", { value, max, prompt_id: this.promptId, node: id }, this.clientId);
    if (image !== undefined && !withMetadata) this.preview(id, image);
  }

  preview(id: string, image: PreviewImage): void {
    const frame = this.sockets.supports(this.clientId, "supports_preview_metadata")
      ? previewWithMetadataFrame(image, { prompt_id: this.promptId, ...nodeIds(this.tellsAs(id), id) })
      : previewFrame(image);
    this.sockets.sendBinary(frame, this.clientId);
  }

  text(id: string, text: string): void {
    this.sockets.sendBinary(textFrame(id, text), this.clientId);
  }

  #progressed(id: string, value: number, max: number, state: "running" | "finished"): void {
    this.#progress[id] = { value, max, state };
    const nodes = Object.entries(this.#progress).map(([node, progress]) => [
      node,
      { ...progress, prompt_id: this.promptId, ...nodeIds(node, node) },
    ]);
    const data = { prompt_id: this.promptId, nodes: Object.fromEntries(nodes) };
    this.sockets.send("progress_state", data, this.clientId);
  }

  #message(event: string, data: Record<string, unknown>, options: { broadcast?: boolean } = {}): void {
    const message = { ...data, timestamp: Date.now() };
    this.messages.push([event, message]);
    if (this.clientId !== undefined || options.broadcast === true) {
      this.sockets.send(event, message, this.clientId);
    }
  }

  #toClient(event: string, data: Record<string, unknown>): void {
    if (this.clientId !== undefined) this.sockets.send(event, data, this.clientId);
  }

  #error(id: string, { message, exceptionType = "RuntimeError" }: Failure): Record<string, unknown> {
    return {
      prompt_id: this.promptId,
      node_id: id,
      node_type: this.classOf(id),
      executed: [...this.#executed],
      exception_message: `${message}\n`,
      exception_type: exceptionType,
      traceback: ['  File "execution.py", line 1, in execute\n'],
      current_inputs: {},
      current_outputs: [...this.#executed],
    };
  }
}

/** The ids by which a node is known; they only differ for one that came of another's expansion. */
const nodeIds = (id: string, display: string) => ({
  node_id: id,
  display_node_id: display,
  parent_node_id: id === display ? null : display,
  real_node_id: display,
});
