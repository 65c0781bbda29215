import { HTTP, LIBRARIES, transportOf, WEBSOCKET } from "./libraries";
import { isSetting, wordsOf } from "./origin";
import type { Finding, Source } from "./types";

type Judged = Pick<Finding, "kind" | "place" | "authentication" | "library" | "address">;

const PAIR = "CF-Access-Client-Id and CF-Access-Client-Secret";

/** Says what a use needs behind Access, and whether somebody has to act. */
export function adviceFor(
  found: Judged,
  hostname: string,
  source: Source,
  browser: boolean,
): Pick<Finding, "verdict" | "advice"> {
  const { place } = found;
  if (place === "local") return fine(`${stays(found, hostname)}: this address does not pass Access.`);
  if (place === "docker")
    return fine(`${stays(found, hostname)}: from container to container does not pass Access.`);
  if (place === "hosted") return fine("Another service: not the ComfyUI behind Access.");
  if (found.kind === "setting") return ofSetting(found, hostname);
  if (found.authentication === "access") return fine("Sends the service token already.");
  const library = LIBRARIES.find(({ name }) => name === found.library);
  if (library?.ownsToken) return check(`${library.headers} Nothing else changes.`);
  const how = wayOf(found, source, browser);
  if (place === "unknown") {
    return check(`If ${subject(found)} leads to ${hostname}: ${how}`);
  }
  const move = sameHost(found.address.text, hostname)
    ? ""
    : `If this is the ComfyUI of ${hostname}: use that name, and `;
  return { verdict: "change", advice: `${move}${move === "" ? capital(how) : how}` };
}

/** What a user can set may lead elsewhere tomorrow. */
function stays({ address, kind }: Judged, hostname: string): string {
  return kind === "setting" || !isSetting(address.from)
    ? "Stays as it is"
    : `Stays as it is while ${address.from.name} does not lead to ${hostname}`;
}

function ofSetting(found: Judged, hostname: string): Pick<Finding, "verdict" | "advice"> {
  if (found.authentication === "access") return fine("The service token is set beside it.");
  const token = `what reads it must send the service token (${PAIR}); clients of comfyui-access take it from COMFYUI_ACCESS_TOKEN`;
  if (found.place === "unknown") return check(`If ${hostname} is put in here: ${token}.`);
  const move = sameHost(found.address.text, hostname)
    ? ""
    : `If this is the ComfyUI of ${hostname}: use that name, and `;
  return { verdict: "change", advice: `${move}${move === "" ? capital(token) : token}.` };
}

/** The shortest way to have the two headers sent. */
function wayOf(found: Judged, source: Source, browser: boolean): string {
  const other = "or use a client of comfyui-access, which takes them from COMFYUI_ACCESS_TOKEN";
  if (found.kind === "library") {
    const headers = LIBRARIES.find(({ name }) => name === found.library)?.headers;
    return headers === undefined
      ? `the library ${found.library} cannot send headers of yours; use a client of comfyui-access with COMFYUI_ACCESS_TOKEN.`
      : `${headers[0]?.toLowerCase()}${headers.slice(1)}`;
  }
  if (found.kind === "WebSocket") {
    if (browser) {
      return "a browser cannot send headers on a WebSocket; open the page through Access, so that the login's cookie goes with it.";
    }
    const way = transport(found, WEBSOCKET, source);
    return way === undefined
      ? `send ${PAIR} with the WebSocket's upgrade request, ${other}.`
      : `send ${PAIR} with the upgrade request, by ${way.headers} (${way.name}), ${other}.`;
  }
  const way = transport(found, HTTP, source);
  const by = way === undefined ? "" : ` by ${way.headers} (${way.name})`;
  const carries = found.authentication === "bearer" || found.authentication === "basic";
  const kept = carries ? " Its own Authorization header may stay." : "";
  return `send ${PAIR}${by}, ${other}.${kept}`;
}

function transport(found: Judged, known: typeof HTTP, source: Source): (typeof HTTP)[number] | undefined {
  return known.find(({ name }) => name === found.library) ?? transportOf(known, source, []);
}

function subject({ address }: Judged): string {
  return "name" in address.from ? `the address (${wordsOf(address.from)})` : "the address";
}

/** Whether an address names the protected host. */
function sameHost(address: string, hostname: string): boolean {
  return address.replace(/:\d+$/, "").toLowerCase() === hostname.toLowerCase();
}

function fine(advice: string): Pick<Finding, "verdict" | "advice"> {
  return { verdict: "fine", advice };
}

function check(advice: string): Pick<Finding, "verdict" | "advice"> {
  return { verdict: "check", advice };
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
