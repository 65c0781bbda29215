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
  | ((
      | /** A name, as written, with a leading dot for `self.` or `this.`. */ { ref: string }
      /** An environment variable. */
      | { env: string }
      /** A key of a configuration object. */
      | { config: string }
    ) & {
      /** The value that the program takes without it. */
      fallback?: Piece[];
    });

/** Where something stands in a program. */
export interface Position {
  /** 1-based. */
  line: number;
  /** Offset in the code. */
  at: number;
  /** The innermost function around it, as offsets in the code; the whole file outside of any. */
  scope: Scope;
}

export type Scope = readonly [from: number, to: number];

/** A text that stands somewhere in a program, with what surrounds it. */
export interface Text extends Position {
  pieces: Piece[];
  /** Names of the calls that it is an argument of, innermost first, e.g. `requests.get`. */
  callees: string[];
  /** The innermost call with all its arguments and what is chained to it, as written; else the statement. */
  around: string;
  /** Name that the text is assigned to, or key that it is the value of. */
  target?: string;
  /** A word of a shell's command. */
  word?: boolean;
  /** Names that stand beside it in its call. */
  beside?: string[];
  /** The base address that stands beside it in its call. */
  base?: Piece[];
}

/** A name that gets a value. */
export interface Binding extends Position {
  name: string;
  /** Empty when the value is not a text. */
  pieces: Piece[];
  /** The value as written. */
  text: string;
  /** The name is a parameter: its callers decide. */
  parameter?: boolean;
  /** The name is a key of a record, or of an argument. */
  key?: boolean;
  /** The record is an object of a kind, whose attribute the key is. */
  made?: boolean;
  /** The address that the value is made for, where it is a client of one. */
  client?: Piece[];
}

/** A use of an imported module: where it is imported and which names come from it. */
interface Import {
  module: string;
  names: string[];
  line: number;
}

/** A call, as written. */
export interface Call extends Position {
  callee: string;
  /** With all its arguments. */
  text: string;
  /** What the arguments say of an address, best first. */
  pieces: Piece[];
  /** Names that are handed over as they are. */
  handed: string[];
}

/** A function, which its file's other lines call. */
interface Routine {
  name: string;
  parameters: string[];
  /** Where it is written. */
  scope: Scope;
  text: string;
}

/** Something that is set in an object: `headers["X"] = …`. */
interface Change extends Position {
  name: string;
  text: string;
}

/** What the reading of a program hands to the judgement. */
export interface Source {
  texts: Text[];
  bindings: Binding[];
  imports: Import[];
  calls: Call[];
  routines: Routine[];
  changes: Change[];
  /** The program's language; none for what has no program, e.g. a flow. */
  language?: string;
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

/** What an address hangs on: what a user sets, a name of the program, or nothing. */
export type Origin =
  | { kind: "env" | "config" | "argument" | "name"; name: string }
  | { kind: "literal" | "unknown" };

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
    /** What the address hangs on. */
    from: Origin;
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

/** Why a file was not read. */
type NotReadCode =
  /** It could not be opened. */
  | "unreadable"
  /** Larger than `--max-bytes`. */
  | "too-large"
  /** Bytes that are no text, under a name that says it is one. */
  | "binary"
  /** More brackets in brackets than the readers follow. */
  | "too-deep"
  /** A line of it is no code of its language, and has an address or a route in it. */
  | "syntax"
  /** Its language is not one that the audit reads, and it has an address or a route in it. */
  | "unknown-language";

/** A file that may hold uses which nobody looked at. */
export interface NotRead {
  path: string;
  code: NotReadCode;
  /** 1-based. */
  line?: number;
  /** The language, where the file says it. */
  language?: string;
  /** What the machine said. */
  cause?: string;
}

export interface AuditReport {
  hostname: string;
  /** How many files were read. */
  files: number;
  skipped: NotRead[];
  findings: Finding[];
  leaks: Leak[];
}
