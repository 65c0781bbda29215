// What ComfyUI reports of a prompt, in the form in which this client gives it.

/** A file that a prompt made. */
export interface Output {
  nodeId: string;
  /** The node on the canvas: another one than `nodeId` where a node was expanded into others, as in a subgraph. */
  displayNodeId: string;
  /** The key under which the node lists it: `images`, `gifs`, `audio`, … */
  kind: string;
  filename: string;
  subfolder: string;
  /** ComfyUI's folder: `output`, `temp` or `input`. */
  type: string;
}

/** A text that a node showed. */
export interface TextOutput {
  nodeId: string;
  displayNodeId: string;
  text: string;
}

/** What ComfyUI's validation says, by node id. */
export type NodeErrors = Record<
  string,
  { classType: string; errors: { type: string; message: string; details: string }[] }
>;

/** A node that failed or was blocked, in ComfyUI's own words. */
export interface NodeFailure {
  nodeId: string;
  nodeType: string;
  /** Python's name of the exception, e.g. `torch.OutOfMemoryError`; `ExecutionBlocked` of a blocked node. */
  exceptionType: string;
  message: string;
  /** Python's lines; empty where ComfyUI gives none. */
  traceback: string[];
}

/** How a prompt stands in history. */
export interface HistoryEntry {
  promptId: string;
  state: "success" | "error" | "interrupted";
  outputs: Output[];
  texts: TextOutput[];
  /** Of a prompt that failed. */
  failure?: NodeFailure;
  /**
   * Output nodes that were to run and of which history has nothing: blocked ones, and kinds that show nothing. Undefined
   * where history does not say which were to run.
   */
  missing?: string[];
}
