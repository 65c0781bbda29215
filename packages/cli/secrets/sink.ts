import type { StackSettings } from "../stack/read-stack";
import type { EngineAccess } from "./engine-cli";

/** The kinds of places that credentials go to, as `--to` names them. */
export const SINK_KINDS = ["file", "config", "gcp", "infisical"] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

/** How one key, or a whole sink, stands against the wanted values. */
export type SinkStatus = "current" | "stale" | "missing";

/** What a look into a sink found; names only, never a value. */
export interface SinkCheck {
  /** `current` when every key is, `missing` when every key is, else `stale`. */
  status: SinkStatus;
  /** The status of each wanted key, in the wanted order. */
  keys: Record<string, SinkStatus>;
  /** What else the user should know, one sentence each. */
  notices: string[];
}

/** What a write did; names only, never a value. */
export interface SinkWrite {
  /** Whether the sink's content was replaced; `false` when it was current already. */
  written: boolean;
  /** The keys whose value was added or changed, in the wanted order. */
  changed: string[];
  /** What else the user should know, one sentence each. */
  notices: string[];
}

/** Wanted secrets by key. Every value counts as a secret, including the ones that are not. */
export type SecretValues = Readonly<Record<string, string>>;

/** The stack whose credentials are handed out. An open stack serves: `{ stack, settings, engine: open.engine("up") }`. */
export interface SinkStack {
  stack: string;
  /**
   * How to run the engine. Its environment also says where the sinks are: `SANDBOX_GCP_URL` and
   * `SANDBOX_INFISICAL_URL` in the sandbox, and the identity for Infisical (INFISICAL_TOKEN, or INFISICAL_CLIENT_ID
   * and INFISICAL_CLIENT_SECRET).
   */
  engine: EngineAccess;
  /** The stack's config, where it has been read already; else it is read when a sink needs it. */
  settings?: StackSettings;
}

/** A place that keeps secrets for those who need them; one file per kind of place. */
export interface SecretSink {
  /** The kind, e.g. `file`. */
  readonly name: string;
  /** Where exactly, for messages, e.g. `/home/me/app/.env`. */
  describe(): string;
  /**
   * Compares the sink with the wanted values and changes nothing.
   * @throws {UserError} when the sink cannot be read or would be damaged by a write.
   */
  check(values: SecretValues): Promise<SinkCheck>;
  /**
   * Makes the sink hold the wanted values. Writes only when something differs; what it does not own is kept.
   * @throws {UserError} when that is impossible; the sink is then as it was before, unless the error is an
   *   `IncompleteWriteError`, which says what was written and what was not.
   */
  write(values: SecretValues): Promise<SinkWrite>;
}

/** The status of a whole sink from the statuses of its keys. */
export function overallStatus(keys: Readonly<Record<string, SinkStatus>>): SinkStatus {
  const statuses = Object.values(keys);
  if (statuses.every((status) => status === "current")) return "current";
  return statuses.every((status) => status === "missing") ? "missing" : "stale";
}
