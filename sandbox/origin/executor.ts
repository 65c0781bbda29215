import { createHash } from "node:crypto";
import type { Files } from "./files";
import { jpeg, type PreviewImage, png, previewFrame, previewWithMetadataFrame, textFrame } from "./frames";
import { NODE_CLASSES } from "./node-classes";
import type { PromptQueue, QueueItem, StatusMessage } from "./queue";
import type { OriginSettings } from "./settings";
import type { Sockets } from "./sockets";
import { ancestors, isLink, type Workflow } from "./validation";

type UiOutput = Record<string, unknown[]>;

/** A failure to play when a node runs. */
export interface NodeFailure {
  /** Class of the node, e.g. `KSampler`. */
  classType: string;
  message: string;
  /** Python's name of the exception; default `RuntimeError`. */
  exceptionType?: string;
  /** How many nodes of the class fail; default 1. */
  times?: number;
  /** `ExecutionBlocked`: an `execution_error` is sent, but the prompt goes on. */
  blocked?: boolean;
}

/** What a running prompt knows. */
interface Run {
  item: QueueItem;
  promptId: string;
  workflow: Workflow;
  clientId: string | undefined;
  messages: StatusMessage[];
  executed: string[];
  progress: Record<string, { value: number; max: number; state: "running" | "finished" }>;
}

class Interrupted extends Error {}

/** An error of a node, with what ComfyUI tells of it. */
class NodeError extends Error {
  constructor(readonly failure: NodeFailure) {
    super(failure.message);
  }
}

/**
 * Runs queued prompts one after the other and sends their events in ComfyUI's order (main.py, execution.py,
 * comfy_execution/progress.py). Outputs of the last prompt's nodes are kept: a node that comes again unchanged
 * is not run again.
 */
export class Executor {
  /** While true, no further prompt is started. */
  paused = false;
  /** While true, the running prompt stands still before its next node or step. */
  held = false;
  failures: NodeFailure[] = [];
  /** UI outputs by what the node and its ancestors are; null for a node that has none. */
  #cache = new Map<string, UiOutput | null>();
  #interrupted = false;
  #counter = 0;
  #closed = false;
  #lastClientId: string | undefined;
  #lastNodeId: string | undefined;
  #freeing = false;
  #wake: (() => void) | undefined;
  #cutShort: (() => void) | undefined;

  constructor(
    private readonly parts: { queue: PromptQueue; sockets: Sockets; files: Files; settings: OriginSettings },
  ) {}

