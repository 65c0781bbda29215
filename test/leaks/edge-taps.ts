import { webcrypto } from "node:crypto";
import { ServerResponse } from "node:http";
import { SignJWT } from "jose";
import type { KnownValues } from "./known-values";

type Method = (this: unknown, ...args: never[]) => unknown;

/** What of a redirect's query is worth a login to whoever has it first. */
const ONE_TIME = ["code", "state", "nonce"];

/**
 * Notes what this process, in which the edge runs, hands out from now on: JWTs, cookies, one-time values in redirects,
 * and the private halves of the keys that it makes.
 * @returns puts everything back as it was.
 */
export function tapEdge(values: KnownValues): () => void {
  const undo = [
    wrap(SignJWT.prototype, "sign", async (result) => values.addToken("session JWT", String(await result))),
    wrap(ServerResponse.prototype, "setHeader", (_, [name, value]) =>
      noteHeader(values, String(name), value),
    ),
    wrap(ServerResponse.prototype, "writeHead", (_, args) => {
      const headers = args.at(-1);
      if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return;
      for (const [name, value] of Object.entries(headers)) noteHeader(values, name, value);
    }),
    wrap(Object.getPrototypeOf(webcrypto.subtle) as object, "generateKey", async (result) => {
      const { privateKey } = ((await result) ?? {}) as { privateKey?: webcrypto.CryptoKey };
      if (privateKey?.extractable) await notePrivateKey(values, privateKey);
    }),
  ];
  return () => {
    for (const each of undo) each();
  };
}

/** Of a key what is private in it: the rest is published. */
async function notePrivateKey(values: KnownValues, key: webcrypto.CryptoKey): Promise<void> {
  const { d } = (await webcrypto.subtle.exportKey("jwk", key)) as { d?: string };
  if (d !== undefined) values.add("private key", Buffer.from(d, "base64url"));
}

function noteHeader(values: KnownValues, name: string, value: unknown): void {
  for (const text of [value].flat().map(String)) {
    if (name.toLowerCase() === "set-cookie") {
      const [, of = "", cookie = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      const kind = /^_interaction(_resume)?$/.test(of) ? "uid of a login" : "cookie";
      if (cookie.length >= 16) values.addToken(kind, cookie);
    }
    if (name.toLowerCase() === "location" && URL.canParse(text)) {
      for (const [key, one] of new URL(text).searchParams) {
        if (ONE_TIME.includes(key) && one.length >= 16) values.addToken(`one-time ${key}`, one);
      }
    }
  }
}

/** Calls `note` after each call of a method, with what came of it and with what it was given. */
function wrap(
  prototype: object,
  name: string,
  note: (result: unknown, args: readonly unknown[]) => unknown,
): () => void {
  const methods = prototype as Record<string, Method>;
  const original = methods[name] as Method;
  methods[name] = function (...args) {
    const result = original.apply(this, args);
    void Promise.resolve(note(result, args)).catch(() => undefined);
    return result;
  };
  return () => {
    methods[name] = original;
  };
}
