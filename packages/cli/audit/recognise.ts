import { type Address, parseAddress } from "./address";
import { isTool } from "./libraries";
import { type Environment, nearest, type Resolved, resolve } from "./resolve";
import { type Route, routeOf } from "./routes";
import type { Call, Piece, Source, Text } from "./types";

/** A text that is an address of ComfyUI's API. */
export interface Recognised {
  text: Text;
  resolved: Resolved;
  address: Address;
  /** Absent where the base address itself is asked. */
  route?: Route;
  /** Where the request is made, when a function of the file makes it of the route. */
  through?: Text[];
}

/** What the judgement knows of the file as a whole. */
export interface Surroundings {
  path: string;
  code: string;
  /** The file is a test: an address alone is an example there. */
  test: boolean;
  /** Host names that are ComfyUI's, e.g. `comfyui.datacrew.space`. */
  hostname: string;
  environment: Environment;
}

/** From this score on a text is taken for a call. */
const ENOUGH = 3;

/** Finds the addresses of ComfyUI's API among a file's texts: by route, base address and what stands around. */
export function recognise(source: Source, around: Surroundings): Recognised[] {
  const texts = [...source.texts, ...source.calls.flatMap((call) => wholeAddress(call) ?? [])];
  const candidates = texts.flatMap((text) => candidateOf(text, source, around) ?? []);
  const sure = candidates.filter((each) => score(each, source, around) >= ENOUGH);
  // What a function of the file asks for is told where it is called.
  const makers = new Set(candidates.flatMap(({ through = [] }) => through));
  // A base address that is ComfyUI's for one route is ComfyUI's for the others.
  const bases = new Set(sure.filter(({ route }) => route && route.strength > 0).map(baseOf));
  return candidates.filter(
    (each) =>
      !(each.route === undefined && makers.has(each.text)) &&
      (sure.includes(each) ||
        (bases.has(baseOf(each)) && each.route && score(each, source, around) > ENOUGH - 3)),
  );
}

/** `fetch(config.comfyUrl)`: an address that another file makes. */
function wholeAddress({ callee, text, pieces, ...position }: Call): Text | undefined {
  const [piece] = pieces;
  if (pieces.length !== 1 || typeof piece !== "object" || !("ref" in piece)) return undefined;
  if (!/comfy\w*(url|uri|address|host|server)$/i.test(piece.ref)) return undefined;
  const name = callee.replace(/^new /, "");
  return /^(fetch|WebSocket|got|requests\.\w+|axios(\.\w+)?|websockets?\.\w+|httpx\.\w+)$/.test(name)
    ? { ...position, pieces, callees: [name], around: text }
    : undefined;
}

function baseOf({ address, text }: Recognised): string {
  return address.host === "" ? `: ${lastCallee(text)}` : address.host;
}

function lastCallee({ callees }: Text): string {
  return callees[0] ?? "";
}

const TALK =
  /(^|\.)(print|printf|println|eprintln|puts|p|Println|Printf|Print|Fatalf?|WriteLine|Write|Write-\w+|log|info|debug|warn|warning|error|exception|critical|trace|redirect|validate\w*|normali[sz]e\w*|describe|it|test|expect|toBe|toEqual|echo|Error|raise|add_argument|startswith|endswith|startsWith|endsWith|includes|patch|match|assert_called_with|assert_called_once_with)$/;

/** Whether a text is only said, compared or looked for. */
export function isTalk({ callees }: Text): boolean {
  return callees.some((callee) => TALK.test(callee) && !/^(axios|session|client)/i.test(callee));
}

function candidateOf(text: Text, source: Source, around: Surroundings): Recognised | undefined {
  if (isTalk(text)) return undefined;
  const beginning = relative(text, source, around.environment);
  if (beginning) return beginning;
  const declared = declaredRoute(text, source);
  if (declared) return declared;
  const whole = text.pieces.every((piece) => typeof piece !== "string");
  const several = text.pieces.length > 1;
  if (!whole && !several && !text.pieces.some((piece) => typeof piece === "string" && piece.includes("/")))
    return undefined;
  const resolved = resolve(piecesOf(text), text.at, source, around.environment);
  if (whole && !several && !text.word && !/^\{[^{}]*\}$/.test(resolved.text)) return undefined;
  const address = parseAddress(resolved.text);
  if (!address) return undefined;
  const route = asWritten(text, routeOf(address.path));
  if (route && isDefinition(text, address, source)) return undefined;
  if (route && address.host === "") {
    const based = basedOn(text, source, around.environment);
    if (based) return { ...based, text, route };
    return text.word ? undefined : { text, resolved, address, route };
  }
  if (route) return { text, resolved, address, route };
  // The base address itself, asked whether somebody is there.
  const root =
    /^(\/?|\/\{[^{}]*\})$/.test(address.path) &&
    address.host !== "" &&
    (whole || address.scheme !== undefined);
  const asked = text.callees.some((callee) => REQUEST.test(callee) && !/env/i.test(callee));
  return root && !around.test && asked ? { text, resolved, address } : undefined;
}

