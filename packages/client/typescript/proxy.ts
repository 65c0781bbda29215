import { request } from "node:http";
import type { Socket } from "node:net";
import { isLocal } from "./address";
import { ComfyUIError } from "./errors";
import type { Detour } from "./network";

interface Proxy {
  host: string;
  port: number;
  headers: Record<string, string>;
}

/**
 * The proxy that `HTTPS_PROXY` (for https) or `HTTP_PROXY` names for the URL's host; none for local hosts, and for those
 * in `NO_PROXY`. Small letters go before capitals, as everywhere. Throws a `usage` error for one that is not http.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): Proxy | undefined {
  const name = url.protocol === "https:" ? "https_proxy" : "http_proxy";
  const text = setting(env, name);
  if (text === "" || isLocal(url) || isExcepted(url, setting(env, "no_proxy"))) return undefined;
  const proxy = parseProxy(text);
  if (proxy === undefined) {
    // Without what stands there: it may hold a password.
    const words =
      `the proxy in ${name.toUpperCase()} has to be http://host:port or http://user:password@host:port, ` +
      `special characters as %20 and the like; to go without a proxy, name ${url.hostname} in NO_PROXY`;
    throw new ComfyUIError("usage", "bad_url", words);
  }
  return proxy;
}

function parseProxy(text: string): Proxy | undefined {
  try {
    const proxy = new URL(text.includes("://") ? text : `http://${text}`);
    if (proxy.protocol !== "http:" || proxy.hostname === "") return undefined;
    const user = [proxy.username, proxy.password].map(decodeURIComponent).join(":");
    const basic = Buffer.from(user, "utf8").toString("base64");
    return {
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: Number(proxy.port) || 80,
      headers: user === ":" ? {} : { "proxy-authorization": `Basic ${basic}` },
    };
  } catch {
    return undefined;
  }
}

/** Connects through the environment's proxies, by CONNECT: the proxy sees the host's name and nothing of what is said. */
export function detourThrough(env: NodeJS.ProcessEnv, timeoutMs: number): Detour {
  return (url) => {
    const proxy = proxyFor(url, env);
    return proxy && tunnelTo(proxy, url, timeoutMs);
  };
}

function tunnelTo({ host, port, headers }: Proxy, url: URL, timeoutMs: number): Promise<Socket> {
  const target = `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
  return new Promise((resolve, reject) => {
    const connect = request({
      host,
      port,
      method: "CONNECT",
      path: target,
      headers: { host: target, ...headers },
      agent: false,
    });
    const late = setTimeout(() => {
      connect.destroy(Object.assign(new Error("the proxy does not answer"), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    connect
      .once("close", () => clearTimeout(late))
      .once("error", reject)
      .once("connect", ({ statusCode = 0 }, socket: Socket) => {
        clearTimeout(late);
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        const words = `the proxy ${host}:${port} does not connect to ${target} (HTTP ${statusCode})`;
        reject(new ComfyUIError("network", "connect", words, { status: statusCode }));
      })
      .end();
  });
}

function setting(env: NodeJS.ProcessEnv, name: string): string {
  return (env[name] ?? env[name.toUpperCase()] ?? "").trim();
}

function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname.replace(/\.$/, "");
  const withPort = `${host}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
  return list
    .split(",")
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ""),
    )
    .filter((entry) => entry !== "")
    .some(
      (entry) => entry === "*" || [host, withPort].some((one) => one === entry || one.endsWith(`.${entry}`)),
    );
}
