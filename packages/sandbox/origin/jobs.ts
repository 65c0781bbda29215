import type { HistoryEntry, PromptQueue, QueueItem } from "./queue";
import { json, type Reply } from "./reply";

const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"];

type Job = Record<string, unknown> & { id: string; status: string };

/** GET /api/jobs: queue and history in one list, newest first unless asked otherwise. */
export function listJobs(queue: PromptQueue, query: URLSearchParams): Reply {
  const wanted = (query.get("status") ?? "")
    .split(",")
    .map((status) => status.trim().toLowerCase())
    .filter((status) => status !== "");
  const unknown = wanted.filter((status) => !STATUSES.includes(status));
  if (unknown.length > 0)
    return badRequest(`Invalid status value(s): ${unknown.join(", ")}. Valid values: ${STATUSES.join(", ")}`);
  const limit = query.has("limit") ? integer(query.get("limit")) : undefined;
  const offset = query.has("offset") ? integer(query.get("offset")) : 0;
  if (Number.isNaN(limit)) return badRequest("limit must be an integer");
  if (limit !== undefined && limit <= 0) return badRequest("limit must be a positive integer");
  if (Number.isNaN(offset)) return badRequest("offset must be an integer");
  const from = Math.max(0, offset);

  const jobs = [
    ...queue.running.map((item) => queuedJob(item, "in_progress")),
    ...queue.pending.map((item) => queuedJob(item, "pending")),
    ...Object.values(queue.history()).map(finishedJob),
  ].filter((job) => wanted.length === 0 || wanted.includes(job.status));
  const sign = query.get("sort_order")?.toLowerCase() === "asc" ? 1 : -1;
  jobs.sort((a, b) => sign * (Number(a.create_time ?? 0) - Number(b.create_time ?? 0)));
  const page = jobs.slice(from, limit === undefined ? undefined : from + limit);
  return json({
    jobs: page,
    pagination: {
      offset: from,
      limit: limit ?? null,
      total: jobs.length,
      has_more: from + page.length < jobs.length,
    },
  });
}

/** GET /api/jobs/{id}: with outputs and workflow; 404 when the id is nowhere. */
export function readJob(queue: PromptQueue, id: string): Reply {
  const finished = queue.history(id)[id];
  if (finished !== undefined) {
    const { outputs, status } = finished;
    return json({
      ...finishedJob(finished),
      outputs,
      execution_status: status,
      workflow: workflowOf(finished.prompt),
    });
  }
  for (const [items, status] of [
    [queue.running, "in_progress"],
    [queue.pending, "pending"],
  ] as const) {
    const item = items.find(([, promptId]) => promptId === id);
    if (item !== undefined) return json({ ...queuedJob(item, status), workflow: workflowOf(item) });
  }
  return json({ error: "Job not found" }, 404);
}

const workflowOf = ([, , prompt, extra_data]: QueueItem) => ({ prompt, extra_data });

function queuedJob([priority, id, , extraData]: QueueItem, status: string): Job {
  return {
    id,
    status,
    priority,
    create_time: extraData.create_time,
    outputs_count: 0,
    previewable_outputs_count: 0,
  };
}

function finishedJob({ prompt, outputs, status }: HistoryEntry): Job {
  const [priority, id, , extraData] = prompt;
  const messages = status?.messages ?? [];
  const data = (...events: string[]) => messages.findLast(([event]) => events.includes(event))?.[1];
  const interrupted = data("execution_interrupted") !== undefined;
  const failure = data("execution_error");
  const files = Object.entries(outputs).flatMap(([nodeId, ui]) =>
    Object.entries(ui).flatMap(([mediaType, items]) =>
      items
        .filter((item): item is object => typeof item === "object" && item !== null)
        .map((item) => ({ ...item, nodeId, mediaType })),
    ),
  );
  return {
    id,
    status: status?.status_str === "error" ? (interrupted ? "cancelled" : "failed") : "completed",
    priority,
    create_time: extraData.create_time,
    execution_start_time: data("execution_start")?.timestamp,
    execution_end_time: data("execution_success", "execution_error", "execution_interrupted")?.timestamp,
    ...(failure === undefined ? {} : { execution_error: failure }),
    outputs_count: files.length,
    previewable_outputs_count: files.length,
    ...(files[0] === undefined ? {} : { preview_output: files[0] }),
  };
}

const badRequest = (error: string) => json({ error }, 400);
const integer = (text: string | null) => (/^\s*-?\d+\s*$/.test(text ?? "") ? Number(text) : Number.NaN);
