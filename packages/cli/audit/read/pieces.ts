import type { Piece } from "../types";
import { literalOf, nameOf, type Of, pairsIn, SELF, type Tree } from "./tree";

/** What a part of a program says of a text; empty where it is none. */
export function piecesOf(tree: Tree): Piece[] {
  switch (tree.kind) {
    case "text":
      return ofText(tree);
    case "name":
      return ofName(tree);
    case "member":
      return ofMember(tree);
    case "index":
      return ofIndex(tree);
    case "call":
      return ofCall(tree);
    case "join":
      return tree.parts.flatMap(placeholder);
    case "choice":
      return tree.options.map(piecesOf).reduce(alternative, []);
    case "format":
      return fill(piecesOf(tree.text), tree.values.flatMap(listed));
    // A block whose value is its last part, and what is handed a function to make the value.
    case "group":
    case "function": {
      const last = (tree.kind === "group" ? tree.children : tree.body).at(-1);
      return last ? piecesOf(last) : [];
    }
    case "return":
      return piecesOf(tree.value);
    default:
      return [];
  }
}

/** A part of a longer text: what is no text by itself is a place there. */
function placeholder(tree: Tree): Piece[] {
  const pieces = piecesOf(tree);
  return pieces.length > 0 ? pieces : [{ ref: "?" }];
}

function ofText(tree: Of<"text">): Piece[] {
  const literal = literalOf(tree);
  // Spring's and Docker's way to name a setting, with what holds without it.
  const [, key, fallback] = /^\$\{([\w.-]+)(?::-?([^}]*))?\}$/.exec(literal ?? "") ?? [];
  if (key !== undefined) return [{ config: key, ...(fallback ? { fallback: [fallback] } : {}) }];
  if (literal !== undefined) return [literal];
  return tree.parts.flatMap((part) => (typeof part === "string" ? [part] : placeholder(part)));
}

const NOTHING = /^(None|null|nil|undefined|True|False|true|false)$/;

function ofName({ name }: Of<"name">): Piece[] {
  // PowerShell's variables of the environment are names.
  const [, variable] = /^env:(\w+)$/i.exec(name) ?? [];
  if (variable !== undefined) return [{ env: variable }];
  return name === SELF || NOTHING.test(name) ? [] : [{ ref: name }];
}

/** `process.env.X`, `import.meta.env.X`. */
const ENVIRONMENT = /(^|\.)(process|import\.meta|meta|Deno|Bun|os)?\.?(\$?env|environ|ENV|_ENV|_SERVER)$/;

/** Attributes that are still the address. */
const PART = /^(href|AbsoluteUri|OriginalString)$/;
/** Ruby calls a method without brackets. */
const RUBY_KEEPS = /^(to_s|freeze|chomp|chop|strip|rstrip|lstrip|dup|downcase)$/;

function ofMember(tree: Of<"member">): Piece[] {
  if (ENVIRONMENT.test(nameOf(tree.object))) return [{ env: tree.key }];
  if (RUBY_KEEPS.test(tree.key) || PART.test(tree.key)) return piecesOf(tree.object);
  return named(tree);
}

function named(tree: Tree): Piece[] {
  const name = nameOf(tree);
  return name === "?" || name.startsWith("?.") ? [] : [{ ref: name }];
}

/** `os.environ["X"]`, `config["A"]["B"]`. */
function ofIndex(tree: Of<"index">): Piece[] {
  const keys: string[] = [];
  let object: Tree = tree;
  while (object.kind === "index") {
    const key = object.key.kind === "text" ? literalOf(object.key) : undefined;
    // The part of a text that was split, or an item of a list.
    if (key === undefined || /^\d+$/.test(key)) return piecesOf(object.object);
    keys.unshift(key);
    object = object.object;
  }
  return ENVIRONMENT.test(nameOf(object)) ? [{ env: keys[0] ?? "" }] : [{ config: keys.join(".") }];
}

