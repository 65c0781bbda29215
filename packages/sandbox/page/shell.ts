import { html, raw } from "hono/html";
import type { Store } from "../account/store";
import type { FeedEntry } from "./feed";
import { logEntry } from "./log-entry";
import { renderSections } from "./sections";
import type { Markup } from "./words";

/** Where the page's own files and its stream of events are. */
export const PAGE_FILES = "/__page__";

/** The whole page with the state and the log as they are now: it says something without a script, too. */
export async function renderPage(store: Store, entries: FeedEntry[]): Promise<string> {
  const sections = await renderSections(store);
  const title = "Sandbox of Cloudflare Access";
  return String(
    await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${PAGE_FILES}/icon.svg">
<link rel="stylesheet" href="${PAGE_FILES}/page.css">
<script src="${PAGE_FILES}/page.js" defer></script>
</head>
<body>
<a class="skip" href="#log-title">Skip to the live log</a>
<header>
<div>
<h1>${title}</h1>
<p class="soft">${teams(store)}</p>
</div>
<p id="connection" class="badge plain" role="status">not live</p>
</header>
<nav aria-label="On this page"><ul>
${sections.map(({ id, title }) => html`<li><a href="#${id}-title">${title}</a></li>`)}
<li><a href="#log-title">Live log</a></li>
</ul></nav>
<main>
<div class="state">
${sections.map(
  ({ id, title, html: content }) => html`<section aria-labelledby="${id}-title">
<h2 id="${id}-title" tabindex="-1">${title}</h2>
<div class="cards" id="${id}">${raw(content)}</div>
</section>`,
)}
</div>
${liveLog(entries)}
</main>
</body>
</html>
`,
  );
}

function liveLog(entries: FeedEntry[]): Markup {
  return html`<section class="log" aria-labelledby="log-title">
<div class="log-head">
<h2 id="log-title" tabindex="-1">Live log</h2>
<div class="controls">
<label>Show <select id="filter">
<option value="all">all requests</option>
<option value="edge">the edge</option>
<option value="API">the API</option>
<option value="refused">what failed</option>
</select></label>
<button type="button" id="pause" aria-pressed="false">Pause</button>
</div>
</div>
<ol class="entries" id="log" data-filter="all" tabindex="0" aria-labelledby="log-title">${entries.toReversed().map(logEntry)}</ol>
</section>`;
}

function teams(store: Store): string {
  return store.organizations
    .all()
    .map(({ authDomain, fields }) =>
      fields.strict_service_token_auth === true ? `${authDomain}, strict service tokens` : authDomain,
    )
    .join("; ");
}
