import { crc32, deflateSync } from "node:zlib";

/** Types of binary WebSocket frames (Comfy-Org/ComfyUI, protocol.py). */
const PREVIEW_IMAGE = 1;
const TEXT = 3;
const PREVIEW_IMAGE_WITH_METADATA = 4;
const FORMAT = { "image/jpeg": 1, "image/png": 2 } as const;

/** What a preview of type 4 says about itself. */
export interface PreviewMetadata {
  node_id: string;
  prompt_id: string;
  display_node_id: string;
  parent_node_id: string | null;
  real_node_id: string;
}

/** An image as it travels in a preview. */
export interface PreviewImage {
  type: keyof typeof FORMAT;
  bytes: Buffer;
}

/** Type 1: the format as a number, then the image; nothing says whose it is. */
export function previewFrame(image: PreviewImage): Buffer {
  return Buffer.concat([uint32(PREVIEW_IMAGE), uint32(FORMAT[image.type]), image.bytes]);
}

/** Type 4, for clients that declared `supports_preview_metadata`: JSON with its length, then the image. */
export function previewWithMetadataFrame(image: PreviewImage, metadata: PreviewMetadata): Buffer {
  const json = Buffer.from(JSON.stringify({ ...metadata, image_type: image.type }));
  return Buffer.concat([uint32(PREVIEW_IMAGE_WITH_METADATA), uint32(json.length), json, image.bytes]);
}

/** Type 3: a node's id with its length, then text. */
export function textFrame(nodeId: string, text: string): Buffer {
  const id = Buffer.from(nodeId);
  return Buffer.concat([uint32(TEXT), uint32(id.length), id, Buffer.from(text)]);
}

/** A PNG of one colour, 16 × 16, that depends on `seed`. */
export function png(seed: number): Buffer {
  const size = 16;
  const colour = [(seed * 97) % 256, (seed * 57) % 256, (seed * 31) % 256];
  const row = Buffer.from([0, ...Array.from({ length: size }, () => colour).flat()]);
  const header = Buffer.concat([uint32(size), uint32(size), Buffer.from([8, 2, 0, 0, 0])]);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: size }, () => row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The shortest run of bytes that passes for a JPEG: its start and end markers around a comment. */
export function jpeg(seed: number): Buffer {
  const comment = Buffer.from(`preview ${seed}`);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(comment.length + 2);
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xfe]), length, comment, Buffer.from([0xff, 0xd9])]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
