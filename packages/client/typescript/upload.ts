import { randomUUID } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { ComfyUIError } from "./errors";
import { mustBeRecord, mustBeString } from "./narrow";
import type { CallOptions, Transport } from "./transport";
import { whereOf } from "./view";

/** What is uploaded: the path of a file, bytes, or a stream with the size if it is known. */
export type UploadSource =
  | { path: string; filename?: string }
  | { bytes: Uint8Array; filename: string }
  | { stream: AsyncIterable<Uint8Array>; filename: string; size?: number };

export interface UploadOptions extends CallOptions {
  /** ComfyUI's folder: `input` (default), `temp` or `output`. */
  type?: string;
  subfolder?: string;
  /** Replace a file of the same name; else another one gets a name such as `in (1).png`. Default false. */
  overwrite?: boolean;
}

/** Where ComfyUI keeps the uploaded file: its name may differ from the one that was asked for. */
export interface UploadedFile {
  /** ComfyUI's name for it, and the same as `filename`: so it can be given to `view` and `download`. */
  name: string;
  filename: string;
  subfolder: string;
  type: string;
}

interface Part {
  filename: string;
  size?: number;
  content: AsyncIterable<Uint8Array>;
  close?: () => Promise<void>;
}

/** `POST /upload/image`, which takes files of any kind. Streamed, and sent once: never repeated. */
export async function upload(
  transport: Transport,
  source: UploadSource,
  options: UploadOptions = {},
): Promise<UploadedFile> {
  const part = await partOf(source);
  try {
    const boundary = `comfyui-${randomUUID()}`;
    const fields = {
      type: options.type ?? "input",
      subfolder: options.subfolder ?? "",
      overwrite: String(options.overwrite ?? false),
    };
    const head = Buffer.from(formHead(boundary, fields, part.filename));
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    const reply = await transport.json({
      method: "POST",
      path: "/upload/image",
      asked: `the file ${JSON.stringify(part.filename)} in ${whereOf(fields)}`,
      headers: {
        "content-type": `multipart/form-data; boundary=${boundary}`,
        ...(part.size !== undefined && { "content-length": String(head.length + part.size + tail.length) }),
      },
      body: Readable.from(bodyOf(head, part, tail), { objectMode: false }),
      signal: options.signal,
    });
    const { name: named, subfolder, type } = mustBeRecord(reply, "upload");
    const name = mustBeString(named, "upload name");
    return {
      name,
      filename: name,
      subfolder: mustBeString(subfolder ?? "", "upload subfolder"),
      type: mustBeString(type ?? "input", "upload type"),
    };
  } finally {
    await part.close?.();
  }
}

async function partOf(source: UploadSource): Promise<Part> {
  if ("bytes" in source) {
    return { filename: source.filename, size: source.bytes.length, content: Readable.from([source.bytes]) };
  }
  if ("stream" in source) return { filename: source.filename, size: source.size, content: source.stream };
  const file = await openFile(source.path);
  try {
    const { size } = await file.stat();
    return {
      filename: source.filename ?? basename(source.path),
      size,
      // Not beyond the stated length, should the file grow meanwhile.
      content: size === 0 ? Readable.from([]) : file.createReadStream({ end: size - 1, autoClose: false }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw unreadable(source.path, error);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* bodyOf(head: Buffer, part: Part, tail: Buffer): AsyncGenerator<Uint8Array> {
  yield head;
  let size = 0;
  try {
    for await (const chunk of part.content) {
      size += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw unreadable(part.filename, error);
  }
  if (part.size !== undefined && size !== part.size) {
    throw unreadable(part.filename, new Error(`${size} of ${part.size} bytes`));
  }
  yield tail;
}

function formHead(boundary: string, fields: Record<string, string>, filename: string): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="${escaped(filename)}"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  return parts.join("") + file;
}

// As browsers do it: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
function escaped(filename: string): string {
  return filename.replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/"/g, "%22");
}

function unreadable(name: string, error: unknown): ComfyUIError {
  const why = error instanceof Error ? error.message : String(error);
  return new ComfyUIError("usage", "no_file", `cannot read ${name}: ${why}`, { cause: error });
}
