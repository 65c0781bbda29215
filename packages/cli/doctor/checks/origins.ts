import type { ApplicationKind } from "../../../../config/stack-config";
import { type Check, type Found, noteBy, type Outcome, WARNS } from "../../../cloudflare/checks/check";
import type { TokenAccess } from "../../secrets/credentials";
import {
  faultOf,
  isOnThisMachine,
  lookAtOrigin,
  type OriginFault,
  type OriginPlace,
  PROBE_PATH,
} from "../../verify/origin";
import type { RawAnswer } from "../../verify/outcome";
import { openRequests, type Requests } from "../../verify/requests";
import type { Context } from "../context";

/** A fault of an origin on this machine. */
export interface Faulty {
  fault: OriginFault;
  place: OriginPlace;
}

interface Unseen {
  service: string;
  hostname: string;
}

interface SharedFindings {
  "origin-certificate": Faulty;
  "origin-host-header": Faulty;
}

export interface ComfyUIFindings extends SharedFindings {
  /** `asked`: where it is, and what it answered there; no status when nothing came. */
  "comfyui-down": Faulty | { asked: "api" | "page"; at: string; status?: number };
  "comfyui-cross-site": { at: string; hostname: string };
  "comfyui-cors": { at: string; hostname: string; allowed: string };
  "comfyui-unseen": Unseen;
}

export interface WebAppFindings extends SharedFindings {
  "origin-down": Faulty | { at: string; status: number };
  "origin-unseen": Unseen;
}

const SHARED = { "origin-certificate": WARNS, "origin-host-header": WARNS };

const TIMEOUT_MS = 5000;

