import { createHmac } from "node:crypto";

const ADDRESS = /[^\s@,;:"'`<>()[\]|]+@[^\s@,;:"'`<>()[\]|]+/g;

/** Letters and digits that are not easily mistaken for one another. */
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";

/**
 * Puts a stable name in place of every e-mail address in a report, e.g. `person-7kq2mz`; names of properties stay. The
 * name is keyed: whoever does not have the salt cannot find the address by trying a list of them.
 * @param salt the same one gives the same names in every report
 */
export function maskAddresses<T>(value: T, salt: string): T {
  const mask = (text: string) =>
    text.replace(ADDRESS, (address) => maskedName(address.replace(/[.…]+$/, ""), salt));
  return mapped(value, mask) as T;
}

function maskedName(address: string, salt: string): string {
  const bytes = createHmac("sha256", salt).update(address.toLowerCase()).digest().subarray(0, 8);
  const letters = [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]);
  return `person-${letters.join("")}`;
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, change)]));
}
