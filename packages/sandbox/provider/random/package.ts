import { randomBytes, randomInt } from "node:crypto";
import { type CheckFailure, type PropertyMap, type PropertyValue, reveal } from "../../../provider/host";
import { count, type Fields, flag, freeMap, text } from "../fields";
import type { Kind } from "../kind";
import type { PackageParts } from "../package-provider";

// Everything about a random value is settled when it is made: any change makes a new one.
const replace = true;
const keepers = freeMap({ replace });

/** Makes a kind whose objects live in state alone. */
function valueKind(
  type: string,
  fields: Fields,
  make: (plan: PropertyMap) => { id: string; outputs: PropertyMap },
  check?: (inputs: PropertyMap) => CheckFailure[],
): Kind {
  return {
    type,
    fields,
    check,
    create: async (plan) => make(plan),
    read: async (id, state) => {
      if (Object.keys(state).length === 0) throw new Error(`the sandbox does not import ${type}`);
      return { id, state };
    },
    update: async () => ({}),
    delete: async () => {},
  };
}

const bytes = valueKind(
  "random:index/randomBytes:RandomBytes",
  {
    keepers,
    length: count({ required: true, replace }),
    base64: text({ setBy: "server", secret: true }),
    hex: text({ setBy: "server", secret: true }),
  },
  (plan) => {
    const value = randomBytes(number(plan.length));
    return { id: "none", outputs: { base64: value.toString("base64"), hex: value.toString("hex") } };
  },
);

const id = valueKind(
  "random:index/randomId:RandomId",
  {
    keepers,
    byteLength: count({ required: true, replace }),
    prefix: text({ replace }),
    b64Std: text({ setBy: "server" }),
    b64Url: text({ setBy: "server" }),
    dec: text({ setBy: "server" }),
    hex: text({ setBy: "server" }),
  },
  (plan) => {
    const value = randomBytes(number(plan.byteLength));
    const prefix = reveal(plan.prefix ?? "");
    const hex = value.toString("hex");
    return {
      id: value.toString("base64url"),
      outputs: {
        b64Std: `${prefix}${value.toString("base64")}`,
        b64Url: `${prefix}${value.toString("base64url")}`,
        dec: `${prefix}${BigInt(`0x${hex || "0"}`)}`,
        hex: `${prefix}${hex}`,
      },
    };
  },
);

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";
const CLASSES = [
  { name: "lower", least: "minLower", letters: "abcdefghijklmnopqrstuvwxyz" },
  { name: "upper", least: "minUpper", letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
  { name: "numeric", least: "minNumeric", letters: "0123456789" },
  { name: "special", least: "minSpecial", letters: SPECIAL },
] as const;

const stringFields: Fields = {
  keepers,
  length: count({ required: true, replace }),
  lower: flag({ default: true, replace }),
  minLower: count({ default: 0, replace }),
  minNumeric: count({ default: 0, replace }),
  minSpecial: count({ default: 0, replace }),
  minUpper: count({ default: 0, replace }),
  numeric: flag({ default: true, replace }),
  overrideSpecial: text({ replace }),
  special: flag({ default: true, replace }),
  upper: flag({ default: true, replace }),
};

/** A random text of the classes asked for; which of its places hold which class is random too. */
export function randomText(plan: PropertyMap): string {
  const length = number(plan.length);
  const classes = CLASSES.map(({ name, least, letters }) => ({
    letters: name === "special" ? String(reveal(plan.overrideSpecial ?? letters)) || letters : letters,
    used: reveal(plan[name] ?? true) === true,
    least: number(plan[least] ?? 0),
  }));
  const required = classes.flatMap(({ letters, least }) =>
    Array.from({ length: least }, () => pick(letters)),
  );
  const all = classes.flatMap(({ letters, used }) => (used ? [letters] : [])).join("");
  const rest = Array.from({ length: length - required.length }, () => pick(all));
  const places = [...required, ...rest];
  for (let at = places.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [places[at], places[other]] = [places[other] ?? "", places[at] ?? ""];
  }
  return places.join("");
}

function pick(letters: string): string {
  if (letters === "")
    throw new Error("no class of characters is allowed\n  → turn on lower, upper, numeric or special");
  return letters[randomInt(letters.length)] ?? "";
}

function lengthFailures(inputs: PropertyMap): CheckFailure[] {
  const least = CLASSES.map(({ least }) => reveal(inputs[least] ?? 0));
  const length = reveal(inputs.length ?? 0);
  if (typeof length !== "number" || least.some((value) => typeof value !== "number")) return [];
  const sum = least.reduce((total: number, value) => total + Number(value), 0);
  if (length >= 1 && length >= sum) return [];
  return [
    {
      property: "length",
      reason: `must be at least 1 and at least the sum of the minimums, which is ${sum}`,
    },
  ];
}

// The real RandomPassword also keeps a bcrypt hash of the result, which nothing here uses.
const password = valueKind(
  "random:index/randomPassword:RandomPassword",
  { ...stringFields, result: text({ setBy: "server", secret: true }) },
  (plan) => ({ id: "none", outputs: { result: randomText(plan) } }),
  lengthFailures,
);

const string = valueKind(
  "random:index/randomString:RandomString",
  { ...stringFields, result: text({ setBy: "server" }) },
  (plan) => {
    const result = randomText(plan);
    return { id: result, outputs: { result } };
  },
  lengthFailures,
);

/** The package `random`: values made once and kept in state. */
export const randomPackage: PackageParts = { kinds: [bytes, id, password, string] };

function number(value: PropertyValue | undefined): number {
  return Number(reveal(value ?? 0));
}
