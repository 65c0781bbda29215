import { isHidden } from "../../access/hidden";
import type { Decides, NotJudged } from "../../access/situation";
import { notJudgedWords } from "../../access/words";
import { markOf, notJudgedIn } from "../../cloudflare/not-judged";
import { isServerOption } from "../../cloudflare/server-options";
import type { StateResource } from "../../cloudflare/state-resource";

/** What a change may bear on: who gets in, which service they reach, where secrets go, how long credentials count. */
export const PARTS = ["access", "traffic", "secrets", "credentials"] as const;
export type Part = (typeof PARTS)[number];

/** Something by which more may change than is told. */
export interface Undecided {
  /** What of it is not known; those of what the model does not judge are its own. */
  code:
    | NotJudged["code"]
    | "cannot be read"
    | "foreign policy"
    | "order of policies"
    | "places"
    | "encrypted place"
    | "provider";
  /** The sections of a review that may be otherwise by it. */
  bears: readonly Part[];
  /** One sentence for people. */
  text: string;
  /** What it was and is, without showing it: who agrees to one value does not agree to another. */
  detail?: string;
}

/** May be otherwise in any way. */
export const anyPart = (code: Undecided["code"], text: string): Undecided => ({ code, bears: PARTS, text });

const BEARS: Readonly<Record<Decides, readonly Part[]>> = {
  access: ["access"],
  // Where a name leads decides too whether anybody asks there.
  routes: ["access", "traffic"],
  // What counts as proof of who somebody is.
  credentials: ["access", "credentials"],
  nothing: [],
};

/** The sections on which a field bears by what it decides; all of them where that is not known. */
export const bearsOf = (decides: Decides | undefined): readonly Part[] =>
  decides === undefined ? PARTS : BEARS[decides];

/** Something that is not judged, with what stands for it in a hash. */
export interface Held extends NotJudged {
  /** The same before an update and after it, as far as the program says what it is. */
  stated: string;
}

/** What of resources is not judged. A kind that is not known is as the program declares it, whatever comes of that. */
export function heldIn(resources: readonly StateResource[]): Held[] {
  return resources.flatMap((resource) =>
    notJudgedIn(resource).flatMap((each): Held[] => {
      // Compared rule by rule instead, with its value.
      if (isServerOption(each)) return [];
      if (each.code !== "kind") return [{ ...each, stated: each.mark }];
      const { outputs, given } = resource;
      const declared = Object.entries(outputs).filter(([name]) => given?.has(name) !== false);
      return [{ ...each, mark: markOf(declared), stated: markOf(withoutHidden(declared)) }];
    }),
  );
}

/** A value as it is before an update and after it, where a part of it only the update tells, or is a secret. */
export function withoutHidden(value: unknown): unknown {
  if (isHidden(value)) return "hidden";
  if (Array.isArray(value)) return value.map(withoutHidden);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutHidden(inner)]));
}

/** What is not judged and not the same on both sides. */
export function notJudgedFacts(before: readonly Held[], after: readonly Held[]): Undecided[] {
  const without = (list: readonly Held[], others: readonly Held[]) =>
    list.filter((one) => !others.some((other) => isSame(one, other) && one.mark === other.mark));
  const [gone, come] = [without(before, after), without(after, before)];
  const told = [...come, ...gone].map((each): Undecided => {
    const [was = "", is = ""] = [gone, come].map((list) => list.find((other) => isSame(each, other))?.stated);
    const { code, decides } = each;
    return { code, bears: bearsOf(decides), text: notJudgedWords(each), detail: `${was} ${is}` };
  });
  return byText(told);
}

const isSame = (one: NotJudged, other: NotJudged): boolean =>
  one.code === other.code && one.kind === other.kind && one.name === other.name && one.field === other.field;

/** Each once, in the order of the words. */
export function byText(all: readonly Undecided[]): Undecided[] {
  const once = new Map(all.map((each) => [`${each.text} ${each.detail ?? ""}`, each]));
  return [...once.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}
