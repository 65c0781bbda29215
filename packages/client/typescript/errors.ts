import type { NodeErrors, NodeFailure, Output } from "./reported";

/**
 * Who or what stood in the way:
 * - `access`: Cloudflare Access refused, or the credential cannot be accepted.
 * - `tunnel`: Cloudflare answered, but did not reach ComfyUI.
 * - `comfyui`: ComfyUI refused, failed, or lost the prompt.
 * - `network`: no connection, or it broke.
 * - `protocol`: an answer came that ComfyUI does not give.
 * - `timeout`, `aborted`: a time limit or the caller ended it.
 * - `usage`: an argument, the address or the token is not right; nothing was done.
 */
export type ErrorKind =
  | "access"
  | "tunnel"
  | "comfyui"
  | "network"
  | "protocol"
  | "timeout"
  | "aborted"
  | "usage";

/** What an error tells besides its message. */
export interface ErrorDetails {
  /** HTTP status, when there was an answer. */
  status?: number;
  /** The prompt that it is about, once there was one. */
  promptId?: string;
  /** What ComfyUI's validation says of each node. */
  nodeErrors?: NodeErrors;
  /** Outputs that a failed or interrupted prompt had made by then. */
  outputs?: Output[];
  /** The node that failed, with ComfyUI's own words about it. */
  failure?: NodeFailure;
  /** Of a run: whether ComfyUI has taken the prompt. Undefined where that is not known. */
  taken?: boolean;
  cause?: unknown;
}

/** The one error of this client. Its message names the cause and never holds a secret. */
export class ComfyUIError extends Error {
  override readonly name = "ComfyUIError";
  readonly status?: number;
  readonly promptId?: string;
  readonly nodeErrors?: NodeErrors;
  readonly outputs?: Output[];
  readonly failure?: NodeFailure;
  readonly taken?: boolean;

  constructor(
    readonly kind: ErrorKind,
    /**
     * The cause within its kind, for programs: `no_token`, `token_refused`, `no_connector`, `execution_failed`,
     * `cancelled`, `prompt_gone`, `cut`, … A prompt that ComfyUI refuses has ComfyUI's own `error.type`.
     */
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.promptId = details.promptId;
    this.nodeErrors = details.nodeErrors;
    this.outputs = details.outputs;
    this.failure = details.failure;
    this.taken = details.taken;
  }

  /** The same error, telling which prompt it is about and, when that is known, whether ComfyUI has taken it. */
  about(promptId: string, taken?: boolean): ComfyUIError {
    const more = { promptId: this.promptId ?? promptId, taken: this.taken ?? taken };
    return new ComfyUIError(this.kind, this.code, this.message, { ...this, ...more, cause: this.cause });
  }
}

/** Whether ComfyUI cannot have seen the request. */
export function arrivedNowhere({ kind, code }: ComfyUIError): boolean {
  return (
    code === "connect" ||
    (kind === "network" && (code === "dns" || code === "tls")) ||
    code === "no_connector"
  );
}

/** Whether the same request may well succeed a little later: the server could not be reached, or not properly. */
export function isPassing(error: ComfyUIError): boolean {
  if (error.kind === "tunnel") return true;
  if (error.kind === "network") return error.code !== "tls";
  if (error.kind === "timeout") return error.code !== "total";
  return error.kind === "comfyui" && (error.status ?? 0) >= 500;
}
