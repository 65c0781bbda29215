import type { ApplicationKind } from "../../../../config/stack-config";
import type { TokenAccess } from "../../secrets/credentials";
import {
  faultInWords,
  faultOf,
  howToStart,
  isOnThisMachine,
  lookAtOrigin,
  type OriginFault,
  type OriginPlace,
  PROBE_PATH,
} from "../../verify/origin";
import type { RawAnswer } from "../../verify/outcome";
import { openRequests, type Requests } from "../../verify/requests";
import type { Check, Outcome } from "../check";
import type { Context } from "../context";
import { type Finding, type FindingId, finding } from "../findings";

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
export const comfyui: Check = {
  title: "ComfyUI",
  config: ["applications"],
  // Also while the applications are not known: then it says so.
  concerns: ({ config }) => config.applications?.some(({ kind }) => kind === "comfyui") ?? true,
  run: (context) => lookAtAll(context, "comfyui", lookAtComfyUI),
};

/** The other web apps behind the tunnel: whether each answers as cloudflared asks it. */
export const webApps: Check = {
  title: "Web apps",
  config: ["applications"],
  concerns: ({ config }) => config.applications?.some(({ kind }) => kind === "web") ?? false,
  run: (context) => lookAtAll(context, "web", lookAtWebApp),
};

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

type Look = (asked: Asked, requests: Requests) => Promise<{ findings: Finding[]; summary: string }>;

async function lookAtAll(
  { config, network, serviceTokens, stack }: Context,
  kind: ApplicationKind,
  lookAt: Look,
): Promise<Outcome> {
  const requests = openRequests(network, TIMEOUT_MS);
  try {
    const tokens = await serviceTokens();
    const all = config.applications ?? [];
    const looks = await Promise.all(
      all
        .filter((application) => application.kind === kind)
        .map((application) => {
          const way = wayTo(application, tokens);
          if (way === undefined) return { findings: [unseen(application, stack)], summary: "" };
          const { hostname, service } = application;
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
): Finding[] {
  const { stats, page, plain, fault } = look;
  const { service: at, hostname } = place;
  const start = howToStart(hostname, "comfyui");
  if (fault !== undefined) return [ofFault(fault, place)];
  if (stats.kind === "unreachable") return [ofFault(faultOf(stats), place)];
  if (stats.kind === "response" && stats.status !== 200) {
    const mend = "Look at its log, and see that ComfyUI is what listens there.";
    return [finding("comfyui-down", `${at}/system_stats answers HTTP ${stats.status}`, mend)];
  }
  if (page.kind === "response" && page.status === 403 && isOk(plain)) {
    // Comfy-Org/ComfyUI#13261 made it refuse what browsers mark as cross-site, as they do the page after a login.
    const what = `ComfyUI at ${at} refuses a page that another site leads to (HTTP 403)`;
    return [finding("comfyui-cross-site", what, start)];
  }
  if (page.kind !== "response" || page.status !== 200) {
    const detail = page.kind === "response" ? `HTTP ${page.status}` : "no answer";
    const mend = "Look at ComfyUI's log: its API answers, and its page does not.";
    return [finding("comfyui-down", `${at} does not serve its page (${detail})`, mend)];
  }
  const allowed = page.headers["access-control-allow-origin"];
  if (allowed === undefined || hostnames.some((each) => allowed === `https://${each}`)) return [];
  const what = `ComfyUI at ${at} lets pages of ${allowed === "*" ? "every origin" : allowed} use it`;
  return [finding("comfyui-cors", what, start)];
}

async function lookAtWebApp({ url, headers, place }: Asked, requests: Requests) {
  const answer = await requests.ask({ method: "GET", url: new URL(PROBE_PATH.web, url).href, headers });
  const summary = `${url} answers`;
  const fault = isOnThisMachine(url) ? await lookAtOrigin(place, requests, answer) : undefined;
  if (fault !== undefined) return { findings: [ofFault(fault, place)], summary };
  if (answer.kind === "unreachable") return { findings: [ofFault(faultOf(answer), place)], summary };
  if (answer.kind === "response" && answer.status >= 500) {
    const what = `${url} answers HTTP ${answer.status}`;
    return { findings: [finding("origin-down", what, "Look at the application's log.")], summary };
  }
  return { findings: [], summary };
}

/** A fault as a finding: what stands in the way of cloudflared has a name of its own, what does not run is down. */
function ofFault(fault: OriginFault, place: OriginPlace): Finding {
  const { found, mend } = faultInWords(fault, place);
  const ids: Partial<Record<OriginFault["code"], FindingId>> = {
    certificate: "origin-certificate",
    "no-tls": "origin-certificate",
    "host-header": "origin-host-header",
  };
  return finding(ids[fault.code] ?? (place.kind === "comfyui" ? "comfyui-down" : "origin-down"), found, mend);
}

function isOk(answer: RawAnswer): boolean {
  return answer.kind === "response" && answer.status === 200;
}

function unseen({ hostname, service, kind }: Application, stack: string): Finding {
  return finding(
    kind === "comfyui" ? "comfyui-unseen" : "origin-unseen",
    `${service} is not on this machine, and no service token leads to https://${hostname} yet`,
    `Run this on its machine: npm run doctor -- --stack ${stack}`,
  );
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
