/** One line of the table in `cases/`: what a server does, what is called, and what has to come of it. See cases/README.md. */
export interface ClientCase {
  name: string;
  /** The line that `test/regressions/<line>-*` keeps mended, and this case with it. */
  line?: number;
  server: ServerScript;
  /** `COMFYUI_URL` and `COMFYUI_ACCESS_TOKEN` as the client finds them. */
  env: { COMFYUI_URL: string; COMFYUI_ACCESS_TOKEN?: string };
  /** Client options that differ from {@link quickOptions}. */
  options?: Partial<CaseOptions>;
  /** Files that exist in `$tmp` before the call, by name with their size in bytes, or `folder`. */
  files?: Record<string, number | "folder">;
  call: string;
  args?: Record<string, unknown>;
  expect: Expectation;
}

/** The options that a client under test is given; all times in milliseconds. */
export interface CaseOptions {
  connectTimeoutMs: number;
  headersTimeoutMs: number;
  idleTimeoutMs: number;
  /** Longest time of one request, and of a whole `run`; 0 = no limit. */
  totalTimeoutMs: number;
  /** Pause between two looks at history while nothing is heard. */
  pollIntervalMs: number;
  /** How long a run puts up with a server that cannot be reached. */
  outageMs: number;
  reconnectBaseMs: number;
  reconnectMaxMs: number;
  pingIntervalMs: number;
  /** Header of the single-header mode. */
  singleHeaderName: string;
}

/** Short enough that a case takes well under a second, long enough for a busy machine. */
export const quickOptions: CaseOptions = {
  connectTimeoutMs: 2000,
  headersTimeoutMs: 700,
  idleTimeoutMs: 700,
  totalTimeoutMs: 0,
  pollIntervalMs: 40,
  outageMs: 1500,
  reconnectBaseMs: 20,
  reconnectMaxMs: 100,
  // As by default: on a busy machine a shorter one gives a sound socket up. The case of a deaf one sets its own.
  pingIntervalMs: 20_000,
  singleHeaderName: "Authorization",
};

export interface ServerScript {
  /** First match answers. A string names a rule of `cases/rules.json`. What matches none is a 404, as aiohttp says it. */
  http: (HttpRule | string)[];
  /** What the n-th WebSocket does; the last one is repeated. A string names a script of `cases/rules.json`. Default: `"quiet"`. */
  ws?: (SocketScript | string)[];
}

export interface RequestMatch {
  method?: string;
  /** Path without query; `*` at its end stands for the rest; `$promptId` is filled in. */
  path?: string;
  /** Hostname asked for; default: any. */
  host?: string;
}

export interface HttpRule extends RequestMatch {
  /** Answers so many requests, then is skipped. */
  times?: number;
  /** Is skipped until such a request has come. */
  after?: RequestMatch;
  reply: Reply;
}

export interface Reply {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  /** Body; at most one of the three. */
  json?: unknown;
  text?: string;
  /** A body of so many bytes (byte n is `n * 31 % 256`). */
  bytes?: number;
  /** Answers without reading the request's body. */
  early?: true;
  /** Waits before answering. */
  delayMs?: number;
  /** Breaks the connection after so many bytes of the body. */
  cutAfter?: number;
  /** Says nothing more after: the request, or the first half of the body. */
  hang?: "headers" | "body";
  /** Breaks the connection without an answer. */
  reset?: boolean;
}

export interface SocketScript {
  /** Refuses the upgrade with this answer. */
  refuse?: Reply;
  /** Takes the connection and never answers the upgrade. */
  hang?: true;
  /** Done in order; then the socket stays open and silent. */
  steps?: SocketStep[];
  /** Answers no ping: the socket looks open and is not. */
  deaf?: boolean;
}

/** One step: exactly one key. */
export interface SocketStep {
  /** Sends `{type, data}` as JSON; `$promptId` is filled in. */
  send?: unknown;
  /** Sends a text frame as it stands. */
  text?: string;
  /** Sends a binary frame (base64). */
  binary?: string;
  /** Writes these bytes (base64) on the connection, past the WebSocket protocol. */
  raw?: string;
  /** Waits until so many (default 1) of these requests have been answered. */
  waitFor?: RequestMatch & { count?: number };
  waitMs?: number;
  /** Closes with this code. */
  close?: number;
  /** Breaks the connection. */
  drop?: true;
}

export interface Expectation {
  /** The call succeeds; objects may hold more than is said here, lists may not. */
  value?: unknown;
  /** The call fails. */
  error?: {
    kind: string;
    code?: string;
    status?: number;
    promptId?: unknown;
    taken?: boolean;
    failure?: unknown;
    includes?: string[];
  };
  received?: ReceivedExpectation[];
  /** How many WebSockets are opened. */
  sockets?: { min?: number; max?: number };
  /** Size in bytes of files in `$tmp` afterwards; besides `files` and these there may be none. */
  files?: Record<string, number | "folder">;
  /** Longest time that the call may take; default 8000. */
  withinMs?: number;
}

interface ReceivedExpectation extends RequestMatch {
  /** Default: at least one. */
  min?: number;
  max?: number;
  /** In each of these requests; null = absent. */
  headers?: Record<string, string | null>;
  /** Part of the JSON body of each of these requests. */
  json?: unknown;
  /** Part of the form of each of these requests: `{fields: {…}, file: {filename, size}}`. */
  form?: unknown;
}

/** What a client under test is told: plain data. */
export interface CaseInput {
  name: string;
  env: Record<string, string>;
  options: CaseOptions;
  call: string;
  args: Record<string, unknown>;
  /** Where hosts are really served, by `hostname:port` with `*` for any; and the PEM file of the CA to trust. */
  routes: Record<string, { host: string; port: number }>;
  caFile: string;
}

/** What a client under test answers. */
export type CaseOutcome =
  | { ok: true; value: unknown }
  | {
      ok: false;
      error: {
        kind: string;
        code?: string;
        status?: number;
        promptId?: string;
        /** Of a run: whether ComfyUI has taken the prompt; left out where that is not known. */
        taken?: boolean;
        failure?: unknown;
        nodeErrors?: unknown;
        message: string;
      };
    };
