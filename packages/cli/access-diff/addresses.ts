import { isIPv4, isIPv6 } from "node:net";

interface Range {
  family: 4 | 6;
  first: bigint;
  last: bigint;
}

/** Addresses to begin with: one of each family, reserved for documentation, that rules hardly name. */
const COMMON = ["203.0.113.7", "2001:db8::7"];

/**
 * One address for each part into which ranges cut the address space, those outside of all included: two addresses
 * of a part are the same to every rule.
 * @param ranges in CIDR notation, or single addresses; what is neither cuts nothing
 */
export function addressPerPart(ranges: readonly string[]): string[] {
  const known = ranges.map(rangeOf).filter((range) => range !== undefined);
  const edges = known.flatMap(({ family, first, last }) => [
    { family, value: first },
    { family, value: last + 1n },
  ]);
  const starts = [
    ...COMMON.map(addressOf),
    { family: 4 as const, value: 0n },
    { family: 6 as const, value: 0n },
  ];
  const parts = new Map<string, string>();
  for (const address of [...starts, ...edges]) {
    if (address === undefined || address.value >= 1n << bitsOf(address.family)) continue;
    const inside = known.map((range) => (contains(range, address) ? "1" : "0")).join("");
    if (!parts.has(inside)) parts.set(inside, textOf(address));
  }
  return [...parts.values()];
}

/** The narrowest of the ranges that hold an address; undefined when none does. */
export function narrowestRange(ip: string, ranges: readonly string[]): string | undefined {
  const address = addressOf(ip);
  const holding = ranges.flatMap((text) => {
    const range = rangeOf(text);
    return address !== undefined && range !== undefined && contains(range, address) ? [{ text, range }] : [];
  });
  const size = ({ range }: (typeof holding)[number]) => range.last - range.first;
  return holding.sort((a, b) => (size(a) < size(b) ? -1 : 1))[0]?.text;
}

type Address = Pick<Range, "family"> & { value: bigint };

const bitsOf = (family: 4 | 6): bigint => (family === 4 ? 32n : 128n);

const contains = (range: Range, { family, value }: Address): boolean =>
  range.family === family && range.first <= value && value <= range.last;

function rangeOf(text: string): Range | undefined {
  const [network = "", prefix] = text.split("/");
  const address = addressOf(network);
  if (address === undefined) return undefined;
  const { family, value } = address;
  const bits = bitsOf(family);
  const kept = prefix === undefined ? bits : BigInt(/^\d{1,3}$/.test(prefix) ? prefix : -1);
  if (kept < 0n || kept > bits) return undefined;
  const size = 1n << (bits - kept);
  const first = (value / size) * size;
  return { family, first, last: first + size - 1n };
}

function addressOf(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: fromDigits(text.split(".").map(Number), 8n) };
  if (!isIPv6(text) || text.includes(".")) return undefined;
  const [head = "", tail] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return { family: 6, value: fromDigits([...left, ...Array(zeros).fill(0), ...right], 16n) };
}

const fromDigits = (digits: readonly number[], bits: bigint): bigint =>
  digits.reduce((value, digit) => (value << bits) | BigInt(digit), 0n);

function textOf({ family, value }: Address): string {
  const digits = (count: number, bits: bigint) =>
    Array.from(
      { length: count },
      (_, index) => (value >> (BigInt(count - 1 - index) * bits)) & ((1n << bits) - 1n),
    );
  if (family === 4) return digits(4, 8n).join(".");
  return digits(8, 16n)
    .map((group) => group.toString(16))
    .join(":");
}
