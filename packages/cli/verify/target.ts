import type { ApplicationKind } from "../../../config/stack-config";
import type { Situation } from "../../access/situation";
import type { AccessTest } from "../../access/tests/judge";

/** What of an application's declaration decides how Access answers. Absent means as the program declares it. */
export interface DeclaredProperties {
  /** Whether people may log in: there is an Allow policy. Default: true. */
  people?: boolean;
  /** `service_auth_401_redirect`: 401 where a Service Auth policy refuses. Default: true. */
  serviceAuth401?: boolean;
  /**
   * What becomes of a CORS preflight: refused (Access answers 403), answered by Access for these origins
   * (`cors_headers`), or passed on (`options_preflight_bypass`). Default: refused.
   */
  preflight?: "refused" | "passed-on" | { origins: string[] };
  /** Whether the connector checks the Access JWT itself (`originRequest.access.required`). Default: true. */
  secondBarrier?: boolean;
}

/** One application to be verified. */
export interface TargetApplication {
  /** Its name in the stack. */
  name: string;
  /** Its public address, e.g. `https://comfyui.datacrew.space`. */
  url: string;
  /** Its audience tag; absent when only a `.env` file is known. */
  aud?: string;
  declared?: DeclaredProperties;
  /** Decides what may be asked of it, and what its answer has to be. Default: comfyui. */
  kind?: ApplicationKind;
  /** Where the connector finds it, e.g. `http://localhost:8188`; absent when only a `.env` file is known. */
  service?: string;
  /** A service token that it accepts; without one the rows of the valid token are left open. Secret. */
  token?: TargetToken;
  /** Why there is no token, in a few words. */
  noToken?: string;
  /** Where scripts on the same machine reach it; absent when it is not on this machine. */
  localUrl?: string;
  /** Whether a `localUrl` that does not answer is a failure rather than a row left open. Default: false. */
  localRequired?: boolean;
  /** Where containers of the same compose network reach it, e.g. `http://comfyui:8188`. */
  dockerUrl?: string;
}

/** What an application is. */
export function kindOf({ kind = "comfyui" }: Pick<TargetApplication, "kind">): ApplicationKind {
  return kind;
}

/** An application as reports call what answers: ComfyUI by its own name, any other as the stack calls it. */
export function calledName({ name, kind }: Pick<TargetApplication, "name" | "kind">): string {
  return kindOf({ kind }) === "comfyui" ? "ComfyUI" : name;
}

/** A service token's credentials. Secret: never part of a report. */
export interface TargetToken {
  name?: string;
  clientId: string;
  clientSecret: string;
  /** ISO date and time; absent for a token that does not expire, or when it is not known. */
  expiresAt?: string;
}

/** A test account at Google that logs in with a password. Secret: never part of a report. */
export interface TestPerson {
  email: string;
  password: string;
}

/** What a connector lets through for one host name, as the tunnel's live configuration says. */
export interface LiveIngressRule {
  hostname?: string;
  service: string;
  originRequest?: { access?: { required?: boolean; teamName?: string; audTag?: string[] } };
}

/** What is verified, and what is needed for it. */
export interface VerifyTarget {
  /** What it is, for the report's head, e.g. `sandbox, stack dev`. */
  environment: string;
  applications: TargetApplication[];
  /** `<team>` of `<team>.cloudflareaccess.com`; absent when only a `.env` file is known. */
  teamName?: string;
  /** The organization's `strict_service_token_auth`. Default: unknown, and the answers of both modes are right. */
  serviceTokenMode?: "strict" | "legacy" | "unknown";
  /** The service tokens whose secrets are known, for the access tests; each has its name. */
  tokens?: TargetToken[];
  /** Test accounts; without them the rows of people need a person. */
  people?: { allowed: TestPerson; other: TestPerson };
  /** Names to tell a person about when there are no test accounts, e.g. the e-mail addresses allowed. */
  allowedEmails?: string[];
  /** UUID of the tunnel, to try its `cfargotunnel.com` name. */
  tunnelId?: string;
  /** Other host names on the tunnel, which must be as they were. */
  otherHostnames?: string[];
  /** The stack's own access tests, which are tried too, and the state that says where what they name is. */
  accessTests?: { tests: readonly AccessTest[]; state: Situation };
  /** Reads the tunnel's live ingress rules from Cloudflare's API; absent without an API token. */
  readIngress?: () => Promise<LiveIngressRule[]>;
}

/** Who asks, as a row of the matrix. */
export type Who =
  | "nobody"
  | "wrong-token"
  | "valid-token"
  | "allowed-user"
  | "other-user"
  | "local"
  | "docker";

/** What is asked for, as a column of the matrix. */
export type What = "page" | "api" | "websocket" | "upload" | "preflight";

/** The rows of the matrix, in order. */
export const WHO: readonly Who[] = [
  "nobody",
  "wrong-token",
  "valid-token",
  "allowed-user",
  "other-user",
  "local",
  "docker",
];

/** Those who must not get in. */
export const INTRUDERS: readonly Who[] = ["nobody", "wrong-token", "other-user"];

/** The columns of the matrix, in order. */
export const WHAT: readonly What[] = ["page", "api", "websocket", "upload", "preflight"];

/**
 * What is asked for: all of it of ComfyUI, whose API is known; of another web app its page, and past Access also the
 * preflight, which Access itself answers.
 */
export function columnsOf(who: Who, kind: ApplicationKind): readonly What[] {
  if (kind === "comfyui") return WHAT;
  return who === "local" || who === "docker" ? ["page"] : ["page", "preflight"];
}

/** Names of the rows, as a reader sees them. */
export const WHO_NAMES: Record<Who, string> = {
  nobody: "no credential",
  "wrong-token": "wrong token",
  "valid-token": "valid token",
  "allowed-user": "allowed user",
  "other-user": "other Google user",
  local: "local script",
  docker: "docker network",
};

/** Names of the columns, as a reader sees them. */
export const WHAT_NAMES: Record<What, string> = {
  page: "page",
  api: "API",
  websocket: "WebSocket",
  upload: "upload",
  preflight: "preflight",
};
