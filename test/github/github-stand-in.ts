import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChangedFile } from "../../packages/github/plain/judges";

interface StandInComment {
  id: number;
  body: string;
  user: { login: string };
}

interface StandInIssue {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  labels: string[];
  user: { login: string };
}

/** What the stand-in holds and how it behaves; tests change it as they go. */
interface StandInState {
  /** Comments of pull request 7. */
  comments: StandInComment[];
  issues: StandInIssue[];
  /** Newest commit of pull request 7. */
  head: string;
  /** Files that pull request 7 changes, and how many GitHub says there are, where those are more. */
  changed: ChangedFile[];
  changedCount?: number;
  /** What a commit was made from. */
  parents: { sha: string }[];
  /** Files at a commit, by `<commit>:<name>`. */
  contents: Record<string, string>;
  /** Pull requests that a commit came from. */
  merged: { number: number; merged_at: string | null; head: { sha: string }; base: { ref: string } }[];
  runs: {
    id: number;
    path: string;
    event: string;
    head_sha: string;
    conclusion: string | null;
    created_at: string;
  }[];
  files: Record<string, string>;
  branches: Record<string, string>;
  pulls: { title: string; head: { ref: string }; html_url: string }[];
  /** True answers every write with 403, as for a token of a fork's run. */
  readOnly: boolean;
  /** Characters of a body from which on it is refused. GitHub's own limit. */
  maxBody: number;
  /** Answers of that status, one for each of the next calls; `lost` makes what was asked for and then says 502. */
  failures: (number | "lost")[];
  /** Called before each answer, to let something else happen in between. */
  before?: (method: string, path: string) => void;
}

export interface StandIn {
  url: string;
  state: StandInState;
  /** `POST /issues/7/comments`, in order. */
  calls: string[];
  close(): Promise<void>;
}

const LOGIN = "github-actions[bot]";
const TOKEN = "stand-in-token";

