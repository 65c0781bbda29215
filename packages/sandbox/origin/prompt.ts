import { randomUUID } from "node:crypto";
import type { Workflow } from "./graph";
import type { PromptQueue } from "./queue";
import { json, type Reply, serverError } from "./reply";
import { type OriginSettings, versioned } from "./settings";
import { promptError, validatePrompt } from "./validation";
import { textOf } from "./values";

/** A UUID in its canonical lower-case form, of whatever version. */
const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Hands out the numbers of prompts that name none: 0, 1, 2 …; with `front` the same, negative. */
export class Numbers {
  #next = 0;

  take(body: { number?: unknown; front?: unknown }): number {
    if (body.number !== undefined) return Number(body.number);
    const number = body.front ? -this.#next : this.#next;
    this.#next += 1;
    return number;
  }
}

/** POST /prompt: validates a workflow and queues it. */
export function submit(
  body: unknown,
  {
    queue,
    settings,
    inputFiles,
    numbers,
  }: {
    queue: PromptQueue;
    settings: OriginSettings;
    inputFiles: readonly string[];
    numbers: Numbers;
  },
): Reply {
  // A list has no key "prompt", and Python does not mind being asked.
  if (Array.isArray(body)) return noPrompt();
  if (!isObject(body)) return serverError();
  const number = numbers.take(body);
  if (body.prompt === undefined) return noPrompt();
  const { promptIds, unknownNodeError } = versioned(settings);
  // `"class_type" in "x"` is asked of a text too; newer versions read the node before they ask.
  const isNode = (node: unknown) =>
    isObject(node) || (typeof node === "string" && unknownNodeError === "invalid_prompt");
  if (!isObject(body.prompt) || !Object.values(body.prompt).every(isNode)) return serverError();
  const promptId = promptIdOf(body.prompt_id, promptIds);
  if (promptId === undefined) {
    return refusal(
      "invalid_prompt_id",
      "prompt_id must be a valid UUID",
      "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one",
    );
  }
  const workflow = body.prompt as Workflow;
  const targets = body.partial_execution_targets;
  const validation = validatePrompt(workflow, {
    inputFiles,
    unknownNodeError,
    ...(Array.isArray(targets) ? { targets: targets.map(textOf) } : {}),
  });
  if ("error" in validation) {
    return json({ error: validation.error, node_errors: validation.nodeErrors }, 400);
  }
  const extraData = {
    ...(isObject(body.extra_data) ? body.extra_data : {}),
    ...(body.client_id === undefined ? {} : { client_id: body.client_id }),
    create_time: Date.now(),
  };
  queue.put([number, promptId, workflow, extraData, validation.outputs]);
  return json({ prompt_id: promptId, number, node_errors: validation.nodeErrors });
}

function promptIdOf(given: unknown, promptIds: "server" | "any" | "uuid"): string | undefined {
  if (given === undefined || promptIds === "server") return randomUUID();
  // Before ids were checked, `null` became Python's text for it.
  if (promptIds === "any") return given === null ? "None" : textOf(given);
  if (given === null) return randomUUID();
  return typeof given === "string" && CANONICAL_UUID.test(given) ? given : undefined;
}

const noPrompt = () => refusal("no_prompt", "No prompt provided", "No prompt provided");

const refusal = (type: string, message: string, details: string) =>
  json({ error: promptError(type, message, details), node_errors: {} }, 400);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
