import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { ComfyUIError } from "./errors";
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
export function view(
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
      body: Readable.from(typedErrors(transport, request, answer), { objectMode: false }),
    };
  });
}

/**
 * `GET /view` into a file, which appears when it is whole: a failure leaves what stood there before. Begins again
 * when the connection breaks. Answers how many bytes it has.
 */
export async function download(
  transport: Transport,
  file: FileReference,
  path: string,
  options: CallOptions = {},
): Promise<number> {
  const request = requestFor(file, options);
  const part = `${path}.${randomUUID()}.part`;
  try {
    const size = await transport.stream(request, (answer) => save(answer, part));
    await onDisk(path, rename(part, path));
    return size;
  } finally {
    await rm(part, { force: true });
  }
}

/** Writes the body to the path; what fails there is told apart from what fails on the way here. */
async function save({ body }: Answer, path: string): Promise<number> {
  let file: FileHandle;
  try {
    file = await onDisk(path, open(path, "w"));
  } catch (error) {
    body.destroy();
    throw error;
  }
  try {
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await onDisk(path, file.write(chunk, written));
        written += bytesWritten;
      }
      size += chunk.length;
    }
    return size;
  } finally {
    await file.close();
  }
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ComfyUIError("usage", "no_file", `cannot write ${path}: ${why}`, { cause: error });
  }
}

function requestFor(
  { filename, subfolder = "", type = "output" }: FileReference,
  { signal }: CallOptions,
): Request {
  const query = new URLSearchParams({ filename, subfolder, type });
  return { method: "GET", path: `/view?${query}`, anyHost: true, signal };
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
