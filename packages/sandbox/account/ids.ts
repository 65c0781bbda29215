import { createHash, randomBytes, randomUUID } from "node:crypto";

/** A new UUID, as Access and tunnel objects have. */
export const newUuid = (): string => randomUUID();

/** A new id of 32 hexadecimal digits, as DNS records have. */
export const newHex32 = (): string => randomBytes(16).toString("hex");

/** SHA-256 of a text, hexadecimal: how the sandbox keeps what it only has to recognise. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A time with the whole seconds of Access, e.g. `2026-11-23T08:33:36Z`. */
export const secondsTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** A time with the microseconds of tunnels and DNS, e.g. `2026-11-23T08:33:36.123000Z`. */
export const microsecondsTime = (date: Date): string => date.toISOString().replace("Z", "000Z");

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX32 = /^[0-9a-f]{32}$/;

export const isUuid = (text: string): boolean => UUID.test(text);
export const isHex32 = (text: string): boolean => HEX32.test(text);

/** So many letters and digits at random, as request ids have. */
export const alphanumericId = (length: number): string =>
  randomBytes(length * 2)
    .toString("base64")
    .replace(/[^A-Za-z0-9]/g, "")
    .slice(0, length);
