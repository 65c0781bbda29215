import { html } from "hono/html";
import { z } from "zod";
import type { Tunnel } from "../../account/entities";
import type { Store } from "../../account/store";
import { statusOf } from "../../api/tunnels";
import { type Guard, guardFor, siteFor } from "../../edge/directory";
import { tunnelHost } from "../../tunnel/host";
import { badge, counted, type Markup, type Tone } from "../words";

/** What the page shows of an ingress rule; a configuration may hold anything. */
const ingressRule = z.looseObject({
  hostname: z.string().nullish(),
  path: z.string().nullish(),
  service: z.string(),
  originRequest: z
    .looseObject({
      access: z
        .looseObject({ required: z.boolean().nullish(), audTag: z.array(z.string()).nullish() })
        .nullish(),
    })
    .nullish(),
});
type IngressRule = z.infer<typeof ingressRule>;

const STATUS_TONES: Record<ReturnType<typeof statusOf>, Tone> = {
  healthy: "good",
  down: "wrong",
  inactive: "plain",
};

/** The tunnels with their routes: where each hostname leads, and what stands in front of it. */
export function tunnelsSection(store: Store): Markup {
  const tunnels = store.tunnels.where(({ deletedAt }) => deletedAt === null);
  if (tunnels.length === 0) return html`<p class="empty">No tunnel yet.</p>`;
  return html`${tunnels.map((tunnel) => tunnelCard(store, tunnel))}`;
}

function tunnelCard(store: Store, tunnel: Tunnel): Markup {
  const status = statusOf(tunnel);
  const configuration = store.tunnelConfigurations.get(tunnel.id);
  const rules = z.array(ingressRule).safeParse(configuration?.config.ingress ?? []);
  const versions = [...new Set(tunnel.connectors.map(({ version }) => version))];
  const running = versions.length === 0 ? "" : ` (cloudflared ${versions.join(", ")})`;
  return html`<article class="card">
    <h3>${tunnel.name} ${badge(STATUS_TONES[status], status)}</h3>
    <p class="soft">${counted(tunnel.connectors.length, "connector")}${running},
      ${configuration === undefined ? "no configuration" : `configuration version ${configuration.version}`}</p>
    <ol class="routes">${(rules.data ?? []).map((rule) => routeItem(store, tunnel, rule))}</ol>
  </article>`;
}

function routeItem(store: Store, tunnel: Tunnel, rule: IngressRule): Markup {
  const hostname = rule.hostname ?? "";
  const place = hostname === "" || hostname === "*" ? "any other hostname" : hostname;
  return html`<li class="route">
    <p><code>${place}${rule.path ? ` ~ ${rule.path}` : ""}</code> <span aria-label="leads to">→</span>
      <code>${rule.service}</code></p>
    ${place === hostname ? exposure(store, tunnel, hostname, rule) : ""}
  </li>`;
}

function exposure(store: Store, tunnel: Tunnel, hostname: string, rule: IngressRule): Markup {
  const site = siteFor(store, hostname.toLowerCase());
  if (site?.record.content !== tunnelHost(tunnel.id)) {
    return html`<p>${badge("plain", "not public")} no proxied DNS record leads here</p>`;
  }
  const guard = guardFor(store, site, "/");
  if (guard === undefined) return html`<p>${badge("wrong", "open to everyone")} no application covers it</p>`;
  return html`<p>${badge("good", "guarded")} by ${guard.application.fields.name ?? "an application"}</p>
    <p>${tunnelCheck(guard, rule)}</p>`;
}

function tunnelCheck({ application }: Guard, { originRequest }: IngressRule): Markup {
  const access = originRequest?.access;
  if (access?.required !== true) {
    return html`${badge("careful", "not checked")} the tunnel lets requests pass without Access's assertion`;
  }
  return (access.audTag ?? []).includes(application.aud)
    ? html`${badge("good", "checked")} the tunnel wants this application's assertion`
    : html`${badge("wrong", "wrong audience")} the tunnel wants another application's assertion`;
}
