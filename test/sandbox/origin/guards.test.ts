import { request } from "undici";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import type { OriginSettings } from "../../../packages/sandbox/origin";
import { get, testOrigin } from "./support";

const HOST = "comfyui.example.org";
type Case = [
  settings: Partial<OriginSettings>,
  path: string,
  headers: Record<string, string>,
  status: number,
];

describe("requests that other sites caused", () => {
  const crossSite = { host: HOST, "sec-fetch-site": "cross-site" };
  it.each<Case>([
    [{}, "/", crossSite, 403],
    [{}, "/api/queue", crossSite, 403],
    [{}, "/", { ...crossSite, "sec-fetch-site": "same-origin" }, 200],
    [{}, "/", { host: HOST }, 200],
    [{ crossSiteCheck: "all-but-page" }, "/", crossSite, 200],
    [{ crossSiteCheck: "all-but-page" }, "/api/queue", crossSite, 403],
    [{ crossSiteCheck: "off" }, "/api/queue", crossSite, 200],
    [{ enableCorsHeader: `https://${HOST}` }, "/", crossSite, 200],
    [{}, "/queue", { host: "localhost:8188", origin: "https://evil.example" }, 403],
    [{}, "/queue", { host: "127.0.0.1:8188", origin: "http://127.0.0.1:9999" }, 403],
    [{}, "/queue", { host: "localhost:8188", origin: "http://localhost:8188" }, 200],
    [{}, "/queue", { host: "localhost:8188", origin: "http://localhost" }, 200],
    [{}, "/queue", { host: HOST, origin: "https://evil.example" }, 200],
    [{ enableCorsHeader: "*" }, "/queue", { host: "localhost:8188", origin: "https://evil.example" }, 200],
  ])("with %o: GET %s with %o gets %i", async (settings, path, headers, status) => {
    const origin = await testOrigin(settings);
    const response = await request(origin.url + path, { headers });
    const body = await response.body.text();
    expect(response.statusCode).toBe(status);
    if (status === 403) expect(body).toBe("");
  });

  it("cannot open a WebSocket either", async () => {
    const origin = await testOrigin();
    const socket = new WebSocket(`${origin.url.replace("http", "ws")}/ws`, { headers: crossSite });
    const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
    expect(error.message).toContain("403");
  });
});

describe("--enable-cors-header", () => {
  it("answers preflights and puts its headers on every answer, and nothing does without it", async () => {
    const origin = await testOrigin({ enableCorsHeader: `https://${HOST}` });
    for (const method of ["OPTIONS", "GET"]) {
      const { status, headers } = await fetch(`${origin.url}/queue`, { method });
      expect(status).toBe(200);
      expect(headers.get("access-control-allow-origin")).toBe(`https://${HOST}`);
      expect(headers.get("access-control-allow-headers")).toBe("Content-Type, Authorization");
    }
    const plain = await fetch(`${(await testOrigin()).url}/queue`, { method: "OPTIONS" });
    expect([plain.status, plain.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  });
});

describe("the stand-in", () => {
  it("answers 404 for an unknown path and 405 for another method", async () => {
    const { url } = await testOrigin();
    const unknown = await fetch(`${url}/nothing`);
    expect([unknown.status, await unknown.text()]).toEqual([404, ""]);
    const wrong = await fetch(`${url}/queue`, { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET,HEAD,POST"]);
    const other = await fetch(`${url}/nothing`, { method: "POST" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "GET,HEAD"]);
  });

  it("tells its version, features, models and nodes, also under /api", async () => {
    const origin = await testOrigin({ version: "0.30.1", maxUploadSize: 10 });
    expect((await get(origin, "/api/system_stats")).body.system.comfyui_version).toBe("0.30.1");
    expect((await get(origin, "/features")).body).toEqual({
      supports_preview_metadata: true,
      max_upload_size: 10 * 2 ** 20,
    });
    expect((await get(origin, "/models")).body).toContain("checkpoints");
    expect((await get(origin, "/models/checkpoints")).body).not.toEqual([]);
    expect((await get(origin, "/models/nothing")).status).toBe(404);
    expect((await get(origin, "/embeddings")).body).toEqual([]);
    expect(Object.keys((await get(origin, "/api/object_info")).body)).toContain("KSampler");
    expect((await get(origin, "/object_info/Nope")).body).toEqual({});
  });

  it("records what reached it, with names as they were written, and forgets it on reset", async () => {
    const origin = await testOrigin();
    await request(`${origin.url}/queue?a=1`, { headers: { "X-Mixed-Case": "kept" } });
    expect(origin.requests).toHaveLength(1);
    expect(origin.requests[0]).toMatchObject({
      method: "GET",
      path: "/queue",
      query: "?a=1",
      upgrade: false,
    });
    expect(origin.requests[0]?.headers).toContainEqual(["X-Mixed-Case", "kept"]);
    origin.settings.crossSiteCheck = "off";
    origin.reset();
    expect([origin.requests, origin.settings.crossSiteCheck]).toEqual([[], "all"]);
  });

  it("serves a page titled ComfyUI", async () => {
    const response = await fetch((await testOrigin()).url);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toContain("<title>ComfyUI</title>");
  });
});