/** Libraries that make a client of an interface whose methods have their routes written above them. */
const DECLARED = /^Refit$|^retrofit2\b|service\.annotation|^feign\b/;

/** `[Post("/prompt")]`, `@GET("history/{id}")`: where the client goes, whoever makes it says. */
function declaredRoute(text: Text, source: Source): Recognised | undefined {
  const [first] = text.pieces;
  if (!source.imports.some(({ module }) => DECLARED.test(module))) return undefined;
  if (typeof first !== "string" || !/^(([A-Z][a-z]*|[A-Z]+)|RequestLine|\w+Exchange)$/.test(lastCallee(text)))
    return undefined;
  const path = first.replace(/^[A-Z]+\s+/, "").replace(/^(?!\/)/, "/");
  const route = routeOf(path);
  const address = { host: "", credentials: false, path };
  return route && { text, resolved: { text: path, origins: [], names: [] }, address, route };
}

/** `client.get("queue")`: a route without its slash counts where its base is known. */
function relative(text: Text, source: Source, environment: Environment): Recognised | undefined {
  const [first] = text.pieces;
  if (typeof first !== "string" || !/^[a-z_]+([/?].*)?$/.test(first) || text.callees.length === 0)
    return undefined;
  const moved = { ...text, pieces: [`/${first}`, ...text.pieces.slice(1)] };
  const route = asWritten(moved, routeOf(`/${first}`));
  const based = route && basedOn(moved, source, environment);
  return based && { ...based, text, route };
}

/**
 * The address that a route alone is put behind: of the client that it is handed to, or in the function of the file that
 * makes the request.
 */
function basedOn(
  text: Text,
  source: Source,
  environment: Environment,
): Pick<Recognised, "resolved" | "address" | "through"> | undefined {
  const [callee = ""] = text.callees;
  const own: Base[] = text.base ? [[text.base, text.at, []]] : [];
  const callees = callee === "" ? takersOf(text, source) : [callee];
  const others = callees.flatMap((each) => [...clientOf(each, text, source), ...makersOf(each, source)]);
  for (const [base, at, through] of [...own, ...others]) {
    const resolved = resolve([...base, ...withoutHost(text.pieces)], at, source, environment);
    const address = parseAddress(resolved.text);
    if (address && address.host !== "") return { resolved, address, through };
  }
  return undefined;
}

/** The calls that are handed a route under the name that it is kept by. */
function takersOf({ target, at, scope }: Text, source: Source): string[] {
  return source.calls
    .filter(
      (call) => target !== undefined && call.at > at && call.at < scope[1] && call.handed.includes(target),
    )
    .map(({ callee }) => callee);
}

/** Names are not resolved again where the base stands: only the route is told of them. */
function withoutHost(pieces: Piece[]): Piece[] {
  return pieces.map((piece) => (typeof piece === "string" ? piece : `{${nameOf(piece)}}`));
}

type Base = [base: Piece[], at: number, through: Text[]];

/** `axios.create({ baseURL })`, `client.BaseAddress = …`. */
function clientOf(callee: string, text: Text, source: Source): Base[] {
  const receiver = callee.slice(0, Math.max(0, callee.lastIndexOf(".")));
  if (receiver === "") return [];
  const set = source.bindings.filter(({ name }) => name.startsWith(`${receiver}.`) && BASE.test(name));
  const made = nearest(receiver, text.at, source.bindings);
  return [
    ...set.map(({ pieces, at }): Base => [pieces, at, []]),
    ...(made?.client ? [[made.client, made.at, []] satisfies Base] : []),
  ];
}

const BASE = /\.(base_?(url|uri|address)|prefix_?url)$/i;

/** `get("/queue")`, where `get(path)` asks for `base + path`. */
function makersOf(callee: string, source: Source): Base[] {
  const last = callee.split(".").at(-1) ?? "";
  return source.routines
    .filter(({ name }) => name === last)
    .flatMap(({ parameters, scope }) =>
      source.texts
        .filter(({ at }) => scope[0] <= at && at <= scope[1])
        .flatMap((made): Base[] => {
          const place = made.pieces.findIndex(
            (piece) => typeof piece === "object" && "ref" in piece && isParameter(piece.ref, parameters),
          );
          const base = made.pieces.slice(0, place).filter((piece) => piece !== "/");
          return place > 0 && base.length > 0 ? [[base, made.at, [made]]] : [];
        }),
    );
}

/** A shell's functions have numbers for parameters. */
function isParameter(name: string, parameters: string[]): boolean {
  return parameters.length === 0 ? /^[1-9@*]$/.test(name) : parameters.includes(name);
}

/** `url.pathname = "/prompt"`: the address stands in the object. */
function piecesOf({ pieces, target }: Text): Piece[] {
  const owner = /^(.+)\.(?:pathname|Path)$/.exec(target ?? "")?.[1];
  return owner === undefined ? pieces : [{ ref: owner }, ...pieces];
}

/** The route with the names that the program gives its parts: a value met on the way is only one of them. */
function asWritten({ pieces }: Text, route: Route | undefined): Route | undefined {
  const written = pieces.map((piece) => (typeof piece === "string" ? piece : `{${nameOf(piece)}}`)).join("");
  const own = routeOf(parseAddress(written)?.path ?? "");
  return route && own ? { ...route, text: own.text } : route;
}

