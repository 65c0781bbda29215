import { html } from "hono/html";
import type { FeedEntry } from "./feed";
import { badge, type Markup, type Tone } from "./words";

/** One request in the log: what was asked, by whom, and which rule decided. */
export function logEntry(entry: FeedEntry): Markup {
  const { side, time, method, what, status, who, ms, verdict, reason, servedBy, isWebSocket } = entry;
  return html`<li class="entry" data-side="${side}" data-outcome="${outcomeOf(entry)}">
    <p class="asked"><time datetime="${time}">${time.slice(11, 19)}</time>
      ${badge(toneOf(status), status === 0 ? "broken off" : String(status))}
      <span class="request"><span class="soft">${isWebSocket ? "WebSocket" : method}</span> <code title="${what}">${shortened(what)}</code></span></p>
    <p class="soft">${side}: ${who}${servedBy === undefined ? "" : `, answered by ${servedBy}`}, ${Math.round(ms)} ms</p>
    ${verdict === undefined && reason === undefined ? "" : html`<p class="decided">${verdictOf(verdict)} ${reason ?? ""}</p>`}
  </li>`;
}

/** Long identifiers say nothing to the eye: their beginning is enough, and the whole is in the title. */
function shortened(what: string): string {
  return what.replace(/^\/client\/v4/, "").replace(/[\w-]{30,}/g, (id) => `${id.slice(0, 6)}…`);
}

/** What the page can filter by. */
function outcomeOf({ status, verdict }: FeedEntry): "refused" | "passed" {
  return verdict === "refused" || status === 0 || status >= 400 ? "refused" : "passed";
}

function toneOf(status: number): Tone {
  if (status === 0 || status >= 400) return "wrong";
  return status >= 300 ? "plain" : "good";
}

function verdictOf(verdict: string | undefined): Markup | "" {
  if (verdict === undefined) return "";
  return badge(verdict === "granted" ? "good" : verdict === "refused" ? "wrong" : "careful", verdict);
}
