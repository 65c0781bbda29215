import type { TokenAccess } from "../../secrets/credentials";
import type { RawAnswer } from "../../verify/outcome";
import { openRequests, type Requests } from "../../verify/requests";
import type { Check } from "../check";
import type { Context } from "../context";
import { type Finding, finding } from "../findings";

const TIMEOUT_MS = 5000;

/** What a browser says of the page that follows a login. */
const AFTER_LOGIN = {
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

type Application = NonNullable<Context["config"]["applications"]>[number];

/**
 * The application behind the tunnel, asked as cloudflared and as a browser after a login do: on this machine, or else
 * past Access with a service token.
 */
export const comfyui: Check = {
  title: "ComfyUI",
  config: ["applications"],
  async run({ config, network, serviceTokens, stack }) {
    const requests = openRequests(network, TIMEOUT_MS);
    try {
      const tokens = await serviceTokens();
      const looks = await Promise.all(
        (config.applications ?? []).map((application) => {
          const way = wayTo(application, tokens);
          return way === undefined
            ? { findings: [unseen(application, stack)], summary: "" }
            : look(application, way, requests);
        }),
      );
      return {
        findings: looks.flatMap(({ findings }) => findings),
        summary: looks.map(({ summary }) => summary).join("; "),
      };
    } finally {
      await requests.close();
    }
  },
};

/** Where to ask, and with what. */
interface Way {
  url: string;
  headers: Record<string, string>;
}

function wayTo(
  { hostname, service, serviceTokens }: Application,
  tokens: readonly TokenAccess[],
): Way | undefined {
  if (isLocal(service)) return { url: service, headers: {} };
  const token = tokens.find(({ name, clientSecret }) => serviceTokens.includes(name) && clientSecret !== "");
  if (token === undefined || !/^https?:/.test(service)) return undefined;
  const { clientId, clientSecret } = token;
  return {
    url: `https://${hostname}`,
    headers: { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret },
  };
}

async function look({ hostname }: Application, { url, headers }: Way, requests: Requests) {
  const ask = (path: string, more: Record<string, string> = {}) =>
    requests.ask({ method: "GET", url: new URL(path, url).href, headers: { ...headers, ...more } });
  const [stats, page] = await Promise.all([ask("/system_stats"), ask("/", AFTER_LOGIN)]);
  const version = versionOf(stats);
  return {
    findings: judgeComfyUI({ hostname, at: url, stats, page }),
    summary: `${url}${version === undefined ? "" : `, version ${version}`}, takes the first page after a login`,
  };
}

/** Judges what an application answered. */
function judgeComfyUI(look: {
  hostname: string;
  /** Where it was asked. */
  at: string;
  /** The answer to /system_stats. */
  stats: RawAnswer;
  /** The answer to the page, as a browser asks after a login. */
  page: RawAnswer;
}): Finding[] {
  const { hostname, at, stats, page } = look;
  const start = `Start ComfyUI with: python main.py --enable-cors-header https://${hostname}`;
  if (stats.kind !== "response") {
    const detail = stats.kind === "unreachable" ? stats.detail : "an answer to something else";
    return [finding("comfyui-down", `nothing answers at ${at} (${detail})`, start)];
  }
  if (stats.status !== 200) {
    return [finding("comfyui-down", `${at}/system_stats answers HTTP ${stats.status}`, start)];
  }
  if (page.kind === "response" && page.status === 403) {
    // Comfy-Org/ComfyUI#13261 made it refuse what browsers mark as cross-site, as they do the page after a login.
    const what = `ComfyUI at ${at} refuses a page that another site leads to (HTTP 403)`;
    return [finding("comfyui-cross-site", what, start)];
  }
  if (page.kind !== "response" || page.status !== 200) {
    const detail = page.kind === "response" ? `HTTP ${page.status}` : "no answer";
    return [finding("comfyui-down", `${at} does not serve its page (${detail})`, start)];
  }
  const allowed = page.headers["access-control-allow-origin"];
  if (allowed === undefined || allowed === `https://${hostname}`) return [];
  const what = `ComfyUI at ${at} lets pages of ${allowed === "*" ? "every origin" : allowed} use it`;
  return [finding("comfyui-cors", what, start)];
}

function unseen({ hostname, service }: Application, stack: string): Finding {
  return finding(
    "comfyui-unseen",
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

function isLocal(service: string): boolean {
  if (!/^https?:/.test(service) || !URL.canParse(service)) return false;
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(service).hostname);
}