/** What reads a variable of the environment: its name first, and what holds without it. */
const GETS_ENVIRONMENT =
  /(^|\.)(getenv|environ\.get|environ\.setdefault|GetEnvironmentVariable|Getenv|LookupEnv|env\.(str|get|var|var_os)|ENV\.fetch|option_env|getenv\(\)\.(get|getOrDefault)|env|config|\w*_?(get_?env|env_?or)\w*)$/i;
/** What reads a setting of the program's. */
const GETS_SETTING =
  /(^|\.)(get|getOrThrow|getNodeParameter|get_?string|getproperty|getvalue|getsection|getconfig|config|fetch|optstring)$/i;
/** n8n's: a parameter of a node, for one of its items. */
const NODE_PARAMETER = "getNodeParameter";
/** What makes one address of a base and a path. */
const JOINS = /(^|\.)(urljoin|url_?join|joinurl|joinpath|combine|appendpath)$/i;
/** What makes an address of a text. */
const MAKES =
  /(^|\.)(URL|URI|Uri|URI\.(create|parse)|Uri\.(parse|Parse)|Url\.parse|url\.Parse|ParseRequestURI|HttpUrl\.(parse|get)|URLRequest|str|String|string|String\.from|String\.valueOf|encodeURI|quote|Cow\.from|from_static|fromHttpUrl|fromUriString|Sprint|Some|Ok|Optional\.(of|ofNullable)|Objects\.requireNonNullElse)$/;
/** Functions that leave their first argument what it is. */
const TRIMS =
  /^(strings\.|StringUtils\.)?(r?trim|trim_?(right|left|suffix|prefix|space)|untrailingslashit|esc_url\w*)$/i;
/** Methods that leave an address what it is. */
const KEEPS =
  /^(replace|replaceAll|trim\w*|Trim\w*|toString|ToString|to_string|to_owned|to_s|toLowerCase|ToLower|lower|rstrip|strip|lstrip|removesuffix|split|decode|slice|chomp|chop|delete_suffix|sub|gsub|freeze|dup|clone|unwrap|expect|into|as_str|as_ref|as_deref|ok|context|value|get|build|String|strip_suffix|into_url|toUri|toURI|toUriString|buildAndExpand|GetLeftPart|Result)$/;
/** Methods that say what holds where there is no value. */
const OTHERWISE =
  /^(unwrap_or|unwrap_or_else|unwrap_or_default|orElse|orElseGet|or|presence|default|map_or)$/;
/** What fills a text's places. */
const FORMATS = /(^|\.)(v?sprintf|format|format_args|formatted|concat)$/i;

function ofCall(tree: Of<"call">): Piece[] {
  const { callee, arguments: all } = tree;
  const name = nameOf(callee);
  const method = callee.kind === "member" ? callee.key : name;
  const object = callee.kind === "member" ? callee.object : undefined;
  const [first, second] = all;
  const record = addressOfRecord(tree);
  if (record.length > 0) return record;
  const asked = first?.kind === "text" ? literalOf(first) : undefined;
  if (GETS_ENVIRONMENT.test(name) && asked !== undefined && /^[A-Za-z]\w*$/.test(asked)) {
    return [{ env: asked, ...withFallback(second) }];
  }
  if (FORMATS.test(name)) return formatted(object, method, all);
  if (OTHERWISE.test(method) && object) return alternative(piecesOf(object), first ? piecesOf(first) : []);
  if (/requireNonNullElse$/.test(name) && first && second)
    return alternative(piecesOf(first), piecesOf(second));
  // `base.JoinPath("queue")`, but `url.JoinPath(base, "queue")`.
  if (
    object &&
    first &&
    JOINS.test(name) &&
    !/^(url|path|Path|parse|urllib\.parse|Url)$/.test(nameOf(object))
  ) {
    return [...placeholder(object), ...all.flatMap(afterSlash)];
  }
  if (first && (JOINS.test(name) || (second && /(^|\.)(URL|Uri|URI\.join)$/.test(name))))
    return joined(tree, all);
  if (object && first && isJoin(callee) && isText(first))
    return [...placeholder(object), ...afterSlash(first)];
  if (first && (MAKES.test(name) || TRIMS.test(name))) return piecesOf(first);
  if (
    object &&
    first &&
    /^(from|new|of)$/.test(method) &&
    /(^|\.)(Lazy|LazyLock|OnceCell|String|Uri|URI|Url)$/.test(nameOf(object))
  ) {
    return piecesOf(first);
  }
  if (object && KEEPS.test(method) && !(method === "get" && all.length > 0)) return piecesOf(object);
  if (
    object &&
    asked !== undefined &&
    !/[/\s]/.test(asked) &&
    GETS_SETTING.test(name) &&
    (method === NODE_PARAMETER || all.every(isText))
  )
    return setting(all, method);
  return [{ ref: `${name}()` }];
}

