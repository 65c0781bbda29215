import type { Source } from "./types";

/** A client library of ComfyUI's API, and how it takes the two headers. */
export interface Library {
  /** What is imported. */
  module: RegExp;
  /** What is called to make a client. */
  makes: RegExp;
  name: string;
  /** How it sends headers of the caller's; undefined where it cannot. */
  headers?: string;
  /** It takes the service token from COMFYUI_ACCESS_TOKEN itself. */
  ownsToken?: true;
  /** It is a node of a flow, which makes its own client. */
  node?: true;
}

/** Client libraries as published; their own code says what they can send. */
export const LIBRARIES: Library[] = [
  {
    module: /^comfyui-access[-/]client$|(^|\/)(src\/client|client\/typescript)(\/index)?$/,
    makes: /^new ComfyUIClient$/,
    name: "comfyui-access-client",
    headers: "Set COMFYUI_ACCESS_TOKEN: it sends both headers itself, on HTTP and on the WebSocket.",
    ownsToken: true,
  },
  {
    module: /(^|\.)comfyui_api_client$/,
    makes: /^ComfyUIClient$/,
    name: "comfyui_api_client.py",
    headers: "Set COMFYUI_ACCESS_TOKEN: it sends both headers itself, on HTTP and on the WebSocket.",
    ownsToken: true,
  },
  {
    module: /^@saintno\/comfyui-sdk$/,
    makes: /^new (ComfyApi|ComfyPool)$/,
    name: "@saintno/comfyui-sdk",
    headers:
      'Give the client `credentials: { type: "custom", headers }` with both headers; on Node they go with the WebSocket too.',
  },
  {
    module: /^@stable-canvas\/comfyui-client$/,
    makes: /^new Client$/,
    name: "@stable-canvas/comfyui-client",
    headers: "Give the client a `fetch` and a `WebSocket` of your own that add both headers.",
  },
  { module: /^comfy-ui-client$/, makes: /^new ComfyUIClient$/, name: "comfy-ui-client" },
  { module: /^comfy_api_simplified(\.|$)/, makes: /^ComfyApiWrapper$/, name: "comfy_api_simplified" },
  {
    module: /^comfy_script\.runtime/,
    makes: /^(load|connect|Workflow)$/,
    name: "ComfyScript",
    headers: "Give `load` a client whose aiohttp session has both headers.",
  },
  {
    module: /^@zandko\/comfyui-sdk$|^comfyui-sdk$/,
    makes: /^new ComfyUI(Client|Pool)$/,
    name: "comfyui-sdk",
  },
  {
    node: true,
    // All that the flow's `type` may hold, the package and the node.
    module: /^(@[\w-]+\/)?n8n-nodes-.*comfy/i,
    makes: /^n8n node for ComfyUI$/,
    name: "n8n node for ComfyUI",
    headers:
      "Nodes made for ComfyUI send an API key at most; ask with n8n's own HTTP Request node, which sends both headers.",
  },
];

/** The library whose module a flow's node is of, by the node's type. */
export function nodeLibrary(type: string): Library | undefined {
  return LIBRARIES.find(({ node, module }) => node && module.test(type));
}

/** How an HTTP or WebSocket library takes headers. */
interface Transport {
  /** What is imported, or called. */
  pattern: RegExp;
  name: string;
  headers: string;
  /** Where other languages' modules have the same name. */
  language?: string;
}

/** A program that makes requests from a command line. */
interface Tool extends Omit<Transport, "pattern"> {
  /** What is called, as a pattern. */
  called: string;
  protocol: "HTTP" | "WebSocket";
  powershell?: true;
  /** Its name is a word of addresses and sentences too: what follows decides. */
  common?: true;
}

/** Every program that makes requests from a command line; all readers ask here. */
const TOOLS: Tool[] = [
  { called: "curl(?:\\.exe)?", name: "curl", headers: "`-H` twice", protocol: "HTTP" },
  { called: "wget", name: "wget", headers: "`--header` twice", protocol: "HTTP" },
  {
    called: "irm|iwr|Invoke-\\w+|Start-BitsTransfer",
    name: "PowerShell",
    headers: "`-Headers`",
    protocol: "HTTP",
    powershell: true,
  },
  {
    called: "xh|xhs",
    name: "xh",
    headers: "`Name:value` twice",
    protocol: "HTTP",
    language: "shell",
  },
  {
    called: "https?",
    name: "HTTPie",
    headers: "`Name:value` twice",
    protocol: "HTTP",
    language: "shell",
    common: true,
  },
  { called: "websocat|wscat", name: "websocat", headers: "`-H` twice", protocol: "WebSocket" },
];

const called = (tools: readonly Tool[]): string => tools.map((tool) => tool.called).join("|");
const TOOL = new RegExp(`^(?:${called(TOOLS)})$`, "i");
/** A tool before its arguments; one with a common name only where a command begins, before what it takes. */
const CALL =
  `(?:^|[\\s|;&("'\`[])(?:${called(TOOLS.filter(({ common }) => !common))})(?=["']?[\\s,])|` +
  `(?:^|[\\n|;&(])\\s*(?:${called(TOOLS.filter(({ common }) => common))})\\s+(?:-|[A-Z]+\\s|\\S*[:/$])`;
