import { parseDuration } from "../../base/duration";
import { canonical } from "../../base/json-values";
import { isUnset } from "../../cloudflare/kinds/unset";
import { quoted } from "./choose";
import type { ConfigWord, IsSaid } from "./config-words";
import { isJudged, type JudgedKind, meaningOf } from "./meanings";
import { type Decision, type Row, takeFlag } from "./types";
import { alike, inner, text, wireOf } from "./wire";
import { inWords } from "./words";

/** A field that the next `up` would not leave as it is, and on which access or delivery hangs. */
export interface Stop {
  /** The object, e.g. `application "ComfyUI"`. */
  object: string;
  /** The field, as the API spells it. */
  field: string;
  /** Its value, as the API shows it. */
  found: unknown;
  /** What would happen. */
  effect: string;
  /** The key of the config that could say what the account has. Default: there is none. */
  word?: ConfigWord;
  /** What to do. Default: as the word is said, {@link leftOut}, or {@link IN_THE_DASHBOARD}. */
  remedy?: string;
}

const IN_THE_DASHBOARD =
  "The config has no word for it. Where it can go, take it away in the dashboard, see that all still works, and run the command again; else leave this host name to the dashboard.";

const leftOut = (word: ConfigWord): string =>
  `The stack file says otherwise. Leave ${word} out of it, or say there what the account has; adopt, and change it after the first up, as any other change.`;

/**
 * A stop as what has to be decided.
 * @param names of objects by id, for people
 * @param isSaid by the stack file: what it leaves out is as the account has it, as far as the config has a word for that
 */
export function decisionOf(
  { object, field, found, effect, word, remedy: own }: Stop,
  names: ReadonlyMap<string, string>,
  isSaid: IsSaid,
): Decision {
  const remedy = own ?? (word !== undefined && isSaid(word) ? leftOut(word) : IN_THE_DASHBOARD);
  const shown = withoutSecrets(found);
  return {
    what: `${object}, ${field}`,
    why: `it is ${saysNothing(shown) ? "not set" : inWords(shown, names)}; after the next up, ${effect}`,
    remedy,
    field,
    found: shown,
  };
}

/**
 * The fields of an object that the stack is about to take, and that the next `up` would not leave as they are: every
 * field of the API's answer is compared with what the program declares. One that is known to decide neither access nor
 * delivery passes; one that nobody has judged stops.
 * @param compare for a field that takes more than to be alike: true when it stays in effect
 */
export function fieldStops(
  kind: JudgedKind,
  was: Readonly<Record<string, unknown>>,
  declared: Readonly<Record<string, unknown>>,
  compare: Readonly<Record<string, (now: unknown, next: unknown) => boolean>> = {},
  object = `${kind} ${quoted(was)}`,
): Stop[] {
  return Object.entries(was).flatMap(([field, found]): Stop[] => {
    const meaning = meaningOf(kind, field);
    if (meaning === undefined) return saysNothing(found) ? [] : [unjudged(object, field, found)];
    if (meaning === "nothing") return [];
    const stays = compare[field] ?? ((now, next) => alikeWithDefault(now, next, meaning.unset));
    if (stays(found, declared[field])) return [];
    const word = WORDS[`${kind} ${field}`];
    return [{ object, field, found, effect: meaning.decides, ...(word === undefined ? {} : { word }) }];
  });
}

/** Fields whose every value the config can say. */
const WORDS: Partial<Record<`${JudgedKind} ${string}`, ConfigWord>> = {
  "ingress rule service": "service",
  "service token duration": "serviceTokens",
  "service token client_secret_version": "serviceTokens",
  "service token previous_client_secret_expires_at": "serviceTokens",
};

/** A field that this version does not know. */
export const unjudged = (object: string, field: string, found: unknown): Stop => ({
  object,
  field,
  found,
  effect: "it may be gone: this version does not know the field, nor what hangs on it",
});

/** Fields that the engine changes and that nobody has judged, whatever the API shows of them. */
export function unjudgedChanges({ kind, was, changes }: Row): Stop[] {
  if (was === undefined || !isJudged(kind)) return [];
  return changes.flatMap(({ field, now }) => {
    const [top = field] = field.split(".");
    return meaningOf(kind, top) === undefined ? [unjudged(`${kind} ${quoted(was)}`, field, now)] : [];
  });
}

