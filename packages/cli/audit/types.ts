/** One file to judge. */
export interface AuditFile {
  /** Path below the audited folder, with `/`. */
  path: string;
  text: string;
  /** Whether git keeps it, and so everybody with the repository has it. */
  tracked: boolean;
}

/** A part of a text in a program: what is written, or what stands for something else. */
export type Piece =
  | string
  /** A name, as written, without `self.` or `this.` replaced by a leading dot. */
  | { ref: string }
  /** An environment variable, with the value the program takes without it. */
  | { env: string; fallback?: Piece[] }
  /** A key of a configuration object. */
  | { config: string };

/** A text that stands somewhere in a program, with what surrounds it. */
export interface Text {
  /** 1-based. */
  line: number;
  pieces: Piece[];
  /** Names of the calls that it is an argument of, innermost first, e.g. `requests.get`. */
  callees: string[];
  /** The innermost call with all its arguments, as written; else the statement. */
  around: string;
  /** Name that the text is assigned to, or key that it is the value of. */
  target?: string;
}

/** A name that gets a value. */
export interface Binding {
  name: string;
  line: number;
  /** Empty when the value is not a text. */
  pieces: Piece[];
  /** The value as written. */
  text: string;
  /** The name is a parameter: its callers decide. */
  parameter?: boolean;
}

/** A use of an imported module: where it is imported and which names come from it. */
export interface Import {
  module: string;
  names: string[];
  line: number;
}

/** A call, as written. */
export interface Call {
  callee: string;
  line: number;
  /** With all its arguments. */
  text: string;
  /** What the arguments say of an address, best first. */
  pieces: Piece[];
}

/** What a reader of one language hands to the judgement. */
export interface Source {
  texts: Text[];
  bindings: Binding[];
  imports: Import[];
  calls: Call[];
}

/** Where a call goes: to this machine or its private network, to a container beside it, or through the internet. */
export type Place = "local" | "docker" | "remote" | "hosted" | "unknown";

/** How a call says who it is. `access` is Cloudflare Access's own pair of headers. */
export type Authentication =
  | "none"
  | "bearer"
  | "basic"
  | "access"
  | "token in the address"
  | "given elsewhere";

/** One use of ComfyUI's API. */
export interface Finding {
  path: string;
  line: number;
  /** `setting` is an address that something else calls. */
  kind: "HTTP" | "WebSocket" | "library" | "setting";
  /** Route as written, e.g. `/history/{prompt_id}`; absent for libraries and settings. */
  route?: string;
  /** Client library or HTTP client, where it is known by name. */
  library?: string;
  address: {
    /** Host and port, as far as the file tells; never with a user name or password. */
    text: string;
    /** What the address hangs on: `literal`, `env NAME`, `config KEY`, `argument NAME` or `unknown`. */
    from: string;
  };
  place: Place;
  authentication: Authentication;
  /** The line, without secrets. */
  code: string;
  /** `change`: needs another line behind Access; `check`: depends on what the file does not tell. */
  verdict: "fine" | "change" | "check";
  /** What to do, or why nothing. */
  advice: string;
}

/** A service token's secret that stands in a file. */
export interface Leak {
  path: string;
  line: number;
  /** What was found, without the secret. */
  what: string;
  tracked: boolean;
}

export interface AuditReport {
  hostname: string;
  /** How many files were read. */
  files: number;
  /** Files that were not read, with the reason. */
  skipped: { path: string; reason: string }[];
  findings: Finding[];
  leaks: Leak[];
}
