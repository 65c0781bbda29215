import { isRecord, type JsonObject, mustBeArray, mustBeRecord } from "./narrow";
import type { HistoryEntry, NodeErrors, NodeFailure, Output, TextOutput } from "./reported";

/** The files and texts of `outputs` as history and the `executed` event have them; what is neither is passed over. */
export function outputsOf(
  outputs: JsonObject,
  displayNodeOf: (nodeId: string) => unknown = () => undefined,
): { outputs: Output[]; texts: TextOutput[] } {
  const files: Output[] = [];
  const texts: TextOutput[] = [];
  for (const [nodeId, byKind] of Object.entries(outputs)) {
    if (!isRecord(byKind)) continue;
    const displayNodeId = textOf(displayNodeOf(nodeId)) || nodeId;
    for (const [kind, items] of Object.entries(byKind)) {
      for (const item of Array.isArray(items) ? items : [items]) {
        if (typeof item === "string") texts.push({ nodeId, displayNodeId, text: item });
        else if (isRecord(item) && typeof item["filename"] === "string") {
          const { filename, subfolder, type } = item;
          files.push({
            nodeId,
            displayNodeId,
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

/**
 * Reads `GET /history/{id}`; undefined when the prompt is not in it: queued, running, unknown, deleted or evicted.
 * ComfyUI takes the same id twice: with a `clientId`, an entry that names another client is an earlier run's and no answer.
 */
export function parseHistory(body: unknown, promptId: string, clientId?: string): HistoryEntry | undefined {
  const history = mustBeRecord(body, "history");
  if (!Object.hasOwn(history, promptId)) return undefined;
  const entry = mustBeRecord(history[promptId], "history entry");
  const [, , , extra, wanted] = Array.isArray(entry["prompt"]) ? (entry["prompt"] as unknown[]) : [];
  const owner = isRecord(extra) ? extra["client_id"] : undefined;
  if (clientId !== undefined && typeof owner === "string" && owner !== clientId) return undefined;
  const status = entry["status"] ?? undefined;
  const outputs = mustBeRecord(entry["outputs"] ?? {}, "history outputs");
  const meta = isRecord(entry["meta"]) ? entry["meta"] : {};
  const displayNodeOf = (nodeId: string) => {
    const about = Object.hasOwn(meta, nodeId) ? meta[nodeId] : undefined;
    return isRecord(about) ? about["display_node"] : undefined;
  };
  const shown = new Set(Object.keys(outputs).flatMap((nodeId) => [nodeId, textOf(displayNodeOf(nodeId))]));
  const made = {
    ...outputsOf(outputs, displayNodeOf),
    ...(Array.isArray(wanted) && {
      missing: wanted.filter((nodeId) => typeof nodeId === "string" && !shown.has(nodeId)) as string[],
    }),
  };
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

/** Reads the data of an `execution_error`. */
export function failureOf(data: JsonObject): NodeFailure {
  const { traceback } = data;
  return {
    nodeId: textOf(data["node_id"]),
    nodeType: textOf(data["node_type"]),
    exceptionType: textOf(data["exception_type"]),
    message: textOf(data["exception_message"]).trim(),
    traceback: (Array.isArray(traceback) ? traceback : []).filter((line) => typeof line === "string"),
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
