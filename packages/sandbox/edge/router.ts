import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Google } from "../google";
import type { Tunnels } from "../tunnel";
import { type Admission, admit } from "./access";
import { appEndpoint } from "./app-endpoints";
import { BodyMeter } from "./body-meter";
import type { EdgeRequest, TeamCore } from "./core";
import { headerValues } from "./credentials";
import { guardFor, type Site, siteFor, teamFor } from "./directory";
import { type Forwarded, forward, forwardUpgrade, sentStatus } from "./forward";
import type { EdgeLogEntry } from "./log";
import { originHeaders } from "./origin-headers";
import { loginProblem } from "./pages";
import { type Reply, write, writeRaw } from "./reply";
import { team } from "./team";

/** What the router needs besides the parts it asks. */
export interface RouterCore extends TeamCore {
  google: Google;
  tunnels: Tunnels;
  log(entry: EdgeLogEntry): void;
}

/** What is known of an answer, for the log. */
type Noted = Partial<Pick<EdgeLogEntry, "who" | "verdict" | "policy" | "reason">> &
  Pick<EdgeLogEntry, "servedBy">;

/** Whether the edge answers for a hostname; for any other the TLS handshake fails, as for a name without address. */
export function isServed({ store, google }: Pick<RouterCore, "store" | "google">, hostname: string): boolean {
  return (
    google.hosts.includes(hostname) ||
    teamFor(store, hostname) !== undefined ||
    siteFor(store, hostname) !== undefined
  );
}

/** Answers requests and upgrades that came over TLS. */
export function createRouter(core: RouterCore) {
  return {
    async request(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
      const request = edgeRequest(incoming, false);
      const body = new BodyMeter(incoming, core.settings.maxBodyBytes);
      const noted: Noted = { servedBy: "edge" };
      const answer = (reply: Reply) => write(incoming, response, reply);
      logOnClose(core, request, noted, response, () => sentStatus(response));
      response.setHeader("cf-ray", request.rayId);
      response.setHeader("server", "cloudflare");
      await guarded(async () => {
        if (core.google.hosts.includes(request.hostname) && isForThisHost(incoming, request)) {
          Object.assign(noted, { servedBy: "google", who: "nobody" });
          core.google.handle(incoming, response);
          return;
        }
        const found = await answerOrPass(core, incoming, request, noted);
        if ("reply" in found) return answer(found.reply);
        addHeaders(response, found.headers);
        const { site, origin: headers } = found;
        const done = (result: Forwarded) => Object.assign(noted, withoutUndefined(result));
        forward(incoming, response, body, {
          site,
          request,
          headers,
          done,
          tunnels: core.tunnels,
          settings: core.settings,
        });
      }, answer);
    },

    async upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
      const request = edgeRequest(incoming, true);
      const noted: Noted = { servedBy: "edge" };
      let status = 0;
      socket.on("error", () => socket.destroy());
      logOnClose(core, request, noted, socket, () => status);
      const refuse = (reply: Reply) => {
        status = reply.status;
        writeRaw(socket, reply);
      };
      await guarded(async () => {
        const found = await answerOrPass(core, incoming, request, noted);
        if ("reply" in found) return refuse(found.reply);
        const { site, origin: headers } = found;
        forwardUpgrade(incoming, socket, head, {
          site,
          request,
          headers,
          tunnels: core.tunnels,
          settings: core.settings,
          done: ({ status: sent, ...result }) => {
            status = sent;
            Object.assign(noted, withoutUndefined(result));
          },
        });
      }, refuse);
    },
  };
}

/** The answer of the team domain or of Access, or what is to be handed to the tunnel. */
async function answerOrPass(
  core: RouterCore,
  incoming: IncomingMessage,
  request: EdgeRequest,
  noted: Noted,
): Promise<
  | { reply: Reply }
  | { site: Site; origin: ReturnType<typeof originHeaders>; headers: Record<string, string | string[]> }
