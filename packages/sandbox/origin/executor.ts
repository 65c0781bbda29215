import type { Files } from "./files";
import { jpeg, png } from "./frames";
import { nodesToRun, signaturesOf } from "./graph";
import type { PromptQueue, QueueItem, UiOutput } from "./queue";
import { type Failure, Run } from "./run";
import type { OriginSettings } from "./settings";
import type { Sockets } from "./sockets";
import { numberOf, textOf } from "./values";

/** A failure to play when a node runs. */
export interface NodeFailure extends Failure {
  /** Class of the node, e.g. `KSampler`. */
  classType: string;
  /** How many nodes of the class fail; default 1. */
  times?: number;
  /** `ExecutionBlocked`: an `execution_error` is sent, the prompt goes on, and what hangs on the node is not made. */
  blocked?: boolean;
}

class Interrupted extends Error {}

class NodeError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/**
 * Runs queued prompts one after the other (Comfy-Org/ComfyUI, main.py, execution.py). Outputs of the last
 * prompt's nodes are kept: a node that comes again unchanged is not run again.
 */
export class Executor {
  /** While true, no further prompt is started. */
  paused = false;
  /** While true, the running prompt stands still before its next node or step. */
  held = false;
  failures: NodeFailure[] = [];
  /** UI outputs by what the node and its ancestors are; null for a node that has none. */
  readonly #cache = new Map<string, UiOutput | null>();
  #interrupted = false;
  #closed = false;
  #freeing = false;
  /** Number of the last file made. */
  #counter = 0;
  /** Whose prompt ran last, and which of its nodes runs. */
  #last: { clientId: string | undefined; nodeId?: string } = { clientId: undefined };
  #wake: (() => void) | undefined;
  #cutShort: (() => void) | undefined;

  constructor(
    private readonly parts: { queue: PromptQueue; sockets: Sockets; files: Files; settings: OriginSettings },
  ) {}

  /** Events for a client that connects while its own prompt runs: without a prompt id, as ComfyUI has it. */
  resumed(clientId: string): [string, unknown][] {
    if (this.#last.clientId !== clientId || this.#last.nodeId === undefined) return [];
    return [["executing", { node: this.#last.nodeId }]];
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
    const run = new Run(item, sockets);
    const signatures = signaturesOf(run.workflow);
    this.#interrupted = false;
    this.#last = { clientId: run.clientId };
    const completed = await this.#runNodes(run, signatures);
    this.#last = { clientId: run.clientId };
    // ComfyUI writes history after it has told of the success; who asks at once finds nothing yet.
    await new Promise((resolve) => setTimeout(resolve, settings.historyDelayMs));
    const outputs = this.#keptOutputs(run, signatures);
    queue.finish({
      outputs,
      status: { status_str: completed ? "success" : "error", completed, messages: run.messages },
      meta: Object.fromEntries(Object.keys(outputs).map((id) => [id, nodeMeta(id, run.displayNodeOf(id))])),
    });
    run.ended();
  }

  async #runNodes(run: Run, signatures: ReadonlyMap<string, string>): Promise<boolean> {
    const signatureOf = (id: string) => signatures.get(id) ?? "";
    const current = new Set(signatures.values());
    run.started();
    for (const signature of this.#cache.keys()) if (!current.has(signature)) this.#cache.delete(signature);
    const cached = Object.keys(run.workflow).filter((id) => this.#cache.has(signatureOf(id)));
    run.cached(cached);
    for (const id of nodesToRun(run.workflow, run.outputs, cached)) {
      if (run.isBlocked(id)) {
        // ComfyUI keeps that too: nobody is told of it when the prompt comes again.
        run.block(id);
        this.#cache.set(signatureOf(id), null);
        continue;
      }
      const kept = this.#cache.get(signatureOf(id));
      try {
        if (kept === undefined) this.#cache.set(signatureOf(id), await this.#runNode(run, id));
        else reuse(run, id, kept);
      } catch (error) {
        if (error instanceof NodeError) run.failed(id, error.failure);
        else if (error instanceof Interrupted) run.interrupted(id);
        else throw error;
        return false;
      }
    }
    run.succeeded();
    return true;
  }

  async #runNode(run: Run, id: string): Promise<UiOutput | null> {
    const { settings } = this.parts;
    const classType = run.classOf(id);
    // Only known to ComfyUI when somebody is told.
    if (run.clientId !== undefined) this.#last = { clientId: run.clientId, nodeId: id };
    run.nodeStarted(id);
    if (settings.progressText) run.text(id, `${classType} is running`);
    await this.#stand();
    if (this.#playFailure(run, id)) {
      run.nodeExecuted(id);
      return null;
    }
    if (settings.expands.includes(classType)) run.expand(id);
    if (classType === "KSampler") await this.#sample(run, id);
    else await this.#pass(settings.msPerNode);
    // Its results travel as previews and are nowhere else.
    if (classType === "SaveImageWebsocket") run.step(id, 1, 1, { type: "image/png", bytes: png(1) });
    const output = this.#uiOutput(classType, run.workflow[id]?.inputs ?? {});
    if (output !== null) run.nodeOutput(id, output);
    run.nodeExecuted(id);
    return output;
  }

  async #sample(run: Run, id: string): Promise<void> {
    const { msPerStep, previews } = this.parts.settings;
    const steps = numberOf(run.workflow[id]?.inputs.steps ?? 1);
    for (let step = 1; step <= steps; step++) {
      await this.#pass(msPerStep);
      run.step(id, step, steps, previews ? { type: "image/jpeg", bytes: jpeg(step) } : undefined);
    }
  }

  #uiOutput(classType: string, inputs: Record<string, unknown>): UiOutput | null {
    const planned = this.parts.settings.uiOutputs[classType];
    if (planned !== undefined) return planned;
    switch (classType) {
      case "PreviewAny":
        return { text: [textOf(inputs.source)] };
      case "SaveImage":
        return this.#image("output", textOf(inputs.filename_prefix));
      case "PreviewImage":
        return this.#image("temp", "ComfyUI_temp");
      default:
        return null;
    }
  }

  #image(type: "output" | "temp", prefix: string): UiOutput {
    const { files, settings } = this.parts;
    const folders = prefix.split("/");
    this.#counter += 1;
    const filename = `${folders.pop()}_${String(this.#counter).padStart(5, "0")}_.png`;
    const subfolder = folders.join("/");
    files.generate(type, [...folders, filename].join("/"), png(this.#counter), settings.outputBytes);
    return { images: [{ filename, subfolder, type }] };
  }

  /** Throws the failure that is planned for the node; true when it is blocked instead. */
  #playFailure(run: Run, id: string): boolean {
    const failure = this.failures.find(({ classType }) => classType === run.classOf(id));
    if (failure === undefined) return false;
    failure.times = (failure.times ?? 1) - 1;
    if (failure.times <= 0) this.failures = this.failures.filter((planned) => planned !== failure);
    if (failure.blocked !== true) throw new NodeError(failure);
    run.blocked(id, failure.message);
    return true;
  }

  #keptOutputs(run: Run, signatures: ReadonlyMap<string, string>): Record<string, UiOutput> {
    const outputs = [...signatures].map(
      ([id, signature]) => [run.tellsAs(id), this.#cache.get(signature)] as const,
    );
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

function reuse(run: Run, id: string, output: UiOutput | null): void {
  run.nodeOutput(id, output);
  run.nodeFinished(id);
}

const nodeMeta = (id: string, display: string) => ({
  node_id: id,
  display_node: display,
  parent_node: id === display ? null : display,
  real_node_id: display,
});
