import { randomUUID } from "node:crypto";
import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { ComfyUIError } from "./errors";
import { mustBeOwnPath } from "./name";
import type { Places } from "./places";
import type { Answer, CallOptions, Request, Transport } from "./transport";

/** Names a file of ComfyUI: an output, or what an upload answered. */
export interface FileReference {
  filename: string;
  subfolder?: string;
  /** ComfyUI's folder: `output` (default), `temp` or `input`. */
  type?: string;
}

/** A file on its way. */
export interface ViewedFile {
  contentType?: string;
  /** In bytes, when the server says it. */
  size?: number;
  /** Its bytes. Fails with a `ComfyUIError` when they do not arrive whole; destroy it when you stop reading. */
  body: Readable;
}

/** `GET /view`, streamed. */
export async function view(
  transport: Transport,
  file: FileReference,
  options: CallOptions = {},
): Promise<ViewedFile> {
  const request = requestFor(file, options);
  return transport.stream(request, async (answer) => {
    const { "content-type": contentType, "content-length": size } = answer.headers;
    return {
      ...(typeof contentType === "string" && { contentType }),
      ...(typeof size === "string" && { size: Number(size) }),
      body: readable(transport, request, answer),
    };
  });
}

/** A file that was saved. */
export interface SavedFile {
  path: string;
  /** In bytes. */
  size: number;
}

/**
 * `GET /view` into a folder, under the file's own name; never outside the folder, through no link in it, and not over
 * another file that this client put there.
 */
export async function downloadTo(
  transport: Transport,
  places: Places,
  file: FileReference,
  folder: string,
  options: CallOptions = {},
): Promise<SavedFile> {
  const { subfolder = "", type } = file;
  const name = nameOf(file);
  const path = await places.of(folder, name, JSON.stringify([type || "output", subfolder, name]));
  const there = await onDisk(path, lstat(path).catch(unlessMissing));
  if (there !== undefined && !there.isFile()) {
    const what = there.isDirectory() ? "a folder" : there.isSymbolicLink() ? "a symbolic link" : "no file";
    const words = `cannot write ${path}: it is ${what}; remove it, or give download() a path of your own`;
    throw new ComfyUIError("usage", "no_file", words);
  }
  return { path, size: await save(transport, file, path, options) };
}

/** `GET /view` into a file of the caller's naming. */
export async function download(
  transport: Transport,
  file: FileReference,
  path: string,
  options: CallOptions = {},
): Promise<number> {
  mustBeOwnPath(path, nameOf(file));
  return save(transport, file, path, options);
}

/**
 * The file appears when it is whole: a failure leaves what stood there before. Begins again when the connection breaks.
 * Answers how many bytes it has.
 */
async function save(
  transport: Transport,
  file: FileReference,
  path: string,
  options: CallOptions,
): Promise<number> {
  const request = requestFor(file, options);
  const part = join(dirname(path), `.${randomUUID()}.part`);
  // Made before anything is asked for: where it cannot be written is no matter of the server's. Never through a link.
  const handle = await onDisk(path, open(part, "wx"));
  try {
    try {
      const size = await transport.stream(request, (answer) => write(answer, handle, path));
      await onDisk(path, handle.close());
      await onDisk(path, rename(part, path));
      return size;
    } finally {
      await handle.close().catch(() => undefined);
    }
  } finally {
    await rm(part, { force: true });
  }
}

/** Writes the body from the file's beginning; what fails there is told apart from what fails on the way here. */
async function write({ body }: Answer, file: FileHandle, path: string): Promise<number> {
  await onDisk(path, file.truncate(0));
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    for (let written = 0; written < chunk.length; ) {
      const { bytesWritten } = await onDisk(path, file.write(chunk, written, undefined, size));
      written += bytesWritten;
      size += bytesWritten;
    }
  }
  return size;
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ComfyUIError("usage", "no_file", `cannot write ${path}: ${whyNot(path, error)}`, {
      cause: error,
    });
  }
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}

function whyNot(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `there is no folder ${dirname(path)}: make it first`;
  if (code === "ENOTDIR") return `${dirname(path)} is no folder: name one that is`;
  if (code === "EISDIR") return "it is a folder: name a file in it, or use downloadTo()";
  if (code === "EACCES" || code === "EROFS")
    return `${dirname(path)} must not be written (${code}): choose another folder`;
  return message;
}

/** Where ComfyUI keeps a file, as messages say it. */
export function whereOf({ subfolder, type }: Pick<FileReference, "subfolder" | "type">): string {
  return [type || "output", subfolder].filter((part) => part !== undefined && part !== "").join("/");
}

function nameOf({ filename }: FileReference): string {
  if (typeof filename === "string") return filename;
  const words =
    "the file to get has no filename: give an output, what upload() answered, or { filename, subfolder, type }";
  throw new ComfyUIError("usage", "bad_file", words);
}

function requestFor(file: FileReference, { signal }: CallOptions): Request {
  const { subfolder = "", type = "output" } = file;
  const filename = nameOf(file);
  const asked = `file ${JSON.stringify(filename.slice(0, 200))} in ${whereOf({ subfolder, type })}`;
  const query = new URLSearchParams({ filename, subfolder, type });
  return { method: "GET", path: `/view?${query}`, asked, anyHost: true, signal };
}

function readable(transport: Transport, request: Request, answer: Answer): Readable {
  const stream = Readable.from(typedErrors(transport, request, answer), { objectMode: false });
  // A generator that was never begun does not end what it reads.
  return stream.once("close", () => answer.body.destroy());
}

async function* typedErrors(
  transport: Transport,
  request: Request,
  { body }: Answer,
): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw request.signal?.aborted
      ? new ComfyUIError("aborted", "aborted", "GET /view: aborted by the caller")
      : transport.failure(error, request);
  }
}