/** `config.get("KEY")`, also with what holds without it. */
function setting(all: Tree[], method: string): Piece[] {
  const keys = all.map((each) => (each.kind === "text" ? (literalOf(each) ?? "?") : "?"));
  const [key = ""] = keys;
  if (/^[A-Z][A-Z0-9_]+$/.test(key)) return [{ env: key, ...withFallback(all[1]) }];
  const isAddress = keys.length === 2 && /[:/.]/.test(keys[1] ?? "");
  if (isAddress) return [{ config: key, ...withFallback(all[1]) }];
  return [{ config: method === NODE_PARAMETER ? key : keys.join(".") }];
}

function withFallback(value: Tree | undefined): { fallback?: Piece[] } {
  const own = value?.kind === "pair" ? value.value : value;
  const pieces = own ? piecesOf(own) : [];
  return pieces.length > 0 ? { fallback: pieces } : {};
}

/** `new URL(path, base)`, but `urljoin(base, path)`. */
function joined(tree: Of<"call">, [first, ...rest]: Tree[]): Piece[] {
  if (!first) return [];
  const isTurned = tree.made && /(^|\.)URL$/.test(nameOf(tree.callee));
  const parts = isTurned ? [...rest.slice(0, 1), first] : [first, ...rest];
  return parts.flatMap((part, index) => {
    return index > 0 && !isTurned ? afterSlash(part) : placeholder(part);
  });
}

/** `url.JoinPath(base, "history", id)` puts the slashes itself. */
function afterSlash(part: Tree): Piece[] {
  const own = placeholder(part);
  const [first] = own;
  return typeof first === "string" && !first.startsWith("/") ? ["/", ...own] : own;
}

/** `base.join("queue")`: the path of an address, and not of a file, is put behind it. */
function isJoin(callee: Tree): boolean {
  if (callee.kind !== "member" || !/^(join|resolve)$/.test(callee.key)) return false;
  return (
    callee.object.kind !== "text" &&
    !/(^|\.)(path|posix|Paths?|filepath|File|fs|dir\w*|root|folder)$/i.test(nameOf(callee.object))
  );
}

function isText(tree: Tree): boolean {
  return (
    tree.kind === "text" ||
    tree.kind === "join" ||
    (tree.kind === "call" && FORMATS.test(nameOf(tree.callee)))
  );
}

function formatted(object: Tree | undefined, method: string, all: Tree[]): Piece[] {
  if (/concat$/.test(method)) return [...(object ? placeholder(object) : []), ...all.flatMap(placeholder)];
  if (object && /^(format|formatted)$/.test(method) && object.kind === "text")
    return fill(piecesOf(object), all);
  const [template, ...values] = all;
  return template ? fill(piecesOf(template), values) : [];
}

function listed(tree: Tree): Tree[] {
  return tree.kind === "list" ? tree.items : [tree];
}

