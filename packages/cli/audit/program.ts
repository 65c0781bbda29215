import { parseAddress, placeOf } from "./address";
import { adviceFor } from "./advice";
import { authenticationOf } from "./authentication";
import { HTTP, LIBRARIES, type Library, transportOf, WEBSOCKET } from "./libraries";
import { mask } from "./mask";
import { isSetting } from "./origin";
import { isTalk, type Recognised, recognise, type Surroundings } from "./recognise";
import { nearest, originOf, resolve } from "./resolve";
import { settingFinding } from "./setting-findings";
import type { Binding, Call, Finding, Origin, Piece, Source, Text } from "./types";

/** Finds the uses of ComfyUI's API in a program. */
export function programFindings(source: Source, around: Surroundings): Finding[] {
  const lines = around.code.split("\n");
  const code = (line: number): string => mask((lines[line - 1] ?? "").trim()).slice(0, 200);
  const browser = /\bdocument\.|\bwindow\.|\$\(|from ["']react["']/.test(around.code);
  const recognised = recognise(source, around);
  const calls = recognised.map((each) => callFinding(each, source, around, code, browser));
  const libraries = source.calls.flatMap((call) => libraryFinding(call, source, around, code) ?? []);
  const told = new Set([...calls, ...libraries].map(({ line }) => line));
  const settings = settingsOf(source, around, recognised, code).filter(({ line }) => !told.has(line));
  const all = [...calls, ...libraries, ...settings];
  return all.filter(
    // One use is told once: a line can hold both ways of a choice.
    (each, index) =>
      all.findIndex(
        ({ line, kind, route }) => line === each.line && kind === each.kind && same(route, each.route),
      ) === index,
  );
}

function same(one: string | undefined, other: string | undefined): boolean {
  return one?.split("/")[1] === other?.split("/")[1];
}

const NOWHERE: Finding["address"] = { text: "?", from: { kind: "unknown" } };
const LITERAL: Origin = { kind: "literal" };

function hostEnd({ resolved, address }: Recognised): number {
  return resolved.text.length - address.path.length;
}

function callFinding(
  found: Recognised,
  source: Source,
  around: Surroundings,
  code: (line: number) => string,
  browser: boolean,
): Finding {
  const { text, resolved, address, route } = found;
  const socket =
    /^wss?$/.test(address.scheme ?? "") ||
    /WebSocket|^websockets?\./.test(text.callees[0] ?? "") ||
    /^(\/api)?\/ws\b/.test(route?.text ?? "");
  const base = {
    kind: socket ? ("WebSocket" as const) : ("HTTP" as const),
    address: address.host === "" ? NOWHERE : { text: address.host, from: originOf(resolved, hostEnd(found)) },
    place: placeOf(address.host),
    authentication: authenticationOf(text, source, address.credentials, found.through),
    ...libraryOf(text, source, socket),
  };
  return {
    path: around.path,
    line: text.line,
    route: route?.text ?? "/",
    ...base,
    code: code(text.line),
    ...adviceFor(base, around.hostname, source, browser),
  };
}

/** The HTTP or WebSocket library of a call: by the call's own name, else by what the file imports. */
function libraryOf(text: Text, source: Source, socket: boolean): { library?: string } {
  const library = transportOf(socket ? WEBSOCKET : HTTP, source, text.callees)?.name;
  return library === undefined ? {} : { library };
}

function libraryFinding(
  call: Call,
  source: Source,
  around: Surroundings,
  code: (line: number) => string,
): Finding | undefined {
  const library = LIBRARIES.find(
    ({ makes, module }) => makes.test(call.callee) && source.imports.some((each) => module.test(each.module)),
  );
  if (!library) return undefined;
  const resolved = resolve(call.pieces, call.at, source, around.environment);
  const host = parseAddress(resolved.text)?.host ?? "";
  const base = {
    kind: "library" as const,
    library: library.name,
    address:
      host === ""
        ? { ...NOWHERE, from: settingOrNot(originOf(resolved)) }
        : { text: host, from: originOf(resolved) },
    place: placeOf(host),
    authentication: authenticationOfLibrary(call, library, source),
  };
  return {
    path: around.path,
    line: call.line,
    ...base,
    code: code(call.line),
    ...adviceFor(base, around.hostname, source, false),
  };
}

/** A setting says where an address is to be found that is not known. */
function settingOrNot(origin: Origin): Origin {
  return isSetting(origin) ? origin : NOWHERE.from;
}

function authenticationOfLibrary(call: Call, library: Library, source: Source): Finding["authentication"] {
  const { line, at, scope } = call;
  const text: Text = { line, at, scope, pieces: [], callees: [], around: call.text };
  const found = authenticationOf(text, source, false);
  if (found !== "none" || library.headers === undefined) {
    return /\b(user|username)\s*[=:]/.test(call.text) ? "basic" : found;
  }
  return library.ownsToken ? "given elsewhere" : found;
}

/** Places where a program takes, writes down or hands over ComfyUI's address. */
function settingsOf(
  source: Source,
  around: Surroundings,
  recognised: Recognised[],
  code: (line: number) => string,
): Finding[] {
  const told = new Set<Piece[]>();
  const set = source.bindings.flatMap((binding) => {
    // A variable, and what holds where it is empty, are one setting.
    if (told.has(binding.pieces)) return [];
    told.add(binding.pieces);
    const found = settingOf(binding, source, around, recognised);
    return found ? [{ ...found, line: binding.line }] : [];
  });
  return [...set, ...handedOver(source, around, recognised)].flatMap((found) => {
    if (around.test && found.from.kind === "literal") return [];
    return settingFinding({ ...found, path: around.path, code: code(found.line) }, around.hostname);
  });
}

/** The protected address as an argument: whatever takes it asks there, and may be a client that nobody knows here. */
function handedOver(
  { texts }: Source,
  { hostname }: Surroundings,
  recognised: readonly Recognised[],
): { address: string; from: Origin; line: number }[] {
  if (isTold(hostname, recognised)) return [];
  return texts.flatMap((text) => {
    const [address] = text.pieces;
    if (text.callees.length === 0 || text.pieces.length > 1 || typeof address !== "string" || isTalk(text))
      return [];
    return isProtected(address, hostname) ? [{ address, from: LITERAL, line: text.line }] : [];
  });
}

/** Whether calls of the file go to a host: then they tell of it. */
function isTold(hostname: string, recognised: readonly Recognised[]): boolean {
  return recognised.some(({ address }) => address.host.replace(/:\d+$/, "") === hostname);
}

/** Whether a text is the protected address, without a path. */
function isProtected(text: string, hostname: string): boolean {
  const address = parseAddress(text);
  return (
    address !== undefined && address.host.replace(/:\d+$/, "") === hostname && /^\/?$/.test(address.path)
  );
}

const ADDRESS = /(url|uri|host|hostname|server|address|addresses|endpoint|addr|hosts|servers|default)$/i;

function settingOf(
  binding: Binding,
  source: Source,
  around: Surroundings,
  recognised: Recognised[],
): { address: string; from: Origin } | undefined {
  const piece = binding.pieces.length === 1 ? settled(binding.pieces) : undefined;
  if (piece === undefined) return undefined;
  // A parameter of an n8n node is set where the node declares it, with its default.
  if (binding.text.includes("getNodeParameter")) return undefined;
  const name = binding.name.split(".").at(-1) ?? "";
  if (typeof piece === "string") {
    const comfy = /comfy/i.test(name) || /:8188\b/.test(piece);
    const isAddress =
      /^([a-z]+:\/\/)?[\w.-]+(:\d+)?\/?$/i.test(piece) && (/[.:]/.test(piece) || piece === "localhost");
    const own = comfy && ADDRESS.test(name) && isAddress && !/^(0\.0\.0\.0|::)$/.test(piece);
    // Whoever imports it asks there; what is asked in this file is told where it is asked.
    const kept = isProtected(piece, around.hostname) && !isTold(around.hostname, recognised);
    return own || kept ? { address: piece, from: LITERAL } : undefined;
  }
  const key = "env" in piece ? piece.env : "config" in piece ? piece.config : "";
  const last = key.split(".").at(-1) ?? "";
  const own = /comfy/i.test(`${key} ${name}`) || usedForCalls(binding, source, recognised);
  if (!own || !ADDRESS.test(last.replace(/_?(base|api)$/i, "url"))) return undefined;
  const resolved = resolve([piece], binding.at, source, around.environment);
  return { address: resolved.text, from: originOf(resolved) };
}

/** `url or os.environ["URL"]`: what decides where the caller says nothing. */
function settled([piece]: readonly Piece[]): Piece | undefined {
  if (typeof piece !== "object" || !("ref" in piece) || !piece.fallback) return piece;
  return settled(piece.fallback);
}

/** `SERVER_ADDRESS` is ComfyUI's when the calls of the file go there. */
function usedForCalls(binding: Binding, source: Source, recognised: Recognised[]): boolean {
  return (
    nearest(binding.name, binding.at, source.bindings) === binding &&
    recognised.some(({ resolved }) => resolved.names.includes(binding.name))
  );
}
