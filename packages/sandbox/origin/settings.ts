/**
 * How the stand-in behaves. Mutable while it runs: a test changes what it needs. Where versions of ComfyUI
 * differ, a setting left undefined follows `version`.
 */
export interface OriginSettings {
  /** What `/system_stats` says, e.g. `0.36.0`; decides the settings below that are undefined. */
  version: string;
  /**
   * What becomes of a `prompt_id` in POST /prompt: replaced by the server's own (before 0.3.45), taken as any
   * text, or refused unless it is a UUID in its canonical lower-case form (from 0.25.0).
   */
  promptIds?: "server" | "any" | "uuid";
  /** Whether POST /interrupt heeds `prompt_id` or stops whatever runs (before about 0.3.57). */
  interrupt?: "any" | "targeted";
  /** Whether `/api/jobs` can be read (from about 0.6.0), and a job cancelled there (from 0.26.0). */
  jobs?: "absent" | "read" | "cancel";
  /** Error type for an unknown node class; `invalid_prompt` was read at 0.3.64, `missing_node_type` in 2026. */
  unknownNodeError?: "invalid_prompt" | "missing_node_type";
  /**
   * What refuses requests that other web sites caused with an empty 403: nothing, every request marked
   * `Sec-Fetch-Site: cross-site` (as since Comfy-Org/ComfyUI#13261), or those except `GET /` (as in #15557).
   */
  crossSiteCheck: "off" | "all" | "all-but-page";
  /** `--enable-cors-header`: the allowed origin; replaces the cross-site and the loopback check. */
  enableCorsHeader?: string;
  /**
   * What the handler of a displaced socket does when that socket closes: takes the new socket of the same
   * `clientId` off the list, which silences it, or leaves it alone (as in the open Comfy-Org/ComfyUI#16120).
   */
  displacedCleanup: "removes-new" | "keeps-new";
  /** `--max-upload-size`, in MiB: larger bodies get 413. */
  maxUploadSize: number;
  /** How many finished prompts history keeps; the oldest goes first. */
  maxHistory: number;
  /** How long a node runs, in milliseconds; a sampler takes `msPerStep` for each of its steps instead. */
  msPerNode: number;
  msPerStep: number;
  /** Time from `execution_success` until history has the prompt, in milliseconds: short, but never none. */
  historyDelayMs: number;
  /** Whether samplers send preview images. */
  previews: boolean;
  /** Whether each node that runs sends a text frame (binary type 3), as partner nodes do. */
  progressText: boolean;
  /** Bytes of each image that is generated: a small PNG, padded to this size without being held in memory. */
  outputBytes: number;
  /** Node classes that are expanded into another node when they run, as subgraphs and some custom nodes are. */
  expands: string[];
  /** UI output of a node class, in the place of what the stand-in makes, e.g. `{ gifs: [...] }`. */
  uiOutputs: Record<string, Record<string, unknown[]>>;
}

/** A current ComfyUI with its own checks on. */
export const DEFAULT_SETTINGS: Readonly<OriginSettings> = {
  version: "0.36.0",
  crossSiteCheck: "all",
  displacedCleanup: "removes-new",
  maxUploadSize: 100,
  maxHistory: 10_000,
  msPerNode: 2,
  msPerStep: 2,
  historyDelayMs: 2,
  previews: true,
  progressText: false,
  outputBytes: 0,
  expands: [],
  uiOutputs: {},
};

/** The settings that depend on the version, as they hold now. */
export function versioned(settings: OriginSettings) {
  const since = (version: string) => compareVersions(settings.version, version) >= 0;
  return {
    promptIds: settings.promptIds ?? (since("0.25.0") ? "uuid" : since("0.3.45") ? "any" : "server"),
    interrupt: settings.interrupt ?? (since("0.3.57") ? "targeted" : "any"),
    jobs: settings.jobs ?? (since("0.26.0") ? "cancel" : since("0.6.0") ? "read" : "absent"),
    unknownNodeError: settings.unknownNodeError ?? (since("0.25.0") ? "missing_node_type" : "invalid_prompt"),
  } as const;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
