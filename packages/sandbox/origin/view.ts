import { basename, extname } from "node:path";
import { type Files, isFolderType } from "./files";
import { empty, type Reply } from "./reply";

const TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".flac": "audio/flac",
  ".mp3": "audio/mpeg",
  ".wav": "audio/x-wav",
  ".json": "application/json",
  ".txt": "text/plain",
};

/**
 * GET /view: a file of one of the folders, streamed, with ranges as aiohttp's FileResponse serves them. Names
 * that lead out of the folder get 400 or 403, missing files 404, all without a body. `preview` and `channel`
 * are ignored: the stand-in converts no images.
 */
export function view(query: URLSearchParams, range: string | undefined, files: Files): Reply {
  const annotated = query.get("filename");
  if (annotated === null) return empty(404);
  const [, bare = annotated, folder] = /^(.*?) \[(input|output|temp)\]$/.exec(annotated) ?? [];
  if (bare === "" || bare.startsWith("/") || bare.includes("..")) return empty(400);
  const type = folder ?? query.get("type") ?? "output";
  if (!isFolderType(type)) return empty(400);
  const name = basename(bare);
  const subfolder = query.get("subfolder") ?? "";
  if (files.path(type, subfolder, name) === undefined) return empty(403);
  const file = files.open(type, subfolder, name);
  if (file === undefined) return empty(404);

  const headers = {
    "content-type": TYPES[extname(name).toLowerCase()] ?? "application/octet-stream",
    "content-disposition": `filename="${name}"`,
  };
  const part = range === undefined ? undefined : rangeOf(range, file.size);
  if (part === "unsatisfiable") {
    return empty(416, { ...headers, "content-range": `bytes */${file.size}` });
  }
  const [start, end] = part ?? [0, file.size - 1];
  return {
    status: part === undefined ? 200 : 206,
    headers: {
      ...headers,
      "accept-ranges": "bytes",
      "content-length": String(end - start + 1),
      ...(part === undefined ? {} : { "content-range": `bytes ${start}-${end}/${file.size}` }),
    },
    body: file.size === 0 ? "" : file.read(start, end),
  };
}

function rangeOf(range: string, size: number): [start: number, end: number] | "unsatisfiable" {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === "" && to === "") return "unsatisfiable";
  if (from === "")
    return Number(to) === 0 || size === 0 ? "unsatisfiable" : [Math.max(0, size - Number(to)), size - 1];
  const start = Number(from);
  const end = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start >= size || end < start ? "unsatisfiable" : [start, end];
}
