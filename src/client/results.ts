import { isRecord, type JsonObject, mustBeArray, mustBeRecord } from "./narrow";

/** A file that a prompt made. */
export interface Output {
  nodeId: string;
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
  text: string;
}

/** What ComfyUI's validation says, by node id. */
export type NodeErrors = Record<
  string,
  { classType: string; errors: { type: string; message: string; details: string }[] }
>;

/** How a prompt stands in history. */
export interface HistoryEntry {
  promptId: string;
  state: "success" | "error" | "interrupted";
  outputs: Output[];
  texts: TextOutput[];
  /** Of a prompt that failed. */
  failure?: { nodeId: string; nodeType: string; message: string };
}

/** The files and texts of `outputs` as history and the `executed` event have them; what is neither is passed over. */
export function outputsOf(outputs: JsonObject): { outputs: Output[]; texts: TextOutput[] } {
  const files: Output[] = [];
  const texts: TextOutput[] = [];
  for (const [nodeId, byKind] of Object.entries(outputs)) {
    if (!isRecord(byKind)) continue;
    for (const [kind, items] of Object.entries(byKind)) {
      for (const item of Array.isArray(items) ? items : [items]) {
        if (typeof item === "string") texts.push({ nodeId, text: item });
        else if (isRecord(item) && typeof item["filename"] === "string") {
          const { filename, subfolder, type } = item;
          files.push({
            nodeId,
            kind,
            filename,
            subfolder: typeof subfolder === "string" ? subfolder : "",
            type: typeof type === "string" ? type : "output",
          });
        }
      }
    }
  }
  return { outputs: files, texts };
}

/** Reads `GET /history/{id}`; undefined when the prompt is not in it: queued, running, unknown, deleted or evicted. */
export function parseHistory(body: unknown, promptId: string): HistoryEntry | undefined {
  const history = mustBeRecord(body, "history");
  if (!Object.hasOwn(history, promptId)) return undefined;
  const entry = mustBeRecord(history[promptId], "history entry");
  const status = entry["status"] ?? undefined;
  const made = outputsOf(mustBeRecord(entry["outputs"] ?? {}, "history outputs"));
  // Old entries, and those of some custom nodes, have no status.
  if (status === undefined) return { promptId, state: "success", ...made };
  return { promptId, ...stateOf(mustBeRecord(status, "history status")), ...made };
}

/** Reads `node_errors`, which is `{}` or `[]` when there are none. */
export function parseNodeErrors(value: unknown): NodeErrors {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([nodeId, node]) => {
      const { class_type: classType, errors } = isRecord(node) ? node : {};
      return [
        nodeId,
        {
          classType: textOf(classType),
          errors: (Array.isArray(errors) ? errors : []).filter(isRecord).map(errorOf),
        },
      ];
    }),
  );
}

/** One line per error of `node_errors`, at most five. */
export function describeNodeErrors(nodeErrors: NodeErrors): string {
  const lines = Object.entries(nodeErrors).flatMap(([nodeId, { classType, errors }]) =>
    errors.map(
      ({ message, details }) =>
        `node ${nodeId} (${classType}): ${message}${details === "" ? "" : ` (${details})`}`,
    ),
  );
  const more = lines.length > 5 ? [`and ${lines.length - 5} more`] : [];
  return [...lines.slice(0, 5), ...more].join("; ");
}

function stateOf(status: JsonObject): Pick<HistoryEntry, "state" | "failure"> {
  if (status["status_str"] !== "error") return { state: "success" };
  // `error` covers interruption too: the last message tells which it was.
  const messages = mustBeArray(status["messages"] ?? [], "history status.messages");
  for (const message of messages.toReversed()) {
    if (!Array.isArray(message)) continue;
    const [type, data] = message as unknown[];
    if (type === "execution_interrupted") return { state: "interrupted" };
    if (type === "execution_error") return { state: "error", failure: failureOf(isRecord(data) ? data : {}) };
  }
  return { state: "error" };
}

function failureOf(data: JsonObject): NonNullable<HistoryEntry["failure"]> {
  return {
    nodeId: textOf(data["node_id"]),
    nodeType: textOf(data["node_type"]),
    message: textOf(data["exception_message"]).trim(),
  };
}

function errorOf(error: JsonObject): { type: string; message: string; details: string } {
  return {
    type: textOf(error["type"]),
    message: textOf(error["message"]),
    details: textOf(error["details"]),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