/** What a browser says of the page that follows a login. */
const AFTER_LOGIN = {
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

type Application = NonNullable<Context["config"]["applications"]>[number];

/**
 * The ComfyUI behind the tunnel, asked as cloudflared and as a browser after a login do: on this machine, or else past
 * Access with a service token.
 */
export const comfyui: Check<ComfyUIFindings, Context> = {
  code: "comfyui",
  title: "ComfyUI",
  reads: ["origins", "state"],
  finds: {
    ...SHARED,
    "comfyui-down": WARNS,
    "comfyui-cross-site": WARNS,
    "comfyui-cors": WARNS,
    "comfyui-unseen": WARNS,
  },
  config: ["applications"],
  // Also while the applications are not known: then it says so.
  concerns: ({ config }) => config.applications?.some(({ kind }) => kind === "comfyui") ?? true,
  run: (context) =>
    lookAtAll(context, "comfyui", lookAtComfyUI, (data) => ofComfyUI("comfyui-unseen", data.hostname, data)),
};

/** The other web apps behind the tunnel: whether each answers as cloudflared asks it. */
export const webApps: Check<WebAppFindings, Context> = {
  code: "web-apps",
  title: "Web apps",
  reads: ["origins", "state"],
  finds: { ...SHARED, "origin-down": WARNS, "origin-unseen": WARNS },
  config: ["applications"],
  concerns: ({ config }) => config.applications?.some(({ kind }) => kind === "web") ?? false,
  run: (context) =>
    lookAtAll(context, "web", lookAtWebApp, (data) => ofWebApp("origin-unseen", data.hostname, data)),
};

const ofComfyUI = noteBy<ComfyUIFindings>(comfyui.finds);
const ofWebApp = noteBy<WebAppFindings>(webApps.finds);

/** Where to ask, and with what. */
interface Way {
  url: string;
  headers: Record<string, string>;
}

/** One application, how to ask it, and the host names that its service answers for. */
interface Asked extends Way {
  place: OriginPlace;
  hostnames: readonly string[];
}

type Looked<Data> = Pick<Outcome<Data>, "findings" | "summary">;

async function lookAtAll<Data>(
  { config, network, serviceTokens }: Context,
  kind: ApplicationKind,
  lookAt: (asked: Asked, requests: Requests) => Promise<Looked<Data>>,
  unseen: (data: Unseen) => Found<Data>,
): Promise<Outcome<Data>> {
  const requests = openRequests(network, TIMEOUT_MS);
  try {
    const tokens = await serviceTokens();
    const all = config.applications ?? [];
    const looks = await Promise.all(
      all
        .filter((application) => application.kind === kind)
        .map(async (application): Promise<Looked<Data>> => {
          const way = wayTo(application, tokens);
          const { hostname, service } = application;
          if (way === undefined) return { findings: [unseen({ hostname, service })], summary: "" };
          const hostnames = all.filter((each) => each.service === service).map((each) => each.hostname);
          return lookAt({ ...way, place: { service: way.url, hostname, kind }, hostnames }, requests);
        }),
    );
    return {
      findings: looks.flatMap(({ findings }) => findings),
      summary: looks.map(({ summary }) => summary).join("; "),
    };
  } finally {
    await requests.close();
  }
}

/** On this machine as cloudflared asks, which passes the public host name on. */
function wayTo(
  { hostname, service, serviceTokens }: Application,
  tokens: readonly TokenAccess[],
): Way | undefined {
  if (isOnThisMachine(service)) return { url: service, headers: { host: hostname } };
  const token = tokens.find(({ name, clientSecret }) => serviceTokens.includes(name) && clientSecret !== "");
  if (token === undefined || !/^https?:/.test(service)) return undefined;
  const { clientId, clientSecret } = token;
  return {
    url: `https://${hostname}`,
    headers: { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret },
  };
}

async function lookAtComfyUI({ url, headers, place, hostnames }: Asked, requests: Requests) {
  const ask = (path: string, more: Record<string, string> = {}) =>
    requests.ask({ method: "GET", url: new URL(path, url).href, headers: { ...headers, ...more } });
  const [stats, page] = await Promise.all([ask(PROBE_PATH.comfyui), ask("/", AFTER_LOGIN)]);
  const version = versionOf(stats);
  const refusesPage = page.kind === "response" && page.status === 403;
  const look = {
    stats,
    page,
    // What refuses the plain request too does not refuse it for where it comes from.
    plain: refusesPage ? await ask("/") : page,
    fault: isOnThisMachine(url) && !isOk(stats) ? await lookAtOrigin(place, requests, stats) : undefined,
  };
  return {
    findings: judgeComfyUI(look, place, hostnames),
    summary: `${url}${version === undefined ? "" : `, version ${version}`}, takes the first page after a login`,
  };
}

/** Judges what ComfyUI answered. */
function judgeComfyUI(
  look: {
    /** The answer to /system_stats. */
    stats: RawAnswer;
    /** The answer to the page, as a browser asks after a login. */
    page: RawAnswer;
    /** The answer to the page, as a browser asks whose user typed the address. */
    plain: RawAnswer;
    /** Why the origin does not answer as it is asked. */
    fault?: OriginFault;
  },
  place: OriginPlace,
  hostnames: readonly string[],
): Found<ComfyUIFindings>[] {
  const { stats, page, plain, fault } = look;
  const { service: at, hostname } = place;
  if (fault !== undefined) return [comfyuiFault({ fault, place })];
  if (stats.kind === "unreachable") return [comfyuiFault({ fault: faultOf(stats), place })];
  if (stats.kind === "response" && stats.status !== 200) {
    return [ofComfyUI("comfyui-down", hostname, { asked: "api", at, status: stats.status })];
  }
  if (page.kind === "response" && page.status === 403 && isOk(plain)) {
    // Comfy-Org/ComfyUI#13261 made it refuse what browsers mark as cross-site, as they do the page after a login.
    return [ofComfyUI("comfyui-cross-site", hostname, { at, hostname })];
  }
  if (page.kind !== "response" || page.status !== 200) {
    const status = page.kind === "response" ? { status: page.status } : {};
    return [ofComfyUI("comfyui-down", hostname, { asked: "page", at, ...status })];
  }
  const allowed = page.headers["access-control-allow-origin"];
  if (allowed === undefined || hostnames.some((each) => allowed === `https://${each}`)) return [];
  return [ofComfyUI("comfyui-cors", hostname, { at, hostname, allowed })];
}

async function lookAtWebApp(
  { url, headers, place }: Asked,
  requests: Requests,
): Promise<Looked<WebAppFindings>> {
  const answer = await requests.ask({ method: "GET", url: new URL(PROBE_PATH.web, url).href, headers });
  const summary = `${url} answers`;
  const fault = isOnThisMachine(url) ? await lookAtOrigin(place, requests, answer) : undefined;
  if (fault !== undefined) return { findings: [webAppFault({ fault, place })], summary };
  if (answer.kind === "unreachable") {
    return { findings: [webAppFault({ fault: faultOf(answer), place })], summary };
  }
  if (answer.kind === "response" && answer.status >= 500) {
    const data = { at: url, status: answer.status };
    return { findings: [ofWebApp("origin-down", place.hostname, data)], summary };
  }
  return { findings: [], summary };
}

/** What stands in the way of cloudflared has a code of its own; of the rest it is down. */
const STANDS_IN_THE_WAY: Partial<Record<OriginFault["code"], keyof SharedFindings>> = {
  certificate: "origin-certificate",
  "no-tls": "origin-certificate",
  "host-header": "origin-host-header",
};

const comfyuiFault = (faulty: Faulty): Found<ComfyUIFindings> =>
  ofComfyUI(STANDS_IN_THE_WAY[faulty.fault.code] ?? "comfyui-down", faulty.place.hostname, faulty);

const webAppFault = (faulty: Faulty): Found<WebAppFindings> =>
  ofWebApp(STANDS_IN_THE_WAY[faulty.fault.code] ?? "origin-down", faulty.place.hostname, faulty);

function isOk(answer: RawAnswer): boolean {
  return answer.kind === "response" && answer.status === 200;
}

function versionOf(stats: RawAnswer): string | undefined {
  if (stats.kind !== "response") return undefined;
  try {
    const parsed = JSON.parse(stats.body) as { system?: { comfyui_version?: unknown } } | null;
    const version = parsed?.system?.comfyui_version;
    return typeof version === "string" && /^[\w.+-]{1,40}$/.test(version) ? version : undefined;
  } catch {
    return undefined;
  }
}
