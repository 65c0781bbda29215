import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { dirname, join, parse } from "node:path";
import { pipeline } from "node:stream/promises";
import busboy from "busboy";
import { type Files, isFolderType } from "./files";
import { empty, json, type Reply, ReplyError, serverError, text } from "./reply";

/** What a multipart body held: its fields, and where the file of the field `image` was put. */
interface Form {
  fields: Record<string, string>;
  image?: { path: string; filename: string };
}

/**
 * POST /upload/image and /upload/mask: the file is streamed to disk and then named as ComfyUI does. Without
 * `overwrite` a file of the same bytes is used again, and another gets ` (1)`, ` (2)` … before its extension.
 * A mask is kept as it came: the stand-in composes no images.
 * @throws ReplyError with 413 when the body is larger than `limit` bytes.
 */
export async function upload(
  request: IncomingMessage,
  files: Files,
  options: { limit: number; mask: boolean },
): Promise<Reply> {
  const form = await readForm(request, join(files.incoming, randomUUID()), options.limit);
  try {
    return await kept(form, files, options.mask);
  } finally {
    if (form.image !== undefined) rmSync(form.image.path, { force: true });
  }
}

async function kept({ fields, image }: Form, files: Files, mask: boolean): Promise<Reply> {
  if (image === undefined) return empty(400);
  // aiohttp takes a part without a name for a field, which has no file's methods.
  if (image.filename === "") return serverError();
  const type = fields.type ?? "input";
  if (!isFolderType(type)) return serverError();
  if (mask && !isJsonObject(fields.original_ref)) return serverError();
  const subfolder = fields.subfolder ?? "";
  if (files.path(type, subfolder, image.filename) === undefined) return empty(400);
  const overwrite = fields.overwrite === "true" || fields.overwrite === "1";
  const { name, ext } = parse(image.filename);
  let filename = image.filename;
  for (let number = 1; ; number++) {
    const path = files.path(type, subfolder, filename);
    if (path === undefined) return empty(400);
    if (overwrite || !existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      renameSync(image.path, path);
      break;
    }
    if (await sameBytes(path, image.path)) break;
    filename = `${name} (${number})${ext}`;
  }
  return json({ name: filename, subfolder, type });
}

async function readForm(request: IncomingMessage, path: string, limit: number): Promise<Form> {
  const form: Form = { fields: {} };
  let writing: Promise<void> = Promise.resolve();
  let parser: busboy.Busboy;
  try {
    parser = busboy({ headers: request.headers, preservePath: true, defParamCharset: "utf8" });
  } catch {
    // Not a form at all: ComfyUI finds no `image` in it.
    request.resume();
    return form;
  }
  parser.on("field", (name, value) => {
    form.fields[name] = value;
  });
  parser.on("file", (name, file, { filename }) => {
    if (name !== "image" || form.image !== undefined) {
      file.resume();
      return;
    }
    form.image = { path, filename: filename ?? "" };
    writing = pipeline(file, createWriteStream(path, { mode: 0o600 }));
    // Awaited below; a failure before that must not be unhandled.
    writing.catch(() => undefined);
  });
  try {
    await pipeline(limited(request, limit), parser);
    await writing;
  } catch (error) {
    rmSync(path, { force: true });
    if (error instanceof ReplyError) throw error;
    throw new ReplyError(serverError());
  }
  return form;
}

/** The body, until it exceeds `limit` bytes. */
export async function* limited(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      const detail = `Maximum request body size ${limit} exceeded, actual body size ${size}`;
      throw new ReplyError(text(413, detail));
    }
    yield chunk;
  }
}

async function sameBytes(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(left), digest(right)]);
  return a === b;
}

async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function isJsonObject(value: string | undefined): boolean {
  try {
    const parsed: unknown = JSON.parse(value ?? "");
    return typeof parsed === "object" && parsed !== null;
  } catch {
    return false;
  }
}
