import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { mayCarryCredential } from "./address";
import { mustBeCurrent } from "./credential";
import { ComfyUIError, isPassing } from "./errors";
import { failureOf } from "./failures";
import { dispatcherFor } from "./network";
import type { Settings } from "./options";
import { isLoginRedirect, pageInstead, type Refusal, redirectError, refusalOf } from "./refusals";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call when it aborts. */
  signal?: AbortSignal;
}

export interface Request extends CallOptions {
  method: "GET" | "POST";
  /** Below the address, beginning with `/`; already encoded, with its query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Readable;
  /** Follow a redirect to another host, without the credential. For files only. */
  anyHost?: boolean;
  /** What is asked for, as a refusal without words names it. */
  asked?: string;
  /** How often a GET is repeated after a passing failure. Default 2; other methods never are. */
  repeats?: number;
}

/** An answer with status 200 to 299, whose body is still to be read. */
export interface Answer {
  headers: Dispatcher.ResponseData["headers"];
  body: Dispatcher.ResponseData["body"];
}

const maxJsonBytes = 64 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;
const maxRedirects = 5;

/** Sends requests to the one address, with the credential where it may be sent. */
export class Transport {
  /** The prompts that runs of this client follow, and which of them it was asked to take out of the queue. */
  readonly cancelled = new Cancelled();
  private readonly dispatcher: Dispatcher;
  private readonly origin: string;
  private readonly prefix: string;
  private readonly closing = new AbortController();

  constructor(readonly settings: Settings) {
    const { network, timeouts, address, detour } = settings;
    this.dispatcher = dispatcherFor(network ?? {}, {
      connectTimeoutMs: timeouts.connectMs,
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.idleMs,
      ...(detour !== undefined && { detour }),
    });
    this.origin = address.origin;
    this.prefix = address.pathname === "/" ? "" : address.pathname;
  }

  /** The answer's JSON, at most 64 MiB. */
  json(request: Request): Promise<unknown> {
    return this.run(request, this.readJson);
  }

  /** For answers that say nothing: reads the body to its end, so that the connection can be used again. */
  done(request: Request): Promise<void> {
    return this.run(request, async (_, signal) => {
      await this.text(request, await this.answer(request, signal), maxJsonBytes);
    });
  }

  /** The answer with its body as a stream. `use` reads the body; a GET begins again when that fails in passing. */
  stream<T>(request: Request, use: (answer: Answer) => Promise<T>): Promise<T> {
    return this.run(request, async (_, signal) => {
      const answer = await this.answer(request, signal);
      const type = answer.headers["content-type"];
      if (typeof type === "string" && type.startsWith("text/html")) {
        const body = await this.text(request, answer, maxRefusalBytes, true);
        throw pageInstead(this.refusalFrom(request, 200, answer, body));
      }
      // Whoever reads it hears of its failure by reading; nobody may have begun to.
      answer.body.on("error", () => undefined);
      return use(answer);
    });
  }

  /** Aborts when the client is closed: for what waits between requests. Requests end with their connections. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  /** Closes the connections; requests under way are ended. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.dispatcher.destroy();
  }

  /** This client's own error for what a request or its body threw. */
  failure(thrown: unknown, request: Request): ComfyUIError {
    if (this.closed.aborted && !(thrown instanceof ComfyUIError)) {
      return new ComfyUIError("aborted", "closed", `${nameOf(request)}: the client was closed`);
    }
    return failureOf(thrown, nameOf(request), this.settings.address.host, this.settings.said);
  }