  /** Events for a client that connects while its own prompt runs: without a prompt id, as ComfyUI has it. */
  resumed(clientId: string): [string, unknown][] {
    if (this.#lastClientId !== clientId || this.#lastNodeId === undefined) return [];
    return [["executing", { node: this.#lastNodeId }]];
  }

  /** Stops the running prompt at its next node or step. */
  interrupt(): void {
    this.#interrupted = true;
    this.#cutShort?.();
    this.wake();
  }

  /** Forgets the outputs that are kept, as soon as nothing runs. */
  free(): void {
    this.#freeing = true;
    this.wake();
  }

  /** Looks again at the queue and at what stands still. */
  wake(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.interrupt();
  }

  /** Works the queue off until it is closed. */
  async work(): Promise<void> {
    while (!this.#closed) {
      const item = this.paused ? undefined : this.parts.queue.take();
      if (item !== undefined) await this.#execute(item);
      if (this.#freeing) this.#cache.clear();
      this.#freeing = false;
      if (item === undefined) await this.#woken();
    }
  }

  async #execute(item: QueueItem): Promise<void> {
    const { queue, sockets, settings } = this.parts;
    const [, promptId, workflow, extraData] = item;
    const clientId = typeof extraData.client_id === "string" ? extraData.client_id : undefined;
    this.#interrupted = false;
    this.#lastClientId = clientId;
    const run: Run = { item, promptId, workflow, clientId, messages: [], executed: [], progress: {} };
    const signatures = signaturesOf(workflow);
    const success = await this.#runNodes(run, signatures);
    this.#lastNodeId = undefined;
    await new Promise((resolve) => setTimeout(resolve, settings.historyDelayMs));
    queue.finish({
      outputs: this.#uiOutputs(signatures),
      status: { status_str: success ? "success" : "error", completed: success, messages: run.messages },
      meta: Object.fromEntries(
        Object.keys(this.#uiOutputs(signatures)).map((id) => [
          id,
          { node_id: id, display_node: id, parent_node: null, real_node_id: id },
        ]),
      ),
    });
    if (clientId !== undefined) sockets.send("executing", { node: null, prompt_id: promptId }, clientId);
  }

  async #runNodes(run: Run, signatures: Map<string, string>): Promise<boolean> {
    const { promptId, workflow } = run;
    this.#message(run, "execution_start", { prompt_id: promptId });
    const current = new Set(signatures.values());
    for (const signature of this.#cache.keys()) if (!current.has(signature)) this.#cache.delete(signature);
    const isCached = (id: string) => this.#cache.has(signatures.get(id) ?? "");
    const cached = Object.keys(workflow).filter(isCached);
    this.#message(run, "execution_cached", { nodes: cached, prompt_id: promptId });
    for (const id of nodesToRun(run.item, cached)) {
      try {
        if (isCached(id)) this.#reuse(run, id, this.#cache.get(signatures.get(id) ?? "") ?? null);
        else this.#cache.set(signatures.get(id) ?? "", await this.#runNode(run, id));
      } catch (error) {
        this.#failed(run, id, error);
        return false;
      }
    }
    this.#message(run, "execution_success", { prompt_id: promptId });
    return true;
  }

  #reuse(run: Run, id: string, output: UiOutput | null): void {
    this.#executed(run, id, output);
    run.progress[id] = { value: 1, max: 1, state: "finished" };
    this.#progressState(run);
  }

  #executed(run: Run, id: string, output: UiOutput | null): void {
    if (run.clientId === undefined) return;
    const data = { node: id, display_node: id, output, prompt_id: run.promptId };
    this.parts.sockets.send("executed", data, run.clientId);
  }

  async #runNode(run: Run, id: string): Promise<UiOutput | null> {
    const { sockets, settings } = this.parts;
    const { promptId, clientId } = run;
    const classType = run.workflow[id]?.class_type ?? "";
    run.progress[id] = { value: 0, max: 1, state: "running" };
    this.#progressState(run);
    if (clientId !== undefined) {
      this.#lastNodeId = id;
      sockets.send("executing", { node: id, display_node: id, prompt_id: promptId }, clientId);
    }
    if (settings.progressText) sockets.sendBinary(textFrame(id, `${classType} is running`), clientId);
    await this.#stand();
    this.#playFailure(run, id, classType);
    if (classType === "KSampler") await this.#sample(run, id);
    else await this.#pass(settings.msPerNode);
    if (classType === "SaveImageWebsocket") this.#preview(run, id, { type: "image/png", bytes: png(1) });
    const output = this.#uiOutput(classType, run.workflow[id]?.inputs ?? {});
    if (output !== null) this.#executed(run, id, output);
    run.progress[id] = { ...run.progress[id], value: 1, max: 1, state: "finished" };
    this.#progressState(run);
    run.executed.push(id);
    return output;
  }

