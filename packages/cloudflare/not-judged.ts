import { createHash } from "node:crypto";
import { isHidden, UNKNOWN_VALUE } from "../access/hidden";
import { RULE_TYPES } from "../access/rules";
import type { Decides, NotJudged } from "../access/situation";
import { fieldsOf, listOf, textOf } from "../base/json-values";
import { type Field, type Fields, HARMLESS, KINDS, kindOfType } from "./kinds";
import { isUnset } from "./kinds/unset";
import type { StateResource } from "./state-resource";
import { cannotBeRead, rulesOf } from "./wire-rules";

/** Where the engine's bridge notes which inputs are defaults, in an object and in each below it. */
const DEFAULTED = "__defaults";
/** What the engine keeps with an object, and no field of it. */
const OF_THE_ENGINE = new Set(["id", "urn", "__meta", DEFAULTED]);

/** What nobody has judged, whatever it holds. */
type Unjudged = NotJudged & { code: "kind" | "unknown field" | "field" | "rule type" };

/**
 * What of a resource may decide who gets in, and the model does not judge: a kind, a field or a type of rule that no
 * table has, or a field that decides and that the model does not read. A field that decides nothing is passed over.
 */
export function notJudgedIn(resource: StateResource): Unjudged[] {
  const { type, id, outputs } = resource;
  const kind = kindOfType(type);
  const name = textOf(outputs["name"]) ?? id;
  if (kind === undefined) {
    if (HARMLESS.some((each) => each.type.test(type))) return [];
    return [{ code: "kind", kind: type, name, mark: markOf(outputs) }];
  }
  const own = { kind: type.split(":").at(-1) ?? type, name, ...bearing(resource) };
  const found = Object.entries(outputs).flatMap(([field, value]) => {
    // What only the update tells, and the program does not say, is what the API makes of it by itself.
    if (value === UNKNOWN_VALUE && resource.given?.has(field) === false) return [];
    return OF_THE_ENGINE.has(field) ? [] : inField(own, kind.fields, field, value, [field]);
  });
  return found.map(({ path, ...each }) => ({
    ...each,
    field: written(path),
    ...ruleBearing(resource, path),
  }));
}

/**
 * What of a resource decides who gets in, or where requests go, and cannot be read: a secret, or for the update alone to
 * tell. Two are the same when all else is that decides in the object: what it comes to hangs on both together.
 */
export function hiddenIn(resource: StateResource): NotJudged[] {
  const { type, id, outputs, given } = resource;
  const kind = kindOfType(type);
  if (kind === undefined) return [];
  const deciding = Object.entries(outputs).filter(([name]) => kind.fields[name]?.decides !== "nothing");
  const own = {
    kind: type.split(":").at(-1) ?? type,
    name: textOf(outputs["name"]) ?? id,
    mark: markOf(deciding),
  };
  return deciding.flatMap(([name, value]) => {
    // What the program does not say is what the API makes of it by itself.
    if (value === UNKNOWN_VALUE && given?.has(name) === false) return [];
    const { of, ...bears } = bearing(resource);
    // One that may stand anywhere bears on every place.
    const about = PLACES.has(name) ? bears : { of, ...bears };
    return unreadIn(kind.fields[name], value, [name]).map(
      ({ path, decides }): NotJudged => ({
        code: "hidden",
        ...own,
        ...about,
        decides,
        field: written(path),
        ...ruleBearing(resource, path),
      }),
    );
  });
}

/** The fields that say where an application stands. */
const PLACES = new Set(["destinations", "domain", "selfHostedDomains"]);

/** Values that the model reads, and that cannot be read: each with what it decides. */
function unreadIn(field: Field | undefined, value: unknown, path: Path): { path: Path; decides: Decides }[] {
  if (field === undefined || field.judged !== "all" || field.readHidden || field.fields === "rules")
    return [];
  const { decides, fields } = field;
  if (decides !== "access" && decides !== "routes") return [];
  if (isHidden(value)) return [{ path, decides }];
  if (Array.isArray(value)) return value.flatMap((each, index) => unreadIn(field, each, [...path, index]));
  return Object.entries(fieldsOf(value)).flatMap(([name, inner]) =>
    unreadIn(fields?.[name], inner, [...path, name]),
  );
}

/** What one object bears on alone. */
function bearing({ type, id, outputs }: StateResource): Pick<NotJudged, "of" | "token" | "host"> {
  const kind = kindOfType(type);
  if (kind === KINDS.token) return { of: id, token: true };
  if (kind === KINDS.dnsRecord) return hostOf(outputs["name"]);
  return [KINDS.application, KINDS.policy].some((each) => each === kind) ? { of: id } : {};
}

/** A tunnel rule bears on its own host name. */
function ruleBearing({ outputs }: StateResource, path: Path): Pick<NotJudged, "host"> {
  const [first, second, third] = path;
  const isOwn = first === "config" && second === "ingresses";
  const index = isOwn ? third : first === "rules" ? second : undefined;
  if (typeof index !== "number") return {};
  const rules = isOwn ? fieldsOf(outputs["config"])["ingresses"] : outputs["rules"];
  return hostOf(fieldsOf(listOf(rules)[index])["hostname"]);
}

/** A host name that can be read; else it may be any. */
function hostOf(value: unknown): Pick<NotJudged, "host"> {
  const host = textOf(value);
  return host === undefined || isHidden(host) ? {} : { host };
}

type Own = Pick<NotJudged, "kind" | "name" | "of" | "token" | "host">;

/** The names and places that lead to a field. */
type Path = readonly (string | number)[];
type Found = Unjudged & { path: Path };

const written = (path: Path): string =>
  path
    .map((each, index) => (typeof each === "number" ? `[${each}]` : `${index === 0 ? "" : "."}${each}`))
    .join("");

function inField(own: Own, fields: Fields, name: string, value: unknown, path: Path): Found[] {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const isOn = field !== undefined && field.judged !== "all" && isJudged(field, true);
  // Where "on" is what the API has by itself, "off" is a choice.
  if (isUnset(value) && !(value === false && isOn)) return [];
  if (field === undefined) return [{ ...own, code: "unknown field", path, mark: markOf(value) }];
  if (field.decides === "nothing") return [];
  if (field.judged !== "all") {
    if (isJudged(field, value)) return [];
    return [{ ...own, code: "field", path, decides: field.decides, mark: markOf(value) }];
  }
  return field.fields === undefined ? [] : inside(own, field.fields, value, path);
}

function isJudged({ judged }: Field, value: unknown): boolean {
  if (typeof judged === "function") return judged(value);
  return judged === "all" || judged.includes(value);
}

function inside(own: Own, fields: NonNullable<Field["fields"]>, value: unknown, path: Path): Found[] {
  // A value that cannot be read is another finding: see hiddenIn.
  if (isHidden(value)) return [];
  if (fields === "rules") return unknownRules(own, value, path);
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => inside(own, fields, each, [...path, index]));
  }
  return Object.entries(fieldsOf(value)).flatMap(([name, inner]) =>
    name === DEFAULTED ? [] : inField(own, fields, name, inner, [...path, name]),
  );
}

function unknownRules(own: Own, value: unknown, path: Path): Found[] {
  return listOf(value).flatMap((each, index) => {
    const [rule = {}] = rulesOf([each]);
    if (cannotBeRead(rule)) return [];
    return Object.keys(rule)
      .filter((type) => !RULE_TYPES.has(type))
      .map((type): Found => {
        const at = [...path, index, type];
        return { ...own, code: "rule type", path: at, decides: "access", mark: markOf(each) };
      });
  });
}

/** The same for the same value, without showing it. */
export const markOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