  /** Tries, with the time limit and the signals around all tries. */
  private async run<T>(
    request: Request,
    attempt: (request: Request, signal?: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.settings.credential !== undefined) mustBeCurrent(this.settings.credential);
    const { totalMs } = this.settings.timeouts;
    const limit = totalMs > 0 ? AbortSignal.timeout(totalMs) : undefined;
    const signal = anyOf(request.signal, this.settings.signal, limit);
    const repeats = request.method === "GET" ? (request.repeats ?? 2) : 0;
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt(request, signal);
      } catch (thrown) {
        const failure = this.ended(thrown, request, limit, signal);
        if (tries >= repeats || !isWorthRepeating(failure)) throw failure;
        // Cut short by the signal: the next attempt then says so.
        await pause(jittered(100 * 2 ** tries), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private readonly readJson = async (request: Request, signal?: AbortSignal): Promise<unknown> => {
    const answer = await this.answer(request, signal);
    const text = await this.text(request, answer, maxJsonBytes);
    try {
      return this.settings.said.json(text);
    } catch {
      throw this.notJson(request, answer, text);
    }
  };

  private ended(thrown: unknown, request: Request, limit?: AbortSignal, signal?: AbortSignal): ComfyUIError {
    if (limit?.aborted) {
      const words = `${nameOf(request)}: not done within ${this.settings.timeouts.totalMs} ms`;
      return new ComfyUIError("timeout", "total", words);
    }
    if (signal?.aborted)
      return new ComfyUIError("aborted", "aborted", `${nameOf(request)}: aborted by the caller`);
    return this.failure(thrown, request);
  }

  private async answer(request: Request, signal?: AbortSignal): Promise<Answer> {
    let url: URL | undefined;
    for (let hops = 0; ; hops += 1) {
      const answer = await this.dispatcher.request({
        origin: url?.origin ?? this.origin,
        path: url === undefined ? this.prefix + request.path : url.pathname + url.search,
        method: request.method,
        headers: this.headersFor(request, url),
        body: request.body ?? null,
        signal,
      });
      const { statusCode, headers, body } = answer;
      if (statusCode >= 200 && statusCode < 300) return answer;
      const next =
        request.method === "GET" && hops < maxRedirects
          ? nextOf(statusCode, headers, url ?? this.urlOf(request))
          : undefined;
      if (next === undefined || !this.mayFollow(request, url ?? this.settings.address, next)) {
        throw await this.refusal(request, answer, next);
      }
      await body.dump({ limit: maxRefusalBytes });
      url = next;
    }
  }

  private async refusal(
    request: Request,
    answer: Dispatcher.ResponseData,
    next?: URL,
  ): Promise<ComfyUIError> {
    const text = await this.text(request, answer, maxRefusalBytes, true);
    const refusal = this.refusalFrom(request, answer.statusCode, answer, text);
    if (next === undefined) return refusalOf(refusal, this.settings);
    return redirectError(refusal, this.settings.said.text(next.href));
  }

  private refusalFrom(request: Request, status: number, { headers }: Answer, text: string): Refusal {
    const { said } = this.settings;
    return {
      what: nameOf(request),
      asked: request.asked,
      status,
      headers: said.headers(headers),
      body: said.text(text, Buffer.byteLength(text) >= maxRefusalBytes),
      json: said.object(text),
    };
  }

  private headersFor(request: Request, url?: URL): Record<string, string> | undefined {
    const { credential } = this.settings;
    const mayCarry = url === undefined || (url.origin === this.origin && mayCarryCredential(url));
    if (credential === undefined || !mayCarry) return request.headers;
    return request.headers === undefined ? credential.headers : { ...request.headers, ...credential.headers };
  }

  private mayFollow(request: Request, from: URL, to: URL): boolean {
    if (from.protocol === "https:" && to.protocol !== "https:") return false;
    return to.origin === this.origin || request.anyHost === true;
  }

  private urlOf(request: Request): URL {
    return new URL(this.prefix + request.path, this.origin);
  }

  /** The body as text. Beyond the limit: what there is (`part`), else an error. */
  private text(request: Request, answer: Answer, limit: number, part = false): Promise<string> {
    // A stated length is kept to by the HTTP parser, so that the quick way is safe.
    if (Number(answer.headers["content-length"]) <= limit) return answer.body.text();
    return this.limitedText(request, answer, limit, part);
  }

  private async limitedText(request: Request, answer: Answer, limit: number, part: boolean): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= limit) continue;
      if (part) break;
      throw new ComfyUIError(
        "protocol",
        "too_large",
        `${nameOf(request)}: the answer is larger than ${limit} bytes`,
      );
    }
    return Buffer.concat(chunks).toString("utf8", 0, limit);
  }

  private notJson(request: Request, answer: Answer, text: string): ComfyUIError {
    const what = nameOf(request);
    if (/^\s*</.test(text)) return pageInstead(this.refusalFrom(request, 200, answer, text));
    return new ComfyUIError(
      "protocol",
      "json",
      `${what}: the answer is not JSON (${text.length} characters); is this ComfyUI?`,
    );
  }
}

/** What this client was asked to take out of the queue, of the prompts that it follows. */
class Cancelled {
  private readonly followed = new Map<string, boolean>();

  follow(promptId: string): void {
    this.followed.set(promptId, this.followed.get(promptId) ?? false);
  }

  leave(promptId: string): void {
    this.followed.delete(promptId);
  }

  add(promptId: string): void {
    if (this.followed.has(promptId)) this.followed.set(promptId, true);
  }

  has(promptId: string): boolean {
    return this.followed.get(promptId) === true;
  }
}

/** Time with up to half of it left out by chance, so that clients do not come back all at once. */
export function jittered(ms: number): number {
  return ms * (1 - Math.random() / 2);
}

/** One signal for all that are there. */
export function anyOf(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const there = signals.filter((signal) => signal !== undefined);
  return there.length < 2 ? there[0] : AbortSignal.any(there);
}

function nameOf({ method, path }: Request): string {
  return `${method} ${path.split("?")[0]}`;
}

// A timeout has cost its time already, and 524 two minutes: the caller decides about those.
function isWorthRepeating(failure: ComfyUIError): boolean {
  return (
    isPassing(failure) && failure.kind !== "timeout" && failure.kind !== "comfyui" && failure.status !== 524
  );
}

function nextOf(status: number, headers: Answer["headers"], from: URL): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== "string") return undefined;
  if (isLoginRedirect({ status, headers }) || !URL.canParse(location, from.href)) return undefined;
  return new URL(location, from);
}
