import { sha256 } from "../account/ids";
import { cookieValues, setCookie } from "./cookies";
import { type EdgeCore, type EdgeRequest, teamUrl } from "./core";
import { corsHeaders, preflightHeaders } from "./cors";
import { type Guard, namesOf } from "./directory";
import { type Ruling, rule } from "./gate";
import { identify, isStrict } from "./identify";
import type { Passed } from "./origin-headers";
import { blockPage, unauthorizedPage } from "./pages";
import { NO_STORE, type Reply, redirect } from "./reply";
import { newNonce } from "./sessions";
import { metadataToken, metaToken, serviceToken } from "./tokens";

/** What Access makes of a request: an answer of its own, or what the origin is to be told. */
export type Admission = Pick<Ruling, "who" | "policy" | "reason"> &
  ({ reply: Reply } | { passed: Passed; headers: Record<string, string | string[]> });

const DAY_MS = 86_400_000;

/** Asks Access about a request at an application. */
export async function admit(core: EdgeCore, guard: Guard, request: EdgeRequest): Promise<Admission> {
  const caller = await identify(core, guard, request);
  const names = namesOf(core.store, guard.application.accountId);
  const ruling = rule(guard, caller, request, core.settings, names);
  const { who, policy, reason } = ruling;
  if (ruling.action === "pass") {
    return { who, policy, reason, ...(await pass(core, guard, ruling, request)) };
  }
  const reply = await answer(core, guard, ruling, request);
  if (isMetadataRequest(request)) {
    reply.headers["cf-access-metadata"] = await metadataToken(core, guard, request.hostname);
  }
  return { who, policy, reason, reply };
}

async function pass(
  core: EdgeCore,
  guard: Guard,
  ruling: Extract<Ruling, { action: "pass" }>,
  request: EdgeRequest,
): Promise<{ passed: Passed; headers: Record<string, string | string[]> }> {
  const { cors_headers: cors, read_service_tokens_from_header: single } = guard.application.fields;
  const headers: Record<string, string | string[]> = corsHeaders(cors, request);
  if (isMetadataRequest(request)) {
    headers["cf-access-metadata"] = await metadataToken(core, guard, request.hostname);
  }
  const passed: Passed = { ...(typeof single === "string" ? { singleHeader: single } : {}) };
  if (ruling.as === "person") {
    return { passed: { ...passed, assertion: ruling.jwt, email: ruling.session.login.email }, headers };
  }
  if (ruling.as === "anyone") return { passed, headers };
  if (ruling.jwt !== undefined) return { passed: { ...passed, assertion: ruling.jwt }, headers };
  const { jwt, expires } = await serviceToken(core, guard, ruling.token, ruling.policy?.id ?? "");
  // Strict organizations give no cookie: the token has to come with each request.
  if (!isStrict(guard)) headers["set-cookie"] = [appCookie(guard, jwt, expires)];
  return { passed: { ...passed, assertion: jwt }, headers };
}

async function answer(
  core: EdgeCore,
  guard: Guard,
  ruling: Exclude<Ruling, { action: "pass" }>,
  request: EdgeRequest,
): Promise<Reply> {
  const { aud, fields } = guard.application;
  if (ruling.action === "preflight") {
    const headers = preflightHeaders(fields.cors_headers, request);
    return headers === undefined
      ? { status: 403, headers: { ...NO_STORE }, body: "" }
      : { status: 200, headers, body: "" };
  }
  const cors = corsHeaders(fields.cors_headers, request);
  if (ruling.action === "refuse") {
    const reply = blockPage(ruling.status, {
      aud,
      hostname: request.hostname,
      rayId: request.rayId,
      asJson: (request.header("accept") ?? "").includes("application/json"),
      ...(typeof fields.custom_deny_message === "string" ? { message: fields.custom_deny_message } : {}),
    });
    const challenge: Reply["headers"] =
      ruling.status === 401 ? { "www-authenticate": challengeOf(request) } : {};
    return { ...reply, headers: { ...reply.headers, ...challenge, ...cors } };
  }
  const headers = {
    "www-authenticate": challengeOf(request),
    "access-control-allow-credentials": "true",
    ...NO_STORE,
    ...cors,
  };
  if (request.header("x-requested-with")?.toLowerCase() === "xmlhttprequest") {
    return unauthorizedPage({ ...headers, "cf-access-aud": aud, "cf-access-domain": request.hostname });
  }
  const appSession = appSessionOf(request) ?? `n${newNonce(8)}`;
  const cookie = setCookie("CF_AppSession", appSession, {
    httpOnly: true,
    expires: new Date(core.store.now().getTime() + DAY_MS),
  });
  const location = await loginAddress(core, guard, request, sha256(appSession));
  return redirect(location, { ...headers, "set-cookie": [cookie] });
}

/** `https://<team>/cdn-cgi/access/login/<hostname>?kid=…&meta=…&redirect_url=…` */
async function loginAddress(
  core: EdgeCore,
  guard: Guard,
  request: EdgeRequest,
  appSessionHash: string,
): Promise<string> {
  const { hostname, target: path } = request;
  const address = new URL(`/cdn-cgi/access/login/${hostname}`, teamUrl(guard.organization));
  address.searchParams.set("kid", guard.application.aud);
  address.searchParams.set("meta", await metaToken(core, guard, { hostname, path, appSessionHash }));
  address.searchParams.set("redirect_url", path);
  return address.href;
}

/** The application's cookie with its JWT, as the application wants it. */
export function appCookie(guard: Guard, jwt: string, expires: Date): string {
  const { fields } = guard.application;
  return setCookie("CF_Authorization", jwt, {
    httpOnly: fields.http_only_cookie_attribute === true,
    sameSite: (fields.same_site_cookie_attribute as "none" | "lax" | "strict" | undefined) ?? "none",
    path: cookiePath(guard),
    expires,
  });
}

/** With `path_cookie_attribute` the cookie goes to the application's path only. */
export function cookiePath({ application, uri }: Guard): string {
  const path = uri.slice(uri.split("/")[0]?.length).replace(/\*.*$/, "");
  return application.fields.path_cookie_attribute === true && path !== "" ? path : "/";
}

/** The value of the cookie that ties a login to the browser that asked for it. */
export function appSessionOf(request: EdgeRequest): string | undefined {
  return cookieValues(request.header("cookie"), "CF_AppSession").find((value) =>
    /^n[0-9a-f]{16}$/.test(value),
  );
}

function challengeOf({ hostname, path }: EdgeRequest): string {
  const resource = `https://${hostname}/.well-known/cloudflare-access-protected-resource${path}`;
  return `Cloudflare-Access resource_metadata="${resource}"`;
}

function isMetadataRequest({ method, header }: EdgeRequest): boolean {
  return method === "HEAD" && header("cf-access-metadata-request") === "true";
}
