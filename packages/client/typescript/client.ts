import { mayCarryCredential } from "./address";
import { ComfyUIError } from "./errors";
import { type Interrupted, interrupt } from "./interrupt";
import { type Job, type JobsQuery, readJob, readJobs } from "./jobs";
import { type JsonObject, mustBeRecord } from "./narrow";
import { type ClientOptions, settingsOf } from "./options";
import { Places } from "./places";
import { deleteFromQueue, type Queue, readQueue } from "./queue";
import type { HistoryEntry } from "./reported";
import { parseHistory } from "./results";
import { Run, type RunOptions } from "./run";
import { type CallOptions, Transport } from "./transport";
import { type UploadedFile, type UploadOptions, type UploadSource, upload } from "./upload";
import { download, downloadTo, type FileReference, type SavedFile, type ViewedFile, view } from "./view";
import type { Workflow } from "./workflow";

/** What ComfyUI says of itself and its devices. */
export interface SystemStats {
  system: JsonObject;
  devices: unknown[];
}

/**
 * A client of one ComfyUI, local, in Docker or behind Cloudflare Access: the calls are the same. Every call rejects
 * with a `ComfyUIError` and nothing else.
 *
 * ```ts
 * const client = ComfyUIClient.fromEnv();
 * for await (const event of client.run(workflow)) {
 *   if (event.type === "progress") console.log(`${event.value}/${event.max}`);
 *   if (event.type !== "result") continue;
 *   for (const output of event.result.outputs) await client.downloadTo(output, "outputs");
 * }
 * ```
 */
export class ComfyUIClient {
  // Not there for whoever prints, walks or copies the client: it holds the credential.
  readonly #transport: Transport;
  readonly #places = new Places();

  /**
   * Throws a `usage` error when the address or the token cannot be understood. Connects to nothing yet. The proxy
   * settings are `env`'s.
   */
  constructor(options: ClientOptions = {}, env: NodeJS.ProcessEnv = process.env) {
    this.#transport = new Transport(settingsOf(options, env));
  }

  /** A client as `COMFYUI_URL` and `COMFYUI_ACCESS_TOKEN` say; options go before them. */
  static fromEnv(options: ClientOptions = {}, env: NodeJS.ProcessEnv = process.env): ComfyUIClient {
    const url = options.url ?? (env["COMFYUI_URL"] || undefined);
    return new ComfyUIClient({ ...options, url, token: options.token ?? env["COMFYUI_ACCESS_TOKEN"] }, env);
  }

  /** Whether requests carry the credential: there is one, and the address is https and not local. */
  get sendsCredential(): boolean {
    const { credential, address } = this.#transport.settings;
    return credential !== undefined && mayCarryCredential(address);
  }

  /** Runs a workflow in API format: events when iterated, outputs by `result()`. */
  run(workflow: Workflow | JsonObject, options: RunOptions = {}): Run {
    return new Run(this.#transport, workflow, options);
  }

  /** A finished prompt; undefined when it waits, runs, or is not known (any more). */
  async history(promptId: string, options: CallOptions = {}): Promise<HistoryEntry | undefined> {
    const path = `/history/${encodeURIComponent(promptId)}`;
    return parseHistory(await this.#transport.json({ method: "GET", path, ...options }), promptId);
  }

  /** What runs and what waits. */
  queue(options: CallOptions = {}): Promise<Queue> {
    return readQueue(this.#transport, options);
  }

  /** Takes a waiting prompt out of the queue; does nothing to one that runs or is not there. */
  deleteFromQueue(promptId: string, options: CallOptions = {}): Promise<void> {
    return deleteFromQueue(this.#transport, promptId, options);
  }

  /** Stops this prompt, whether it runs or waits, and never another; throws where the server cannot do that. */
  interrupt(promptId: string, options: CallOptions = {}): Promise<Interrupted> {
    return interrupt(this.#transport, promptId, options);
  }

  /** `GET /system_stats`; the version is `system.comfyui_version`. */
  async systemStats(options: CallOptions = {}): Promise<SystemStats> {
    const stats = await this.object("/system_stats", options);
    const { devices } = stats;
    return {
      ...stats,
      system: mustBeRecord(stats["system"], "system_stats system"),
      devices: Array.isArray(devices) ? devices : [],
    };
  }

  /** `GET /object_info`: the node classes with their inputs and outputs, or one of them. */
  objectInfo(nodeClass?: string, options: CallOptions = {}): Promise<JsonObject> {
    return this.object(
      nodeClass === undefined ? "/object_info" : `/object_info/${encodeURIComponent(nodeClass)}`,
      options,
    );
  }

  /** `GET /features`; `{}` for a ComfyUI that does not have it yet. */
  async features(options: CallOptions = {}): Promise<JsonObject> {
    try {
      return await this.object("/features", options);
    } catch (error) {
      if (error instanceof ComfyUIError && error.code === "http_404") return {};
      throw error;
    }
  }

  /** `GET /api/jobs` of newer versions; throws `http_404` where there is none. */
  jobs(query: JobsQuery = {}, options: CallOptions = {}): Promise<{ jobs: Job[]; total?: number }> {
    return readJobs(this.#transport, query, options);
  }

  /** `GET /api/jobs/{id}` of newer versions; undefined when the job, or the route, is not there. */
  job(promptId: string, options: CallOptions = {}): Promise<Job | undefined> {
    return readJob(this.#transport, promptId, options);
  }

  /** Uploads a file for the inputs of a workflow: use the name that the answer gives. */
  upload(source: UploadSource, options: UploadOptions = {}): Promise<UploadedFile> {
    return upload(this.#transport, source, options);
  }

  /** A file as a stream. */
  view(file: FileReference, options: CallOptions = {}): Promise<ViewedFile> {
    return view(this.#transport, file, options);
  }

  /**
   * A file, e.g. an output, into a folder that is there, under its own name: whole or not at all. A file of that name is
   * replaced, except another one of the last 10,000 that this client has put there: then the name is `name (2).png`, and
   * so on. Rejects with `unsafe_name` when the server names it so that it would land elsewhere.
   */
  downloadTo(file: FileReference, folder: string, options: CallOptions = {}): Promise<SavedFile> {
    return downloadTo(this.#transport, this.#places, file, folder, options);
  }

  /**
   * A file to a path of your own choice: whole or not at all. Answers its size in bytes. The server chooses a file's name,
   * so make no path of it: that is what `downloadTo` is for.
   */
  download(file: FileReference, path: string, options: CallOptions = {}): Promise<number> {
    return download(this.#transport, file, path, options);
  }

  /** Closes the connections that are kept open; ends what is under way. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  private async object(path: string, options: CallOptions): Promise<JsonObject> {
    return mustBeRecord(await this.#transport.json({ method: "GET", path, ...options }), path.slice(1));
  }
}
