import { request } from "undici";
import { dispatcherFor, type Network } from "../../packages/client/typescript/network";

/** Asks a hostname for ComfyUI's data, by default without a credential, over and over, and counts what answers. */
export class Prober {
  /** How often each answer was given: `302 login`, `403`, `no such host` … */
  readonly answers = new Map<string, number>();
  #stopped = false;
  readonly #running: Promise<void>[];

  /** @param pauseMs between two questions of one of the `workers`, so that the engine gets its share of the machine. */
  constructor(
    readonly hostname: string,
    network: Network,
    {
      workers = 6,
      pauseMs = 1,
      headers = {},
    }: { workers?: number; pauseMs?: number; headers?: Record<string, string> } = {},
  ) {
    const dispatcher = dispatcherFor(network);
    const ask = async () => {
      while (!this.#stopped) {
        const answer = await askOnce(hostname, dispatcher, headers).catch(() => "no such host");
        this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    this.#running = Array.from({ length: workers }, ask);
  }

  get asked(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Waits until so many questions were asked. */
  async until(asked: number): Promise<void> {
    while (this.asked < asked) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}

/** What one who comes for the first time is answered, in a word or two; `ComfyUI` when it is that which answers. */
export async function askOnce(
  hostname: string,
  dispatcher: ReturnType<typeof dispatcherFor>,
  headers: Record<string, string> = {},
): Promise<string> {
  // `reset` closes the connection: one kept open would not see what a new visitor sees.
  const sent = request(`https://${hostname}/system_stats`, { dispatcher, headers, reset: true });
  const answer = await sent.catch((error: Error & { code?: string }) => {
    return error.code === "ECONNREFUSED" ? `no edge: ${error.message}` : "no such host";
  });
  if (typeof answer === "string") return answer;
  const body = await answer.body.text();
  if (body.includes("comfyui_version")) return "ComfyUI";
  const login = String(answer.headers.location ?? "").includes("/cdn-cgi/access/login/");
  return `${answer.statusCode}${login ? " login" : ""}`;
}
