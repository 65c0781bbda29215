import { html } from "hono/html";
import type { ServiceToken } from "../../account/entities";
import type { Store } from "../../account/store";
import { namesServiceToken } from "../../api/rules";
import { badge, type Markup, timeOf } from "../words";

/** Cloudflare's own alert (`expiring_service_token_alert`) comes a week ahead. */
const SOON_MS = 7 * 86_400_000;

/** The service tokens with what ends when; nothing of their secrets. */
export function tokensSection(store: Store): Markup {
  const tokens = store.serviceTokens.all();
  if (tokens.length === 0) return html`<p class="empty">No service token yet: scripts could not get in.</p>`;
  return html`${movedClock(store)}${tokens.map((token) => tokenCard(store, token))}`;
}

/** The times below would look wrong to who does not know that the sandbox's clock was moved. */
function movedClock(store: Store): Markup | "" {
  const now = store.now();
  if (now.getTime() - Date.now() < 60_000) return "";
  return html`<p class="soft">The sandbox's clock was moved forward: it is ${now.toISOString().slice(0, 10)} here.</p>`;
}

function tokenCard(store: Store, token: ServiceToken): Markup {
  const now = store.now();
  const policies = store.policies.where(({ fields }) => namesServiceToken(fields, token.id));
  return html`<article class="card">
    <h3>${token.name} ${statusBadge(token, now)}</h3>
    <dl>
      <dt>Expires</dt><dd>${token.expiresAt === null ? "never" : timeOf(token.expiresAt, now)}</dd>
      <dt>Secret</dt><dd>version ${token.clientSecretVersion}${previousSecret(token, now)}</dd>
      <dt>Used by</dt><dd>${policies.map(({ fields }) => fields.name).join(", ") || "no policy"}</dd>
    </dl>
  </article>`;
}

function statusBadge({ enabled, expiresAt }: ServiceToken, now: Date): Markup {
  if (!enabled) return badge("wrong", "disabled");
  const left = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - now.getTime();
  if (left <= 0) return badge("wrong", "expired");
  return left <= SOON_MS ? badge("careful", "expires soon") : badge("good", "valid");
}

function previousSecret(token: ServiceToken, now: Date): Markup | "" {
  const { previousClientSecretHash: hash, previousClientSecretExpiresAt: until } = token;
  if (hash === null || until === null) return "";
  return Date.parse(until) > now.getTime()
    ? html`; the previous one is valid until ${timeOf(until, now)}`
    : html`; the previous one ended ${timeOf(until, now)}`;
}
