import { html } from "hono/html";
import type { Store } from "../../account/store";
import type { Markup } from "../words";

/** The identity providers, with the callback that each must have registered. */
export function identityProvidersSection(store: Store): Markup {
  const providers = store.identityProviders.all();
  if (providers.length === 0)
    return html`<p class="empty">No identity provider yet: nobody could log in.</p>`;
  return html`${providers.map((provider) => {
    const authDomain = store.organizations.get(provider.accountId)?.authDomain;
    return html`<article class="card">
      <h3>${provider.name}</h3>
      <dl>
        <dt>Type</dt><dd>${provider.type}</dd>
        <dt>Client</dt><dd><code>${String(provider.config.client_id ?? "none")}</code></dd>
        <dt>Redirect URI</dt><dd><code>https://${authDomain}/cdn-cgi/access/callback</code></dd>
      </dl>
    </article>`;
  })}`;
}
