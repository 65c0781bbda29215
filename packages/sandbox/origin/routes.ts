import type { IncomingMessage } from "node:http";
import { arch, platform, totalmem } from "node:os";
import type { Core } from "./core";
import type { Files } from "./files";
import { listJobs, readJob } from "./jobs";
import { CHECKPOINTS, NODE_CLASSES, renderNodeClass } from "./node-classes";
import { page } from "./page";
import { submit } from "./prompt";
import { empty, json, type Reply, ReplyError, serverError, text } from "./reply";
import { type OriginSettings, versioned } from "./settings";
import { limited, upload } from "./uploads";
import { view } from "./view";

/** What a handler is given. */
export interface RouteContext {
  request: IncomingMessage;
  core: Core;
  files: Files;
  settings: OriginSettings;
  query: URLSearchParams;
  /** The parts of the path that the route leaves open. */
  params: string[];
}

type Handler = (context: RouteContext) => Reply | Promise<Reply>;
type Route = [method: "GET" | "POST", path: RegExp, handler: Handler];

const MODELS: Readonly<Record<string, readonly string[]>> = {
  checkpoints: CHECKPOINTS,
  loras: [],
  vae: [],
  text_encoders: [],
  diffusion_models: [],
  controlnet: [],
  upscale_models: [],
  embeddings: [],
};

