import { setTimeout as sleep } from "node:timers/promises";

/** A call that GitHub refused, or that never got an answer. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";

  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;

  /** @param detail GitHub's own words */
  constructor(call: string, status: number | undefined, detail: string) {
    super(`${call}: ${status === undefined ? "no answer" : `HTTP ${status}`}${detail ? `: ${detail}` : ""}`);
    this.status = status;
  }
}

/** Where and as whom to call; the token goes to this address only. */
export interface GitHubOptions {
  /** E.g. `https://api.github.com`, as the runner sets `GITHUB_API_URL`. */
  apiUrl: string;
  /** `<owner>/<name>`. */
  repository: string;
  token: string;
  /** First pause before a call is tried again, in milliseconds; it doubles. Default: 1000. */
  pauseMs?: number;
}

const TRIES = 4;
const TIMEOUT_MS = 30_000;
/** A repository's issue with more comments than this is none that these scripts wrote to. */
const MAX_PAGES = 100;

/** The little of GitHub's REST API that the workflows need (https://docs.github.com/rest). */
export class GitHub {
  private readonly options: GitHubOptions;

  constructor(options: GitHubOptions) {
    this.options = options;
  }

  /**
   * Reads one object.
   * @param path behind `/repos/<owner>/<name>`
   */
  async get<T>(path: string): Promise<T> {
    return (await this.call("GET", this.url(path))).body as T;
  }

  /** Reads a list to its last page. */
  async all<T>(path: string): Promise<T[]> {
    const found: T[] = [];
    let next: string | undefined = this.url(path);
    for (let page = 0; next !== undefined; page++) {
      if (page === MAX_PAGES) throw new GitHubError(`GET ${path}`, undefined, `more than ${MAX_PAGES} pages`);
      const { body, link }: Answer = await this.call("GET", next);
      found.push(...(body as T[]));
      next = this.nextPage(link);
    }
    return found;
  }

  async patch<T>(path: string, body: unknown): Promise<T> {
    return (await this.call("PATCH", this.url(path), body)).body as T;
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await this.call("PUT", this.url(path), body)).body as T;
  }

  /**
   * Makes one object.
   *
   * @param made looks whether an attempt without an answer made it after all: repeating it blindly would make two
   */
  async post<T>(path: string, body: unknown, made: () => Promise<T | undefined>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.send("POST", this.url(path), body)).body as T;
      } catch (error) {
        if (attempt === TRIES || !isPassing(error)) throw error;
        await this.pause(attempt);
        const found = await made();
        if (found !== undefined) return found;
      }
    }
  }

  private url(path: string): string {
    return `${this.options.apiUrl}/repos/${this.options.repository}${path}`;
  }

  /** The `rel="next"` of a Link header, if it leads to the same host: the token goes nowhere else. */
  private nextPage(link: string | null): string | undefined {
    const next = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
    if (next === undefined) return undefined;
    if (new URL(next).origin !== new URL(this.options.apiUrl).origin) {
      throw new GitHubError("GET", undefined, "the next page is on another host");
    }
    return next;
  }

  private async call(method: string, url: string, body?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.send(method, url, body);
      } catch (error) {
        if (attempt === TRIES || !isPassing(error)) throw error;
        await this.pause(attempt);
      }
    }
  }

  private async pause(attempt: number): Promise<void> {
    await sleep((this.options.pauseMs ?? 1_000) * 2 ** (attempt - 1));
  }

  private async send(method: string, url: string, body?: unknown): Promise<Answer> {
    const call = `${method} ${new URL(url).pathname}`;
    let answer: Response;
    try {
      answer = await fetch(url, {
        method,
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${this.options.token}`,
          "content-type": "application/json",
          "user-agent": "comfyui-access",
          "x-github-api-version": "2022-11-28",
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new GitHubError(call, undefined, error instanceof Error ? error.message : "");
    }
    const text = await answer.text();
    if (!answer.ok) throw new GitHubError(call, answer.status, wordsOf(text));
    return { body: text === "" ? undefined : JSON.parse(text), link: answer.headers.get("link") };
  }
}

interface Answer {
  body: unknown;
  link: string | null;
}

/** Whether the same call may go through a moment later. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof GitHubError)) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}

/** GitHub's message and the first of its errors, at most 500 characters. */
function wordsOf(text: string): string {
  try {
    const { message, errors } = JSON.parse(text) as { message?: string; errors?: { message?: string }[] };
    const first = Array.isArray(errors) ? errors[0]?.message : undefined;
    return [message, first]
      .filter((part) => typeof part === "string")
      .join(": ")
      .slice(0, 500);
  } catch {
    return "";
  }
}