/** Puts values into the places of a format. */
function fill(template: Piece[], values: Tree[]): Piece[] {
  const isPercent = template.some(
    (piece) => typeof piece === "string" && /%[-+#0]*\d*[sdiruvqx]/.test(piece),
  );
  const places = isPercent ? /%[-+#0]*\d*(?:\.\d+)?([sdiruvqx])/g : /\{([^{}]*)\}/g;
  let next = 0;
  return template.flatMap((piece) => {
    if (typeof piece !== "string") return [piece];
    const parts: Piece[] = [];
    let at = 0;
    for (const found of piece.matchAll(places)) {
      if (found.index > at) parts.push(piece.slice(at, found.index));
      at = found.index + found[0].length;
      const name = isPercent ? "" : (found[1] ?? "").replace(/[:!].*$/, "");
      if (name === "" || /^\d+$/.test(name)) {
        const value = values[name === "" ? next++ : Number(name)];
        parts.push(...(value ? placeholder(value) : [{ ref: "?" }]));
        continue;
      }
      const given = values.flatMap((value) => valueUnder(name, value))[0];
      parts.push(...(given ? placeholder(given) : [{ ref: name }]));
    }
    return at < piece.length ? [...parts, piece.slice(at)] : parts;
  });
}

/** The value that a format is given under a name: Rust writes it as it assigns. */
function valueUnder(name: string, tree: Tree): Tree[] {
  if (tree.kind === "pair") return tree.key === name ? [tree.value] : [];
  const [target] = tree.kind === "assign" ? tree.targets : [];
  return tree.kind === "assign" && target && nameOf(target) === name ? tree.values : [];
}

/** The first that has a value: what a user or a caller sets, then what holds without it. */
function alternative(first: Piece[], second: Piece[]): Piece[] {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const [lead] = first;
  if (first.length > 1 || typeof lead !== "object") return first;
  if (!lead.fallback) return [{ ...lead, fallback: second }];
  return [{ ...lead, fallback: alternative(lead.fallback, second) }];
}

/** `{ scheme, host, port }`: the address that they are the parts of; empty without a host and another part. */
export function addressOfParts(pairs: Of<"pair">[]): Piece[] {
  const part = (pattern: RegExp): Piece[] | undefined => {
    const found = pairs.find(({ key }) => pattern.test(key));
    return found && piecesOf(found.value);
  };
  const host = part(/^(host|hostname)$/i);
  const port = part(/^port$/i);
  const scheme = part(/^(scheme|protocol)$/i);
  if (!host?.length || !(port ?? scheme ?? part(/^(raw)?path$/i))) return [];
  return [
    ...(scheme?.length ? [...withoutColon(scheme), "://"] : []),
    ...host,
    ...(port?.length ? [":", ...port] : []),
  ];
}

function withoutColon(scheme: Piece[]): Piece[] {
  return scheme.map((piece) => (typeof piece === "string" ? piece.replace(/:(\/\/)?$/, "") : piece));
}

/** An address that is made of its parts: Go's `url.URL{Scheme, Host, Path}`. */
function addressOfRecord(tree: Of<"call">): Piece[] {
  if (!/(^|\.)(URL|UriBuilder|URIBuilder|URI\.HTTPS?\.build)$/.test(nameOf(tree.callee))) return [];
  const pairs = pairsIn(tree.arguments);
  const base = addressOfParts(pairs);
  if (base.length === 0) return [];
  const path = pairs.find(({ key }) => /^(path|pathname)$/i.test(key));
  const query = pairs.find(({ key }) => /^(raw_?query|query|search)$/i.test(key));
  return [...base, ...(path ? piecesOf(path.value) : []), ...(query ? ["?", ...piecesOf(query.value)] : [])];
}

/** What stands for an address as a whole: a text, parts put together, or a call that makes one of them. */
export function isAddressLike(tree: Tree): boolean {
  if (tree.kind === "text" || tree.kind === "join" || tree.kind === "format") return true;
  if (tree.kind !== "call") return false;
  const name = nameOf(tree.callee);
  if (addressOfRecord(tree).length > 0) return true;
  if (
    FORMATS.test(name) ||
    JOINS.test(name) ||
    MAKES.test(name) ||
    TRIMS.test(name) ||
    /(^|\.)URI\.join$/.test(name)
  )
    return true;
  const [first] = tree.arguments;
  if (first && isJoin(tree.callee) && isText(first)) return true;
  return (
    tree.callee.kind === "member" &&
    (KEEPS.test(tree.callee.key) || OTHERWISE.test(tree.callee.key)) &&
    isAddressLike(tree.callee.object)
  );
}