function nameOf(piece: Exclude<Piece, string>): string {
  const name = "ref" in piece ? piece.ref : "env" in piece ? piece.env : piece.config;
  return name.replace(/^\./, "");
}

const ROUTER =
  /(^|\.)(get|post|put|delete|patch|all|use|route|add_url_rule|add_(get|post|route)|websocket|on|Get|Post|ws|GET|POST|Handle(Func)?|Map(Get|Post|Put|Delete)?)$/;
const ROUTER_VALUE =
  /Router\(|FastAPI\(|Flask\(|Blueprint\(|RouteTableDef|express\(|Hono\(|fastify\(|Koa\(|PromptServer|Application\(/i;

/** A route that the file itself serves: `app.get("/history", handler)`. */
function isDefinition(text: Text, address: Address, source: Source): boolean {
  const [callee] = text.callees;
  if (address.host !== "" || callee === undefined || !ROUTER.test(callee)) return false;
  const owner = callee.slice(0, Math.max(0, callee.lastIndexOf(".")));
  // `get "/history" do`: Sinatra's way, and Rails'.
  if (owner === "") return !source.routines.some(({ name }) => name === callee);
  if (/(^|\.)(app|router|route|routes|server|fastify|blueprint|bp|api|mux)$/i.test(owner)) return true;
  return source.bindings.some(({ name, text: value }) => name === owner && ROUTER_VALUE.test(value));
}

const REQUEST =
  /(^|\.|\s|_)(fetch\w*|get\w*|post\w*|put|delete|head|patch|\w*request\w*|urlopen|urlretrieve|Request|open|connect|ws_connect|create_connection|WebSocket(App)?|stream|check\w*|wait\w*|ping\w*|call\w*|api\w*|\w*ur[li])$/i;

/** Whether a call makes requests, by its name. */
function asks(callee: string): boolean {
  return REQUEST.test(callee) || isTool(callee.split(/[.\s_]/).at(-1) ?? "");
}

function isRequest(text: Text, source: Source): boolean {
  if (text.callees.some(asks)) return true;
  const target = text.target;
  if (target === undefined || text.callees.length > 0) return false;
  return source.calls.some(({ callee, text: call }) => asks(callee) && mentions(call, target));
}

function mentions(call: string, target: string): boolean {
  const name = target.replace(/^\./, "").split(".")[0] ?? "";
  return name !== "" && new RegExp(`(?<!\\w)${name.replace(/\W/g, "\\$&")}(?!\\w)`).test(call);
}

/** Services of others that have routes of the same names, or a base address of theirs. */
const OTHERS =
  /pollinations|wrapper|openai|anthropic|ollama|automatic1111|a1111|sdapi|discord|github|civitai|huggingface|stripe|replicate|stability|frontend|website|kobold|telegram|supabase/i;

function score(found: Recognised, source: Source, around: Surroundings): number {
  const { address, route, resolved, text } = found;
  const bare = address.host === "";
  // `fetchApi` is what ComfyUI's own page and its client libraries call it.
  const helper = lastCallee(text).endsWith(".fetchApi") ? "comfy" : "";
  const base = `${resolved.names.join(" ")} ${address.host} ${helper}`;
  const own = isComfy(base) || /:8188\b/.test(address.host) || address.host === around.hostname;
  if (!own && (OTHERS.test(base) || isForeign(address.host))) return -10;
  // `comfyui/prompt` is a path of anything.
  if (address.scheme === undefined && /^[\w-]+$/.test(address.host) && !isRequest(text, source)) return -10;
  if (route === undefined) return own ? ENOUGH : 0;
  if (route.prefix !== "" && (bare || !own)) return -10;
  const declared = declaredRoute(text, source) !== undefined;
  if (bare && !declared && !isHelper(text)) return -10;
  return (
    (own ? 3 : 0) +
    route.strength +
    (isComfy(around.code) || around.code.includes("class_type") ? 1 : 0) +
    (isComfy(around.path) ? 1 : 0) +
    (isRequest(text, source) ? 1 : 0) +
    (address.scheme === "ws" || address.scheme === "wss" ? 1 : 0)
  );
}

function isComfy(text: string): boolean {
  return /comfy/i.test(text);
}

/** A host that is written out and is neither near nor known as ComfyUI's. */
function isForeign(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?$/i.test(host);
}

/** A path alone counts where something adds the address: a helper or a join. */
function isHelper(text: Text): boolean {
  const [callee] = text.callees;
  // A page's own server, not ComfyUI: without a base address `fetch` and `$.get` ask that.
  if (callee === undefined) return /^(path|route|endpoint)$/i.test(text.target ?? "");
  if (/^(fetch|window\.fetch|\$\.\w+|jQuery\.\w+|URL|new URL|Request)$/.test(callee)) return false;
  return (
    asks(callee) &&
    !/(^|\.)(join|open|get)$/.test(callee.replace(/(session|client|http|api|axios)\.get$/i, ""))
  );
}