> {
  if (!isForThisHost(incoming, request)) {
    noted.reason = "the Host header is not the hostname of the connection";
    return { reply: loginProblem(421, "Misdirected request", "The Host header names another host.") };
  }
  const organization = teamFor(core.store, request.hostname);
  if (organization !== undefined) {
    const { reply, ...more } = await team(core, organization, request);
    Object.assign(noted, { servedBy: "team", ...withoutUndefined(more) });
    return { reply };
  }
  const site = siteFor(core.store, request.hostname);
  if (site === undefined) {
    return { reply: loginProblem(409, "Error 1001", "The hostname no longer leads here.") };
  }
  const own = await appEndpoint(core, site, request);
  if (own !== undefined) {
    const { reply, ...more } = own;
    Object.assign(noted, { servedBy: "access", ...withoutUndefined(more) });
    return { reply };
  }
  const guard = guardFor(core.store, site, request.path);
  if (guard === undefined) {
    Object.assign(noted, {
      verdict: "no application",
      reason: "no application guards this hostname and path",
    });
    return { site, origin: originHeaders(request, {}, core.settings), headers: {} };
  }
  const admission = await admit(core, guard, request);
  note(noted, admission);
  if ("reply" in admission) return { reply: admission.reply };
  return {
    site,
    origin: originHeaders(request, admission.passed, core.settings),
    headers: admission.headers,
  };
}

function note(noted: Noted, { who, policy, reason, ...rest }: Admission): void {
  noted.who = who;
  noted.reason = reason;
  noted.verdict = "reply" in rest ? "refused" : "granted";
  if (policy !== undefined) noted.policy = policy.name;
  if ("reply" in rest) noted.servedBy = "access";
}

function edgeRequest(incoming: IncomingMessage, upgrade: boolean): EdgeRequest {
  const target = incoming.url ?? "/";
  const question = target.indexOf("?");
  const path = question === -1 ? target : target.slice(0, question);
  const { rawHeaders } = incoming;
  return {
    method: incoming.method ?? "GET",
    hostname: (incoming.headers.host ?? "").replace(/:\d+$/, "").toLowerCase(),
    target,
    path,
    query: new URLSearchParams(question === -1 ? "" : target.slice(question + 1)),
    rawHeaders,
    header: (name) => headerValues(rawHeaders, name)[0],
    upgrade,
    rayId: `${randomBytes(8).toString("hex")}-AMS`,
  };
}

/** One Host header, and the one the connection was made for; and a path, not a whole URL. */
function isForThisHost(incoming: IncomingMessage, { hostname, rawHeaders, target }: EdgeRequest): boolean {
  const { servername } = incoming.socket as TLSSocket;
  return (
    headerValues(rawHeaders, "host").length === 1 &&
    typeof servername === "string" &&
    servername.toLowerCase() === hostname &&
    target.startsWith("/")
  );
}

function logOnClose(
  core: RouterCore,
  request: EdgeRequest,
  noted: Noted,
  closing: { once(event: "close", listener: () => void): unknown },
  status: () => number,
): void {
  const start = performance.now();
  const time = core.store.now().toISOString();
  closing.once("close", () => {
    const { method, hostname, path } = request;
    core.log({
      time,
      method,
      hostname,
      path,
      status: status(),
      ms: Math.round((performance.now() - start) * 10) / 10,
      who: "nobody",
      ...noted,
      ...(request.upgrade ? { upgrade: true } : {}),
    });
  });
}

/** A mistake of the sandbox itself: its message goes to the log of the process, never to the client. */
async function guarded(work: () => Promise<void>, write: (reply: Reply) => void): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(error);
    write({ status: 500, headers: { "content-type": "text/plain" }, body: "sandbox: internal error" });
  }
}

/** Headers of Access on the origin's answer; its cookies come besides the origin's own. */
function addHeaders(response: ServerResponse, headers: Record<string, string | string[]>): void {
  const { "set-cookie": cookies, ...others } = headers;
  for (const [name, value] of Object.entries(others)) response.setHeader(name, value);
  if (cookies === undefined) return;
  const { writeHead } = response;
  const adding = (status: number, ...rest: unknown[]): ServerResponse => {
    response.writeHead = writeHead;
    const last = rest.at(-1);
    if (Array.isArray(last)) last.push(...[cookies].flat().flatMap((cookie) => ["set-cookie", cookie]));
    else response.setHeader("set-cookie", cookies);
    return (writeHead as (status: number, ...rest: unknown[]) => ServerResponse).call(
      response,
      status,
      ...rest,
    );
  };
  response.writeHead = adding as ServerResponse["writeHead"];
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
