import { randomUUID } from "node:crypto";
import { ComfyUIError } from "./errors";
import type { RunEvent } from "./events";
import { Hearing } from "./hearing";
import { Inbox } from "./inbox";
import { outcomeHeard, outcomeOf } from "./outcome";
import { EventSocket } from "./socket";
import { type Submitted, submit } from "./submit";
import type { Transport } from "./transport";
import { type Standing, Watch } from "./watch";
import { checkWorkflow } from "./workflow";

/** What is to be run. */
export interface RunRequest {
  workflow: unknown;
  /** A lower-case UUID. */
  promptId: string;
  /** Further keys of the request body. */
  extra?: Record<string, unknown>;
  signal?: AbortSignal;
}

/** How long the WebSocket's last words are waited for once history has the result. */
const lastWordsMs = 250;

/**
 * Submits and follows one prompt: events as they come, then the result. The WebSocket only tells when to look;
 * what history and queue say counts. Each run has a client id of its own, so that no other socket displaces its own.
 */
export async function* follow(transport: Transport, request: RunRequest): AsyncGenerator<RunEvent, void> {
  checkWorkflow(request.workflow);
  const inbox = new Inbox();
  const clientId = randomUUID();
  let missed = false;
  const socket = new EventSocket(transport.settings, clientId, {
    message: (message) => inbox.push(message),
    connection: (event) => {
      missed ||= event.state !== "open";
      inbox.push({ event });
    },
  });
  try {
    // Open before the prompt is sent, so that none of its events is missed.
    await untilAborted(socket.ready, request.signal);
    const { workflow, promptId, extra, signal } = request;
    const submitted = await submit(transport, { promptId, clientId, workflow, extra, signal });
    transport.cancelled.follow(submitted.promptId);
    yield { type: "submitted", promptId: submitted.promptId, recovered: submitted.recovered };
    if (Object.keys(submitted.nodeErrors).length > 0) {
      yield { type: "node_errors", nodeErrors: submitted.nodeErrors };
    }
    yield* toItsEnd({ transport, submitted, clientId, inbox, socket, missed: () => missed, signal });
  } finally {
    socket.close();
  }
}

interface Followed {
  transport: Transport;
  submitted: Submitted;
  clientId: string;
  inbox: Inbox;
  socket: EventSocket;
  /** Whether the WebSocket was ever not open. */
  missed(): boolean;
  signal?: AbortSignal;
}

async function* toItsEnd(followed: Followed): AsyncGenerator<RunEvent, void> {
  const { transport, inbox, clientId, signal } = followed;
  const { promptId } = followed.submitted;
  const hearing = new Hearing(promptId, performance.now());
  const watch = new Watch(transport, { promptId, clientId, signal });
  let ahead: number | undefined;
  for (;;) {
    yield* heard(inbox, hearing);
    if (signal?.aborted) throw new ComfyUIError("aborted", "aborted", "aborted by the caller", { promptId });
    const waitMs = hearing.nextLookAt(watch.pauseMs) - performance.now();
    if (waitMs > 0) {
      await inbox.wait(waitMs, signal);
      continue;
    }
    const standing = await watch.look(hearing.isAboutToShow);
    hearing.looked();
    if (standing.state === "finished" || standing.state === "gone") {
      yield* lastWords(followed, hearing);
      yield { type: "result", result: resultOf(standing, followed, hearing, watch) };
      return;
    }
    if (standing.state === "pending" && standing.ahead !== ahead) {
      ahead = standing.ahead;
      yield { type: "queued", ahead };
    }
  }
}

function* heard(inbox: Inbox, hearing: Hearing): Generator<RunEvent> {
  for (const item of inbox.take()) {
    const event = hearing.read(item);
    if (event !== undefined) yield event;
  }
}

/** The result is known, but what the WebSocket still has to say may hold images (`SaveImageWebsocket`). */
async function* lastWords(
  { inbox, socket, signal }: Followed,
  hearing: Hearing,
): AsyncGenerator<RunEvent, void> {
  const until = performance.now() + lastWordsMs;
  for (;;) {
    yield* heard(inbox, hearing);
    const leftMs = until - performance.now();
    if (hearing.ended || !socket.isOpen || leftMs <= 0 || signal?.aborted) return;
    await inbox.wait(leftMs, signal);
  }
}

function resultOf(
  standing: Extract<Standing, { state: "finished" | "gone" }>,
  { submitted, transport, missed }: Followed,
  hearing: Hearing,
  watch: Watch,
) {
  if (standing.state === "finished") return outcomeOf(standing.entry, submitted.nodeErrors, hearing.blocked);
  const cancelled = transport.cancelled.has(submitted.promptId);
  return outcomeHeard(submitted, hearing, watch, { missed: missed(), cancelled });
}

function untilAborted(work: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return work;
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    void work.then(done);
  });
}
