import { ComfyUIError } from "./errors";
import { isRecord, mustBeArray, mustBeRecord, mustBeString } from "./narrow";
import type { CallOptions, Transport } from "./transport";

/** A prompt as the jobs API of newer ComfyUI versions tells it. */
export interface Job {
  id: string;
  /** `pending`, `in_progress`, `completed`, `failed` or `cancelled`. */
  status: string;
  /** What else ComfyUI says of it. */
  [key: string]: unknown;
}

export interface JobsQuery {
  /** Only jobs of this status; several are separated by commas. */
  status?: string;
  limit?: number;
  offset?: number;
}

/** `GET /api/jobs`. https://github.com/Comfy-Org/ComfyUI/pull/11054 */
export async function readJobs(
  transport: Transport,
  query: JobsQuery,
  options: CallOptions,
): Promise<{ jobs: Job[]; total?: number }> {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const path = search.size === 0 ? "/api/jobs" : `/api/jobs?${search}`;
  const body = mustBeRecord(await transport.json({ method: "GET", path, ...options }), "jobs");
  const total = isRecord(body["pagination"]) ? body["pagination"]["total"] : undefined;
  return {
    jobs: mustBeArray(body["jobs"], "jobs list").map(jobOf),
    ...(typeof total === "number" && { total }),
  };
}

/** `GET /api/jobs/{id}`; undefined when it is not known. */
export async function readJob(
  transport: Transport,
  id: string,
  options: CallOptions,
): Promise<Job | undefined> {
  try {
    const path = `/api/jobs/${encodeURIComponent(id)}`;
    return jobOf(await transport.json({ method: "GET", path, ...options }));
  } catch (error) {
    if (error instanceof ComfyUIError && error.status === 404) return undefined;
    throw error;
  }
}

function jobOf(value: unknown): Job {
  const job = mustBeRecord(value, "job");
  return { ...job, id: mustBeString(job["id"], "job id"), status: mustBeString(job["status"], "job status") };
}