/** ComfyUI's routes (Comfy-Org/ComfyUI, server.py); each is also served under `/api`. */
const ROUTES: readonly Route[] = [
  ["GET", /^\/$/, () => page()],
  ["GET", /^\/prompt$/, ({ core }) => json(core.queueInfo())],
  ["POST", /^\/prompt$/, postPrompt],
  ["GET", /^\/queue$/, getQueue],
  ["POST", /^\/queue$/, postQueue],
  ["POST", /^\/interrupt$/, postInterrupt],
  ["GET", /^\/history$/, getHistory],
  ["POST", /^\/history$/, postHistory],
  ["GET", /^\/history\/([^/]+)$/, ({ core, params: [id = ""] }) => json(core.queue.history(id))],
  ["POST", /^\/free$/, postFree],
  ["GET", /^\/features$/, ({ core }) => json(core.features())],
  ["GET", /^\/system_stats$/, ({ settings }) => json(systemStats(settings))],
  ["GET", /^\/object_info$/, getObjectInfo],
  ["GET", /^\/object_info\/([^/]+)$/, getObjectInfo],
  ["GET", /^\/embeddings$/, () => json([])],
  ["GET", /^\/models$/, () => json(Object.keys(MODELS))],
  ["GET", /^\/models\/([^/]+)$/, ({ params: [folder = ""] }) => getModels(folder)],
  ["POST", /^\/upload\/image$/, (context) => postUpload(context, false)],
  ["POST", /^\/upload\/mask$/, (context) => postUpload(context, true)],
  ["GET", /^\/view$/, ({ query, request, files }) => view(query, request.headers.range, files)],
  ["GET", /^\/ws$/, () => text(400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".')],
  ["GET", /^\/api\/jobs$/, (context) => withJobs(context, () => listJobs(context.core.queue, context.query))],
  ["POST", /^\/api\/jobs\/([^/]+)\/cancel$/, cancelJob],
  [
    "GET",
    /^\/api\/jobs\/([^/]+)$/,
    (context) => withJobs(context, () => readJob(context.core.queue, context.params[0] ?? "")),
  ],
];

/**
 * Answers a request: 404 for an unknown path, 405 for another method, 500 for a body that is no JSON. What no route takes
 * goes to the page's files, which are only read.
 */
export async function route(context: Omit<RouteContext, "params">, path: string): Promise<Reply> {
  const { request } = context;
  const method = request.method === "HEAD" ? "GET" : request.method;
  const matching = [path, path.replace(/^\/api(?=\/)/, "")]
    .flatMap((candidate) => ROUTES.map((entry) => ({ entry, match: entry[1].exec(candidate) })))
    .filter(({ match }) => match !== null);
  const chosen = matching.find(({ entry }) => entry[0] === method);
  if (chosen === undefined) {
    if (method === "GET") return noFile();
    const others = matching.map(({ entry }) => entry[0]).filter((other) => other !== "GET");
    return notAllowed(["GET", "HEAD", ...new Set(others)]);
  }
  try {
    const params = (chosen.match?.slice(1) ?? []).map(decodeURIComponent);
    return await chosen.entry[2]({ ...context, params });
  } catch (error) {
    if (error instanceof ReplyError) return error.reply;
    if (error instanceof SyntaxError || error instanceof URIError) return serverError();
    throw error;
  }
}

/** A file of the page's that is not there. */
const noFile = () => empty(404, { "content-type": "application/octet-stream" });

function notAllowed(allow: string[]): Reply {
  const reply = text(405, "405: Method Not Allowed");
  return { ...reply, headers: { ...reply.headers, allow: allow.join(",") } };
}

async function postPrompt({ request, core, files, settings }: RouteContext): Promise<Reply> {
  const body: unknown = JSON.parse(await readText(request, settings));
  const { queue, numbers } = core;
  return submit(body, { queue, settings, inputFiles: files.inputNames(), numbers });
}

function getQueue({ core }: RouteContext): Reply {
  return json({ queue_running: core.queue.running, queue_pending: core.queue.pending });
}

async function postQueue({ request, core, settings }: RouteContext): Promise<Reply> {
  const body = await readJson(request, settings);
  if (body.clear) core.queue.clear();
  for (const id of ids(body.delete)) core.queue.delete(id);
  return empty(200);
}

async function postInterrupt({ request, core, settings }: RouteContext): Promise<Reply> {
  const raw = await readText(request, settings);
  const { prompt_id: target } = raw === "" ? {} : asObject(tolerant(raw));
  const targeted = versioned(settings).interrupt === "targeted" && Boolean(target);
  if (!targeted || core.queue.running.some(([, id]) => id === target)) core.executor.interrupt();
  return empty(200);
}

function getHistory({ core, query }: RouteContext): Reply {
  const all = Object.entries(core.queue.history());
  const maxItems = query.has("max_items") ? Number(query.get("max_items")) : undefined;
  const offset = query.has("offset") ? Number(query.get("offset")) : -1;
  // Without an offset the newest entries are meant.
  const from = offset < 0 ? (maxItems === undefined ? 0 : Math.max(0, all.length - maxItems)) : offset;
  return json(Object.fromEntries(all.slice(from, maxItems === undefined ? undefined : from + maxItems)));
}

async function postHistory({ request, core, settings }: RouteContext): Promise<Reply> {
  const body = await readJson(request, settings);
  if (body.clear) core.queue.clearHistory();
  for (const id of ids(body.delete)) core.queue.evict(id);
  return empty(200);
}

async function postFree({ request, core, settings }: RouteContext): Promise<Reply> {
  const body = await readJson(request, settings);
  if (body.free_memory) core.executor.free();
  return empty(200);
}

function getObjectInfo({ files, params: [name] }: RouteContext): Reply {
  const inputFiles = files.inputNames();
  const classes = Object.entries(NODE_CLASSES).filter(([key]) => name === undefined || key === name);
  return json(
    Object.fromEntries(classes.map(([key, value]) => [key, renderNodeClass(key, value, inputFiles)])),
  );
}

function getModels(folder: string): Reply {
  const models = Object.hasOwn(MODELS, folder) ? MODELS[folder] : undefined;
  return models === undefined ? empty(404) : json(models);
}

function postUpload({ request, files, settings }: RouteContext, mask: boolean): Promise<Reply> {
  return upload(request, files, { limit: limitOf(settings), mask });
}

function withJobs({ settings }: RouteContext, answer: () => Reply): Reply {
  return versioned(settings).jobs === "absent" ? noFile() : answer();
}

function cancelJob({ core, settings, params: [id = ""] }: RouteContext): Reply {
  if (versioned(settings).jobs !== "cancel") return notAllowed(["GET", "HEAD"]);
  if (core.queue.delete(id)) return json({ cancelled: true });
  const runs = core.queue.running.some(([, running]) => running === id);
  if (runs) core.executor.interrupt();
  return json({ cancelled: runs });
}

function systemStats(settings: OriginSettings) {
  const memory = totalmem();
  return {
    system: {
      os: platform() === "win32" ? "nt" : "posix",
      ram_total: memory,
      ram_free: Math.floor(memory / 2),
      comfyui_version: settings.version,
      python_version: "3.12.0",
      pytorch_version: "2.9.0",
      embedded_python: false,
      argv: ["main.py", ...corsArguments(settings)],
    },
    devices: [
      {
        name: `cpu (${arch()})`,
        type: "cpu",
        index: null,
        vram_total: memory,
        vram_free: Math.floor(memory / 2),
        torch_vram_total: 0,
        torch_vram_free: 0,
      },
    ],
  };
}

const corsArguments = ({ enableCorsHeader }: OriginSettings) =>
  enableCorsHeader === undefined ? [] : ["--enable-cors-header", enableCorsHeader];

const limitOf = (settings: OriginSettings) => Math.round(settings.maxUploadSize * 1024 * 1024);

async function readText(request: IncomingMessage, settings: OriginSettings): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of limited(request, limitOf(settings))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function readJson(
  request: IncomingMessage,
  settings: OriginSettings,
): Promise<Record<string, unknown>> {
  return asObject(JSON.parse(await readText(request, settings)));
}

/** A body that is no JSON counts as `{}` where ComfyUI forgives it. */
function tolerant(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return {};
  }
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new ReplyError(serverError());
}

const ids = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