const COMMAND = new RegExp(CALL);
const POWERSHELL_COMMAND = new RegExp(
  `(?:^|[\\s|;&("'\`=])(?:${called(TOOLS.filter(({ powershell }) => powershell))})\\s`,
  "i",
);

/** Whether a name is that of a program that makes requests from a command line. */
export function isTool(name: string): boolean {
  return TOOL.test(name);
}

/** Whether a text holds a command that makes requests, and in which shell's language. */
export function shellOf(text: string): "shell" | "powershell" | undefined {
  if (POWERSHELL_COMMAND.test(text)) return "powershell";
  return COMMAND.test(text) ? "shell" : undefined;
}

/** The same for a text that begins with such a command. */
export function shellAtStart(text: string): "shell" | "powershell" | undefined {
  const [, name = ""] = /^\s*(\S+)\s/.exec(text) ?? [];
  return isTool(name) ? shellOf(text) : undefined;
}

function transportsOf(protocol: Tool["protocol"]): Transport[] {
  return TOOLS.filter((tool) => tool.protocol === protocol).map(({ called, name, headers, language }) => ({
    pattern: new RegExp(`^(?:${called})$`, "i"),
    name,
    headers,
    ...(language === undefined ? {} : { language }),
  }));
}

/** Of HTTP clients, the first whose name is in the call or among the imports. */
export const HTTP: Transport[] = [
  ...transportsOf("HTTP"),
  { pattern: /(^|\.)requests(\.|$)/, name: "requests", headers: "`headers=`" },
  { pattern: /^(axios|\.?axios\.)/, name: "axios", headers: "`headers` in the request's options" },
  { pattern: /^(fetch|node-fetch)$/, name: "fetch", headers: "`headers` in the second argument" },
  { pattern: /httpRequest/, name: "n8n", headers: "`headers` in the request's options" },
  {
    pattern: /(^|\.)(urlopen|Request)$|^urllib/,
    name: "urllib",
    headers: "`headers=` of `urllib.request.Request`",
  },
  { pattern: /^reqwest(\.|$)/, name: "reqwest", headers: "`.header(…)` of the request" },
  {
    pattern: /^(net\/http|http\.(NewRequest\w*|Get|Post))$/,
    name: "Go",
    headers: "`req.Header.Set`",
    language: "Go",
  },
  {
    pattern: /^java\.net|HttpRequest\.newBuilder/,
    name: "Java",
    headers: "`header` of `HttpRequest.newBuilder`",
  },
  {
    pattern: /^System\.Net\.Http|(^|\.)(Get|Post|Send)\w*Async$/,
    name: "HttpClient",
    headers: "`DefaultRequestHeaders.Add`",
  },
  { pattern: /^GuzzleHttp/, name: "Guzzle", headers: "`headers` in the request's options" },
  { pattern: /^(curl_init|curl_setopt|file_get_contents)$/, name: "PHP", headers: "`CURLOPT_HTTPHEADER`" },
  { pattern: /^httparty$|^HTTParty\./, name: "HTTParty", headers: "`headers:`" },
  { pattern: /^faraday$/, name: "Faraday", headers: "`headers` of the connection" },
  { pattern: /^net\/http$|^Net\.HTTP/, name: "Net::HTTP", headers: '`request["…"] = …`', language: "Ruby" },
  { pattern: /^httpx(\.|$)/, name: "httpx", headers: "`headers=` of the client" },
  { pattern: /^aiohttp(\.|$)/, name: "aiohttp", headers: "`headers=` of the session" },
];

/** Of WebSocket clients, by what the file imports. */
export const WEBSOCKET: Transport[] = [
  { pattern: /^websocket$/, name: "websocket-client", headers: "`header=[…]` of `connect`" },
  {
    pattern: /^websockets(\.|$)/,
    name: "websockets",
    headers: "`additional_headers=` of `connect` (`extra_headers=` before version 14)",
  },
  { pattern: /^aiohttp(\.|$)|(^|\.)ws_connect$/, name: "aiohttp", headers: "`headers=` of `ws_connect`" },
  { pattern: /^ws$/, name: "ws", headers: "`headers` in the last argument of `new WebSocket`" },
  { pattern: /^undici$/, name: "undici", headers: "`headers` in the second argument of `new WebSocket`" },
  {
    pattern: /^github\.com\/(gorilla|coder)\/websocket$|^nhooyr\.io\/websocket$/,
    name: "Go",
    headers: "the header argument of `Dial`",
  },
  {
    pattern: /^tokio_tungstenite|^tungstenite/,
    name: "tungstenite",
    headers: "a request with headers instead of the address",
  },
  {
    pattern: /^java\.net\.http|newWebSocketBuilder/,
    name: "Java",
    headers: "`header` of `newWebSocketBuilder`",
  },
  {
    pattern: /^System\.Net\.WebSockets/,
    name: "ClientWebSocket",
    headers: "`Options.SetRequestHeader`",
  },
  ...transportsOf("WebSocket"),
];

/** Of the libraries that a program in a language can use, the one whose name is in a call, else among the imports. */
export function transportOf(
  known: readonly Transport[],
  source: Source,
  callees: readonly string[],
): Transport | undefined {
  const own = known.filter(({ language }) => language === undefined || language === source.language);
  return (
    own.find(({ pattern }) => callees.some((callee) => pattern.test(callee))) ??
    own.find(({ pattern }) => source.imports.some(({ module }) => pattern.test(module)))
  );
}
