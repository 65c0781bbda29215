import type { AccessApplication, JsonObject } from "../account/entities";
import type { Store } from "../account/store";
import type { ApplicationBody } from "./application-body";
import { accessInvalid, VendorError } from "./envelope";
import { sessionDuration } from "./session-duration";

/** Fields that an application always has, with what the vendor puts in when they are left out. */
const DEFAULTS: JsonObject = {
  allowed_idps: [],
  tags: [],
  session_duration: "24h",
  app_launcher_visible: true,
  auto_redirect_to_identity: false,
  enable_binding_cookie: false,
  http_only_cookie_attribute: true,
  options_preflight_bypass: false,
};

const READ_ONLY = new Set([
  "id",
  "uid",
  "aud",
  "created_at",
  "updated_at",
  "policies",
  "self_hosted_domains",
]);

/**
 * The fields of an application as a body gives them: checked, with the vendor's defaults.
 * @param self the application being replaced, whose own hostnames are free to it.
 * @throws VendorError 400/12130, or 409/11010 for a hostname that another application has.
 */
export function applicationFields(
  store: Store,
  accountId: string,
  body: ApplicationBody,
  self?: AccessApplication,
): AccessApplication["fields"] {
  const written = Object.entries(body).filter(([key, value]) => !READ_ONLY.has(key) && value != null);
  const { domain, destinations } = places(body);
  checkPlaces(store, accountId, { type: body.type, domain, destinations }, self);
  checkIdentityProviders(store, accountId, body);
  checkCors(body);
  sessionDuration(store, body.session_duration);
  return {
    ...DEFAULTS,
    ...Object.fromEntries(written),
    type: body.type,
    destinations,
    ...(domain === undefined ? {} : { domain }),
  };
}

/** `destinations`, `self_hosted_domains` and `domain` say the same thing; `destinations` wins. */
function places(body: ApplicationBody): { domain: string | undefined; destinations: JsonObject[] } {
  const given = body.domain ?? undefined;
  const uris = body.self_hosted_domains ?? (given === undefined ? [] : [given]);
  const destinations: JsonObject[] =
    body.destinations?.map((place) =>
      Object.fromEntries(Object.entries(place).filter(([, value]) => value != null)),
    ) ?? uris.map((uri) => ({ type: "public", uri }));
  return { domain: given ?? publicUris(destinations)[0], destinations };
}

/** The `host/path` of each public destination. */
export function publicUris(destinations: JsonObject[]): string[] {
  return destinations.flatMap(({ type, uri }) => (type === "public" && typeof uri === "string" ? [uri] : []));
}

function checkPlaces(
  store: Store,
  accountId: string,
  { type, domain, destinations }: { type: string; domain: string | undefined; destinations: JsonObject[] },
  self: AccessApplication | undefined,
): void {
  const uris = publicUris(destinations);
  if (domain === undefined) throw accessInvalid("a domain or a public destination is required");
  if (uris.length > 0 && !uris.includes(domain)) {
    throw accessInvalid(`domain "${domain}" is not one of the destinations`);
  }
  for (const place of destinations) {
    if (place.type === "public" && place.uri === undefined) {
      throw accessInvalid("a public destination needs a uri");
    }
  }
  for (const uri of uris) {
    if (!isInActiveZone(store, accountId, hostOf(uri))) {
      throw accessInvalid(`domain "${uri}" does not belong to an active zone of the account`);
    }
  }
  if (new Set(uris.map(normal)).size < uris.length) throw accessInvalid("destinations repeat a uri");
  const wanted = new Set(uris.map(normal));
  // A bookmark stands in front of nothing: it only links to where another application may stand.
  const taken = store.applications
    .where((app) => app.id !== self?.id && IN_FRONT.has(type) && IN_FRONT.has(app.fields.type))
    .some((app) => publicUris(app.fields.destinations).some((uri) => wanted.has(normal(uri))));
  if (taken) {
    throw new VendorError(409, {
      code: 11010,
      message:
        "access.api.error.application_already_exists: conflict: destination belongs to another application",
    });
  }
}

const IN_FRONT: ReadonlySet<string> = new Set(["self_hosted", "ssh", "vnc", "rdp"]);

const hostOf = (uri: string): string => (uri.split("/")[0] ?? "").toLowerCase();

const normal = (uri: string): string => {
  const host = hostOf(uri);
  return (host + uri.slice(host.length)).replace(/\/$/, "");
};

function isInActiveZone(store: Store, accountId: string, host: string): boolean {
  return store.zones
    .where((zone) => zone.accountId === accountId && zone.status === "active")
    .some((zone) => host === zone.name || host.endsWith(`.${zone.name}`));
}

function checkIdentityProviders(store: Store, accountId: string, body: ApplicationBody): void {
  const allowed = body.allowed_idps ?? [];
  for (const id of allowed) {
    if (store.identityProviders.get(id)?.accountId !== accountId) {
      throw accessInvalid(`allowed_idps names an unknown identity provider: ${id}`);
    }
  }
  if (body.auto_redirect_to_identity === true && allowed.length !== 1) {
    throw accessInvalid("auto_redirect_to_identity requires exactly one identity provider in allowed_idps");
  }
}

function checkCors(body: ApplicationBody): void {
  const cors = body.cors_headers;
  if (!cors) return;
  if (body.options_preflight_bypass === true) {
    throw accessInvalid("options_preflight_bypass cannot be combined with cors_headers");
  }
  if (cors.allow_credentials === true && cors.allow_all_origins === true) {
    throw accessInvalid("cors_headers: allow_credentials cannot be combined with allow_all_origins");
  }
  const methods =
    (cors.allow_all_methods === true ? 1 : 0) + ((cors.allowed_methods?.length ?? 0) > 0 ? 1 : 0);
  const origins =
    (cors.allow_all_origins === true ? 1 : 0) + ((cors.allowed_origins?.length ?? 0) > 0 ? 1 : 0);
  if (methods !== 1)
    throw accessInvalid("cors_headers: exactly one of allow_all_methods and allowed_methods");
  if (origins !== 1)
    throw accessInvalid("cors_headers: exactly one of allow_all_origins and allowed_origins");
}