  async #sample(run: Run, id: string): Promise<void> {
    const { sockets, settings } = this.parts;
    const max = Number(run.workflow[id]?.inputs.steps ?? 1);
    for (let value = 1; value <= max; value++) {
      await this.#pass(settings.msPerStep);
      run.progress[id] = { value, max, state: "running" };
      this.#progressState(run);
      const image = { type: "image/jpeg", bytes: jpeg(value) } as const;
      if (settings.previews && sockets.supports(run.clientId, "supports_preview_metadata")) {
        this.#preview(run, id, image);
      }
      sockets.send("progress", { value, max, prompt_id: run.promptId, node: id }, run.clientId);
      if (settings.previews && !sockets.supports(run.clientId, "supports_preview_metadata")) {
        this.#preview(run, id, image);
      }
    }
  }

  #preview(run: Run, id: string, image: PreviewImage): void {
    const { sockets } = this.parts;
    const frame = sockets.supports(run.clientId, "supports_preview_metadata")
      ? previewWithMetadataFrame(image, {
          node_id: id,
          prompt_id: run.promptId,
          display_node_id: id,
          parent_node_id: null,
          real_node_id: id,
        })
      : previewFrame(image);
    sockets.sendBinary(frame, run.clientId);
  }

  #uiOutput(classType: string, inputs: Record<string, unknown>): UiOutput | null {
    const { files, settings } = this.parts;
    const planned = settings.uiOutputs[classType];
    if (planned !== undefined) return planned;
    if (classType === "PreviewAny") return { text: [String(inputs.source)] };
    if (classType !== "SaveImage" && classType !== "PreviewImage") return null;
    this.#counter += 1;
    const type = classType === "SaveImage" ? "output" : "temp";
    const prefix = classType === "SaveImage" ? String(inputs.filename_prefix) : "ComfyUI_temp";
    const filename = `${prefix.split("/").pop()}_${String(this.#counter).padStart(5, "0")}_.png`;
    const subfolder = prefix.split("/").slice(0, -1).join("/");
    const path = subfolder === "" ? filename : `${subfolder}/${filename}`;
    files.generate(type, path, png(this.#counter), settings.outputBytes);
    return { images: [{ filename, subfolder, type }] };
  }

  #playFailure(run: Run, id: string, classType: string): void {
    const failure = this.failures.find((planned) => planned.classType === classType);
    if (failure === undefined) return;
    failure.times = (failure.times ?? 1) - 1;
    if (failure.times <= 0) this.failures = this.failures.filter((planned) => planned !== failure);
    if (failure.blocked !== true) throw new NodeError(failure);
    // Not terminal, and not part of the prompt's history.
    const data = errorData(run, id, { ...failure, exceptionType: "ExecutionBlocked" });
    this.parts.sockets.send("execution_error", data, run.clientId);
  }

  #failed(run: Run, id: string, error: unknown): void {
    if (error instanceof NodeError) {
      this.#message(run, "execution_error", errorData(run, id, error.failure));
      return;
    }
    if (!(error instanceof Interrupted)) throw error;
    const data = { prompt_id: run.promptId, node_id: id, node_type: run.workflow[id]?.class_type };
    this.#message(run, "execution_interrupted", { ...data, executed: run.executed }, { broadcast: true });
  }

  #message(
    run: Run,
    event: string,
    data: Record<string, unknown>,
    options: { broadcast?: boolean } = {},
  ): void {
    const message = { ...data, timestamp: Date.now() };
    run.messages.push([event, message]);
    if (run.clientId !== undefined || options.broadcast === true) {
      this.parts.sockets.send(event, message, run.clientId);
    }
  }

  #progressState(run: Run): void {
    const nodes = Object.entries(run.progress).map(([id, progress]) => [
      id,
      {
        ...progress,
        node_id: id,
        prompt_id: run.promptId,
        display_node_id: id,
        parent_node_id: null,
        real_node_id: id,
      },
    ]);
    const data = { prompt_id: run.promptId, nodes: Object.fromEntries(nodes) };
    this.parts.sockets.send("progress_state", data, run.clientId);
  }

  #uiOutputs(signatures: Map<string, string>): Record<string, UiOutput> {
    const outputs = [...signatures].map(([id, signature]) => [id, this.#cache.get(signature)] as const);
    return Object.fromEntries(outputs.filter((entry): entry is [string, UiOutput] => entry[1] != null));
  }

  /** Lets time pass; ends early, with an error, when the prompt is interrupted. */
  async #pass(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#interrupted ? 0 : milliseconds);
      this.#cutShort = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await this.#stand();
  }

  async #stand(): Promise<void> {
    while (this.held && !this.#interrupted) await this.#woken();
    if (this.#interrupted) throw new Interrupted();
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#closed) resolve();
    });
  }
}

function errorData(run: Run, id: string, failure: NodeFailure): Record<string, unknown> {
  return {
    prompt_id: run.promptId,
    node_id: id,
    node_type: run.workflow[id]?.class_type,
    executed: run.executed,
    exception_message: `${failure.message}\n`,
    exception_type: failure.exceptionType ?? "RuntimeError",
    traceback: ['  File "execution.py", line 1, in execute\n'],
    current_inputs: {},
    current_outputs: [...run.executed],
  };
}

/** The output nodes and what they need, in order; what only cached nodes need is left out. */
function nodesToRun(item: QueueItem, cached: readonly string[]): string[] {
  const [, , workflow, , outputs] = item;
  const order: string[] = [];
  const needed = (id: string) => {
    if (order.includes(id)) return;
    for (const value of cached.includes(id) ? [] : Object.values(workflow[id]?.inputs ?? {})) {
      if (isLink(value) && !cached.includes(value[0])) needed(value[0]);
    }
    order.push(id);
  };
  for (const id of outputs) needed(id);
  return order;
}

/** For each node a digest of its class, its values and all that it is made from. */
function signaturesOf(workflow: Workflow): Map<string, string> {
  const signatures = new Map<string, string>();
  for (const id of Object.keys(workflow)) {
    for (const node of ancestors(workflow, id)) {
      if (signatures.has(node)) continue;
      const { class_type, inputs } = workflow[node] ?? { class_type: "", inputs: {} };
      const parts = Object.entries(inputs ?? {}).map(([name, value]) =>
        isLink(value) ? [name, signatures.get(value[0]), value[1]] : [name, value],
      );
      // Every output node writes its own file, so equal output nodes are told apart.
      const own = NODE_CLASSES[class_type]?.outputNode === true ? node : "";
      const text = JSON.stringify([class_type, own, parts]);
      signatures.set(node, createHash("sha256").update(text).digest("hex"));
    }
  }
  return signatures;
}