/** What says nothing in any field; a plain false or 0 may. */
const saysNothing = (value: unknown): boolean => value !== false && isUnset(value);

function alikeWithDefault(now: unknown, next: unknown, unset: unknown): boolean {
  return unset === undefined ? alike(now, next) : (now ?? unset) === (next ?? unset);
}

/** Something with a switch of its own, turned off: as if it were not there. */
export const isOff = (value: unknown): boolean =>
  isUnset(value) || inner({ value }, "value")["enabled"] === false;

/** Durations that last equally long, however they are written. */
export function lastAlike(one: string, other: string): boolean {
  const [a, b] = [parseDuration(one), parseDuration(other)];
  return a === undefined || b === undefined ? one === other : a === b;
}

/** A rule of a policy as text; addresses without regard to case, as Access compares them. */
export function ruleText(rule: unknown): string {
  const said = canonical(rule);
  return /^\{"email(_domain)?":/.test(said) ? said.toLowerCase() : said;
}

/** Names behind whose values a secret may stand. */
const SECRET = /(secret|password|token)$/i;

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      SECRET.test(name) && typeof each === "string" ? "(not shown)" : withoutSecrets(each),
    ]),
  );
}

/** Stops of the objects that are compared field by field with the one resource that takes them. */
export function objectStops(row: Row, take: ReadonlySet<string>): Stop[] {
  const { kind, was, resource } = row;
  if (was === undefined || resource === undefined) return [];
  const declared = wireOf(resource);
  switch (kind) {
    case "identity provider":
      return [
        ...fieldStops(kind, was, declared, { config: () => true, scim_config: isOff }),
        ...configStops(row, inner(declared, "config")),
      ];
    case "service token":
      return fieldStops(kind, was, declared, {
        duration: (now, next) => lastAlike(String(now), String(next)),
        previous_client_secret_expires_at: sameOrPast,
      });
    case "DNS record":
      return fieldStops(
        kind,
        was,
        declared,
        {
          // Taking a record that leads elsewhere is a word of its own.
          content: (now, next) =>
            take.has(takeFlag("DNS record", text(was, "id"))) || hostText(now) === hostText(next),
          name: (now, next) => hostText(now) === hostText(next),
          settings: (now) => Object.values(inner({ now }, "now")).every(isUnset),
        },
        `DNS record ${text(was, "name")}`,
      );
    case "alert":
      return fieldStops(kind, was, declared, {
        mechanisms: (now, next) => recipients(now).every((each) => recipients(next).includes(each)),
      }).map((stop) => (isMailOnly(stop) ? { ...stop, word: "alerts.emails" } : stop));
    default:
      return [];
  }
}

/** A login's settings; who made it may have set more than a client. */
function configStops({ kind, was }: Row, declared: Readonly<Record<string, unknown>>): Stop[] {
  // The callback follows from the team, and the secret is never shown: the table says that the config's is written.
  const judged = Object.entries(inner(was, "config")).filter(
    ([name]) => name !== "redirect_url" && name !== "client_secret",
  );
  return judged.flatMap(([name, found]) =>
    alike(found, declared[name])
      ? []
      : [
          {
            object: `${kind} ${quoted(was ?? {})}`,
            field: `config.${name}`,
            found,
            effect: "logins are judged by other settings",
          },
        ],
  );
}

/** The end of an earlier secret says nothing once it is past. */
function sameOrPast(now: unknown, next: unknown): boolean {
  const end = Date.parse(String(now ?? ""));
  return Number.isNaN(end) || end <= Date.now() || end === Date.parse(String(next ?? ""));
}

const hostText = (value: unknown): string => String(value).toLowerCase().replace(/\.$/, "");

const isMailOnly = ({ field, found }: Stop): boolean =>
  field === "mechanisms" && recipients(found).every((each) => each.startsWith("email "));

function recipients(mechanisms: unknown): string[] {
  return Object.entries(inner({ mechanisms }, "mechanisms")).flatMap(([way, list]) =>
    (Array.isArray(list) ? list : [list]).map((each) => `${way} ${canonical(each)}`),
  );
}
