import type { IncomingMessage } from "node:http";
import type { RequestMatch } from "./case";
import { fill, type Variables } from "./templates";

/** A request as the server got it. */
export interface ReceivedRequest {
  method: string;
  host: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage["headers"];
  upgrade: boolean;
  /** Size of the body in bytes. */
  size: number;
  json?: unknown;
  form?: { fields: Record<string, string>; file?: { filename: string; size: number; sha256: string } };
  /** The answer has been given. */
  answered: boolean;
}

/** Whether the request is one of those meant; a path may end in `*`. */
export function matchesRequest(match: RequestMatch, request: ReceivedRequest, variables: Variables): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (match.host !== undefined && match.host !== request.host) return false;
  if (match.path === undefined) return true;
  const path = fill(match.path, variables);
  return path.endsWith("*") ? request.path.startsWith(path.slice(0, -1)) : request.path === path;
}
