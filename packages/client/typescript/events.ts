import { isRecord, type JsonObject } from "./narrow";
import type { NodeErrors, NodeFailure, Output, TextOutput } from "./reported";
import { failureOf, outputsOf } from "./results";
import type { Said } from "./said";

/** What a finished prompt made. */
export interface RunResult {
  promptId: string;
  outputs: Output[];
  texts: TextOutput[];
  /** Outputs that ComfyUI refused though it took the prompt, by node id; `{}` when all were accepted. */
  nodeErrors: NodeErrors;
  /** Nodes that were blocked, so that what hangs on them was not made. As heard: ComfyUI's history does not tell. */
  blocked: NodeFailure[];
  /**
   * Output nodes that were to run and of which history has nothing: blocked ones, heard or not, and kinds that show
   * nothing. Undefined where history does not say it.
   */
  missing?: string[];
  /** `events` when history no longer had the prompt and every event had been heard. */
  source: "history" | "events";
}

/** What happens during a run; types in ComfyUI's own words where it has them. */
export type RunEvent =
  /** ComfyUI has taken the prompt. `recovered`: found there after an answer that did not arrive. */
  | { type: "submitted"; promptId: string; recovered: boolean }
  | { type: "node_errors"; nodeErrors: NodeErrors }
  /** So many prompts come before this one. */
  | { type: "queued"; ahead: number }
  /** The WebSocket; the run goes on without it. */
  | { type: "connection"; state: "open" | "lost" | "refused"; reason?: string }
  | ExecutionEvent
  /** Always the last. */
  | { type: "result"; result: RunResult };

/** What ComfyUI tells of a prompt that it works on. */
export type ExecutionEvent =
  | { type: "execution_start" }
  | { type: "execution_cached"; nodes: string[] }
  /** `displayNodeId`: the node on the canvas, where a node was expanded into others. */
  | { type: "executing"; nodeId: string; displayNodeId: string }
  | { type: "progress"; nodeId: string; value: number; max: number }
  /** Each node's own state, as ComfyUI gives it. */
  | { type: "progress_state"; nodes: JsonObject }
  | { type: "executed"; nodeId: string; displayNodeId: string; outputs: Output[]; texts: TextOutput[] }
  /** A node was blocked: an `execution_error` that does not end the prompt. */
  | { type: "execution_blocked"; failure: NodeFailure }
  | { type: "preview"; nodeId?: string; displayNodeId?: string; format: string; data: Buffer }
  | { type: "progress_text"; nodeId: string; text: string };

/** A message of the WebSocket that concerns a prompt. */
export interface Message {
  /** Absent in previews of type 1 and in texts: those go to the socket's own prompt. */
  promptId?: string;
  event?: ExecutionEvent;
  /** The prompt has come to an end, one way or the other: time to look at history. */
  end?: "success" | "error" | "interrupted" | "other";
  /** Of an `error`. */
  failure?: NodeFailure;
}

/** Reads a text frame. What is not about a prompt, or not of the known shape, is undefined. */
export function parseMessage(text: string, said: Said): Message | undefined {
  const { type, data } = said.object(text);
  if (typeof type !== "string" || !isRecord(data) || typeof data["prompt_id"] !== "string") return undefined;
  const promptId = data["prompt_id"];
  if (type === "execution_success") return { promptId, end: "success" };
  if (type === "execution_interrupted") return { promptId, end: "interrupted" };
  if (type === "execution_error") {
    const failure = failureOf(data);
    // A blocked branch is reported as an error, and the prompt goes on.
    if (failure.exceptionType !== "ExecutionBlocked") return { promptId, end: "error", failure };
    return { promptId, event: { type: "execution_blocked", failure } };
  }
  if (type === "executing" && data["node"] === null) return { promptId, end: "other" };
  const event = eventOf(type, data);
  return event && { promptId, event };
}

/** Reads a binary frame: previews (types 1 and 4) and texts (type 3). Anything else is undefined. */
export function parseBinary(frame: Buffer, said: Said): Message | undefined {
  if (frame.length < 8) return undefined;
  const type = frame.readUInt32BE(0);
  const second = frame.readUInt32BE(4);
  const rest = frame.subarray(8);
  if (type === 1) return { event: { type: "preview", format: second === 2 ? "png" : "jpeg", data: rest } };
  if (second > rest.length) return undefined;
  const head = rest.toString("utf8", 0, second);
  const body = rest.subarray(second);
  if (type === 3)
    return {
      event: { type: "progress_text", nodeId: said.text(head), text: said.text(body.toString("utf8")) },
    };
  if (type !== 4) return undefined;
  const {
    prompt_id: promptId,
    node_id: nodeId,
    display_node_id: displayNodeId,
    image_type: format,
  } = said.object(head);
  return {
    ...(typeof promptId === "string" && { promptId }),
    event: {
      type: "preview",
      ...(typeof nodeId === "string" && { nodeId }),
      ...(typeof displayNodeId === "string" && { displayNodeId }),
      format: typeof format === "string" ? format.replace(/^image\//, "") : "jpeg",
      data: body,
    },
  };
}

function eventOf(type: string, data: JsonObject): ExecutionEvent | undefined {
  const nodeId = typeof data["node"] === "string" ? data["node"] : "";
  const displayNodeId =
    typeof data["display_node"] === "string" && data["display_node"] !== "" ? data["display_node"] : nodeId;
  if (type === "execution_start") return { type };
  if (type === "execution_cached") return { type, nodes: stringsIn(data["nodes"]) };
  if (type === "executing") return nodeId === "" ? undefined : { type, nodeId, displayNodeId };
  if (type === "progress_state") return isRecord(data["nodes"]) ? { type, nodes: data["nodes"] } : undefined;
  if (type === "executed") {
    const made = outputsOf({ [nodeId]: data["output"] }, () => displayNodeId);
    return { type, nodeId, displayNodeId, ...made };
  }
  const { value, max } = data;
  if (type !== "progress" || typeof value !== "number" || typeof max !== "number") return undefined;
  return { type, nodeId, value, max };
}

function stringsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
