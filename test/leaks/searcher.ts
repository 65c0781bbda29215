import { type SpellingName, spellingsOf } from "../../packages/cli/secrets/spellings";

/** A value that nobody but its users may see. */
export interface Secret {
  /** Which one, e.g. `secret of service token comfyui-api`; no part of the value. */
  label: string;
  /** Text, or the bytes of a key. */
  value: string | Buffer;
  /** It stands in the source code, in clear: what is made of source code may hold it. */
  constant?: boolean;
}

/** A secret that stands where it was looked for. */
export interface Hit {
  label: string;
  spelling: SpellingName;
  /** All of it, or only a part. */
  part: "whole" | "part";
  /** From the first byte. */
  offset: number;
}

/**
 * A secret is looked for in pieces of so many bytes: any part of it that is twice as long, less one, holds one of them,
 * so that a beginning, an end or a middle is found too. Twelve hexadecimal digits are met by chance once in 2^48.
 */
const PIECE = 12;

/** What is shorter would be met by chance. */
const SHORTEST = 8;

/** A piece of a spelling of a secret. */
interface Needle {
  secret: Secret;
  spelling: SpellingName;
  whole: Buffer;
  /** Where in the whole it begins. */
  at: number;
  piece: Buffer;
}

const FILTER_BITS = 20;

/** Looks for many secrets in all their spellings at once, in one pass over the bytes. */
export class Searcher {
  /** By the first four bytes. */
  private readonly needles = new Map<number, Needle[]>();
  /** Whether any needle's first four bytes have this hash: says no to most of what is looked at. */
  private readonly filter = new Uint8Array(1 << FILTER_BITS);
  /** How many pieces are looked for. */
  readonly size: number;

  /** @throws {Error} at a secret that is too short to be told from chance. */
  constructor(secrets: Iterable<Secret>) {
    const known = new Set<string>();
    for (const secret of secrets) {
      if (secret.value.length < SHORTEST) throw new Error(`${secret.label} is too short to be looked for`);
      for (const { name, bytes } of spellingsOf(secret.value)) {
        // Many a constant is mostly zeros, so that a part of it says nothing.
        const pieces = secret.constant ? piecesOf(bytes).slice(0, 1) : piecesOf(bytes);
        for (const [at, piece] of pieces) {
          const key = `${secret.label} ${piece.toString("latin1")}`;
          if (known.has(key)) continue;
          known.add(key);
          this.add({ secret, spelling: name, whole: bytes, at, piece });
        }
      }
    }
    this.size = known.size;
  }

  private add(needle: Needle): void {
    const start = needle.piece.readInt32BE(0);
    this.needles.set(start, [...(this.needles.get(start) ?? []), needle]);
    this.filter[hash(start)] = 1;
  }

  /** Every secret in the bytes, once per spelling: whole where it is so anywhere. */
  search(bytes: Uint8Array): Hit[] {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hits = new Map<string, Hit>();
    const { filter, needles } = this;
    let start = 0;
    for (let end = 0; end < text.length; end++) {
      start = (start << 8) | (text[end] as number);
      if (end < 3 || filter[hash(start)] === 0) continue;
      for (const needle of needles.get(start) ?? []) {
        const offset = end - 3;
        if (!stands(text, offset, needle.piece)) continue;
        const { secret, spelling } = needle;
        const key = `${secret.label} ${spelling}`;
        const part = stands(text, offset - needle.at, needle.whole) ? "whole" : "part";
        if (part === "part" && secret.constant) continue;
        const known = hits.get(key);
        if (known === undefined) hits.set(key, { label: secret.label, spelling, part, offset });
        else if (part === "whole") known.part = part;
      }
    }
    return [...hits.values()];
  }
}

function hash(start: number): number {
  return Math.imul(start, 0x9e3779b1) >>> (32 - FILTER_BITS);
}

/** The pieces of a spelling, with the last one ending where it ends. */
function piecesOf(bytes: Buffer): [at: number, piece: Buffer][] {
  if (bytes.length <= PIECE) return [[0, bytes]];
  const starts = Array.from({ length: Math.floor(bytes.length / PIECE) }, (_, index) => index * PIECE);
  return [...new Set([...starts, bytes.length - PIECE])].map((at) => [at, bytes.subarray(at, at + PIECE)]);
}

function stands(text: Buffer, from: number, what: Buffer): boolean {
  return from >= 0 && text.subarray(from, from + what.length).equals(what);
}