/** The part of GitHub's REST API that the workflows' scripts use, for the repository `owner/name`. */
export async function startGitHub(): Promise<StandIn> {
  const state: StandInState = {
    comments: [],
    issues: [],
    head: "",
    changed: [],
    parents: [],
    contents: {},
    merged: [],
    runs: [],
    files: {},
    branches: { main: "0".repeat(40) },
    pulls: [],
    readOnly: false,
    maxBody: 65_536,
    failures: [],
  };
  const calls: string[] = [];
  const server = createServer((request, response) => {
    answer(state, calls, request, response).catch((error: Error) =>
      send(response, 500, { message: error.message }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  state: StandInState,
  calls: string[],
  request: IncomingMessage,
  response: ServerResponse,
) {
  const method = request.method ?? "";
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  const path = url.pathname.replace(/^\/repos\/owner\/name/, "");
  calls.push(`${method} ${path}`);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = (text === "" ? {} : JSON.parse(text)) as Record<string, string>;

  state.before?.(method, path);
  if (request.headers.authorization !== `Bearer ${TOKEN}`)
    return send(response, 401, { message: "Bad credentials" });
  const failure = state.failures.shift();
  if (typeof failure === "number") return send(response, failure, { message: "Server Error" });
  if (method !== "GET" && state.readOnly) {
    return send(response, 403, { message: "Resource not accessible by integration" });
  }
  // GitHub counts characters, not the units of UTF-16.
  if ([...(body["body"] ?? "")].length > state.maxBody) {
    const errors = [{ message: `body is too long (maximum is ${state.maxBody} characters)` }];
    return send(response, 422, { message: "Validation Failed", errors });
  }
  const found = route(state, method, path, url, body);
  if (failure === "lost") return send(response, 502, { message: "Bad Gateway" });
  if (found === undefined) return send(response, 404, { message: "Not Found" });
  return Array.isArray(found) && method === "GET"
    ? sendPage(response, url, found)
    : send(response, 200, found);
}

function route(
  state: StandInState,
  method: string,
  path: string,
  url: URL,
  body: Record<string, string>,
): unknown {
  const id = Number(path.split("/").at(-1));
  const branch = path.split("/heads/")[1] ?? "";
  switch (
    `${method} ${path
      .replace(/[0-9a-f]{40}|\d{2,}/g, "*")
      .replace(/heads\/.*/, "heads/*")
      .replace(/contents\/.*/, "contents/*")}`
  ) {
    case "GET /issues/7/comments":
      return state.comments;
    case "POST /issues/7/comments":
      return added(state.comments, {
        id: 1000 + state.comments.length,
        body: body["body"] ?? "",
        user: { login: LOGIN },
      });
    case "PATCH /issues/comments/*":
      return changed(
        state.comments.find((comment) => comment.id === id),
        body,
      );
    case "GET /pulls":
      return state.pulls;
    case "GET /pulls/7":
      return { head: { sha: state.head }, changed_files: state.changedCount ?? state.changed.length };
    case "GET /pulls/7/files":
      return state.changed.slice(0, 3000);
    case "GET /commits/*":
      return { parents: state.parents };
    case "GET /commits/*/pulls":
      return state.merged;
    case "GET /actions/runs":
      return { workflow_runs: state.runs.filter((run) => run.head_sha === url.searchParams.get("head_sha")) };
    case "GET /actions/workflows/drift.yml/runs":
      return { workflow_runs: state.runs.filter(({ event }) => event === url.searchParams.get("event")) };
    case "GET /issues":
      return state.issues.filter(
        (issue) => issue.state === "open" && issue.labels.includes(url.searchParams.get("labels") ?? ""),
      );
    case "POST /issues": {
      const issue = { title: "", body: "", labels: [], ...body, number: 10 + state.issues.length };
      return added(state.issues, { ...issue, state: "open", user: { login: LOGIN } });
    }
    case "PATCH /issues/*":
      return changed(
        state.issues.find(({ number }) => number === id),
        body,
      );
    case "GET /git/ref/heads/*":
      return state.branches[branch] && { object: { sha: state.branches[branch] } };
    case "POST /git/refs":
      state.branches[(body["ref"] ?? "").replace("refs/heads/", "")] = body["sha"] ?? "";
      return body;
    case "GET /git/trees/*":
      return { tree: treeOf(state, path.split("/").at(-1) ?? ""), truncated: false };
    case "GET /git/blobs/*":
      return blobOf(state, path.split("/").at(-1) ?? "");
    case "GET /contents/*":
      return contents(state, url.searchParams.get("ref") ?? "");
    case "PUT /contents/*":
      state.files[`${body["branch"]}:${path.split("/").at(-1)}`] = Buffer.from(
        body["content"] ?? "",
        "base64",
      ).toString();
      return {};
    case "POST /pulls":
      return added(state.pulls, {
        title: body["title"] ?? "",
        head: { ref: body["head"] ?? "" },
        html_url: "https://github.com/owner/name/pull/8",
      });
    default:
      return undefined;
  }
}

/** Whoever proposes a new text needs no more than that the file is there. */
const contents = (state: StandInState, ref: string): unknown =>
  ref === state.branches["main"] ? { sha: "f".repeat(40) } : undefined;

const objectOf = (text: string): string => createHash("sha1").update(text).digest("hex");

function treeOf(state: StandInState, commit: string): unknown[] {
  const at = Object.entries(state.contents).filter(([key]) => key.startsWith(`${commit}:`));
  return at.map(([key, text]) => ({
    path: key.slice(commit.length + 1),
    type: "blob",
    sha: objectOf(text),
  }));
}

function blobOf(state: StandInState, object: string): unknown {
  const text = Object.values(state.contents).find((each) => objectOf(each) === object);
  if (text === undefined) return undefined;
  return { encoding: "base64", content: Buffer.from(text).toString("base64") };
}

function added<T>(list: T[], item: T): T {
  list.push(item);
  return item;
}

function changed(item: object | undefined, body: object): object | undefined {
  return item && Object.assign(item, body);
}

/** At most 100 a page, as at GitHub, whatever was asked for; the next page stands in a Link header. */
function sendPage(response: ServerResponse, url: URL, all: unknown[]): void {
  const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
  const page = Number(url.searchParams.get("page") ?? 1);
  if (page * size < all.length) {
    url.searchParams.set("page", String(page + 1));
    response.setHeader("link", `<${url}>; rel="next"`);
  }
  send(response, 200, all.slice((page - 1) * size, page * size));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
