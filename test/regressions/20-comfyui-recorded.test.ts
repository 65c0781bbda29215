import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";

// What two versions of the real ComfyUI were recorded to answer, line by line, against the stand-in.

interface Recorded {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}
type Version = "0.3.64" | "0.27.0";
type Line = { request: string; "body sent"?: unknown } & Record<Version, Recorded>;
type Ask = { method?: string; path: string; headers?: Record<string, string>; body?: string | FormData };

const lines = readFileSync(join(__dirname, "..", "fixtures", "comfyui-recorded.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0];
const end = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
const png = Buffer.concat([Buffer.from(signature), Buffer.alloc(448 - 18), Buffer.from(end)]);

function form(fields: Record<string, string>, filename?: string): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  if (filename !== undefined) made.set("image", new Blob([png], { type: "image/png" }), filename);
  return made;
}

const view = (query: string, headers: Record<string, string> = {}, method = "GET"): Ask => ({
  method,
  path: `/view?${query}`,
  headers,
});
const ours = "filename=in64.png&type=input";
const post = (path: string, body: unknown = ""): Ask => ({
  method: "POST",
  path,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** The requests by the names that the recording gives them, where the name is not the request itself. */
const asked: Record<string, Ask> = {
  "upload image": { method: "POST", path: "/upload/image", body: form({}, "in64.png") },
  "upload no image": { method: "POST", path: "/upload/image", body: form({ type: "input" }) },
  "upload json instead": post("/upload/image", {}),
  "upload bad type": { method: "POST", path: "/upload/image", body: form({ type: "bogus" }, "in64.png") },
  "upload subfolder abs": {
    method: "POST",
    path: "/upload/image",
    body: form({ subfolder: "/etc" }, "a.png"),
  },
  "upload mask no ref": { method: "POST", path: "/upload/mask", body: form({}, "in64.png") },
  "GET /ws no upgrade": { path: "/ws" },
  "view no filename": view("type=input"),
  "view empty": view("filename="),
  "view abs": view("filename=/etc/passwd"),
  "view bad type": view("filename=in64.png&type=bogus"),
  "view range": view(ours, { range: "bytes=0-9" }),
  "view range suffix": view(ours, { range: "bytes=-5" }),
  "view range beyond": view(ours, { range: "bytes=9999-" }),
  "view HEAD": view(ours, {}, "HEAD"),
  jobs: { path: "/api/jobs" },
  "jobs limit 0": { path: "/api/jobs?limit=0" },
  "jobs bad status": { path: "/api/jobs?status=bogus" },
  "job unknown": { path: "/api/jobs/11111111-1111-4111-8111-111111111111" },
  "job bad id": { path: "/api/jobs/bogus" },
  "cancel bad id": post("/api/jobs/bogus/cancel", {}),
  "jobs cancel many": post("/api/jobs/11111111-1111-4111-8111-111111111111/cancel", {}),
  "api jobs without /api": { path: "/jobs" },
  "POST prompt not json": post("/prompt", "{"),
  "POST prompt list body": post("/prompt", []),
  "POST interrupt empty": post("/interrupt"),
  "POST interrupt json": post("/interrupt", {}),
  "POST queue delete unknown": post("/queue", { delete: ["x"] }),
  "POST queue clear": post("/queue", { clear: true }),
  "POST queue not json": post("/queue", "{"),
  "POST history delete unknown": post("/history", { delete: ["x"] }),
  "POST history delete known": post("/history", { delete: ["x"] }),
  "POST history clear": post("/history", { clear: true }),
  "POST free": post("/free", {}),
  "POST free not json": post("/free", "{"),
};

/** What stays different, with its reason; each entry is checked to be different still. */
const listed: Record<string, string> = {
  "GET /system_stats": "its values are this machine's; 0.27.0 also lists its packages",
  "GET /features": "0.27.0 has features that no client here asks about",
  "GET /models": "the stand-in has the folders that its node classes use",
  "GET /models/checkpoints": "the stand-in has checkpoints, so that its workflows run",
  "GET /extensions": "parts of ComfyUI's own page, which the stand-in has not",
  "GET /users": "parts of ComfyUI's own page, which the stand-in has not",
  "GET /settings": "parts of ComfyUI's own page, which the stand-in has not",
  "GET /userdata?dir=x": "parts of ComfyUI's own page, which the stand-in has not",
  "GET /workflow_templates": "parts of ComfyUI's own page, which the stand-in has not",
  "GET /view_metadata/checkpoints": "reads a model's file, of which the stand-in has none",
  "GET /internal/logs": "ComfyUI's log, which the stand-in has not",
  "upload empty filename": "fetch sends no part with an empty name",
  "view preview": "the stand-in converts no images",
  "view if-none-match": "the recorded tag is not in the recording",
  "own origin": "the recorded origin is not in the recording",
  "gzip wanted": "the stand-in's node classes have no tooltips, and fewer of them",
  "job of ok": "a prompt of its own; see the stand-in's own tests",
  "history of ok": "a prompt of its own; see the stand-in's own tests",
  jobs: "left out of the recording",
  "history list max 2": "left out of the recording",
  "POST prompt not in list": "the stand-in has checkpoints to choose from",
};

let origins: Record<Version, Origin>;
beforeAll(async () => {
  const started = async (version: Version) => {
    const origin = await startOrigin({ settings: { version, msPerNode: 1 } });
    await fetch(`${origin.url}/upload/image`, { method: "POST", body: form({}, "in64.png") });
    return origin;
  };
  origins = { "0.3.64": await started("0.3.64"), "0.27.0": await started("0.27.0") };
});
afterAll(async () => {
  for (const origin of Object.values(origins)) await origin.close();
});

function requestOf(line: Line): Ask | undefined {
  if (asked[line.request] !== undefined) return asked[line.request];
  if (line["body sent"] !== undefined) return post("/prompt", line["body sent"]);
  const [, method, path] = /^(GET|HEAD|POST|DELETE|OPTIONS) (\/\S*)$/.exec(line.request) ?? [];
  return path === undefined ? undefined : { method, path };
}

async function answerOf(
  origin: Origin,
  { method = "GET", path, headers = {}, body }: Ask,
): Promise<Recorded> {
  const response = await fetch(origin.url + path, { method, headers, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get("content-type") ?? undefined;
  return {
    status: response.status,
    headers: { ...(type !== undefined && { "content-type": type }) },
    body: type?.startsWith("application/json")
      ? JSON.parse(bytes.toString() || "null")
      : bytes.toString("latin1"),
  };
}

/** Without what is another at each run: ids and numbers; and without the texts that explain an input. */
function comparable({ status, headers, body }: Recorded, request: string): unknown {
  const type = headers["content-type"];
  const without = (value: unknown, key = ""): unknown => {
    if (key === "traceback") return "lines";
    if (key === "input_config") return Array.isArray(value) ? value[0] : value;
    if (key === "prompt_id" && typeof value === "string")
      return /^[0-9a-f-]{36}$/.test(value) ? "a UUID" : value;
    if (key === "number") return typeof value;
    // Which input comes first is left to the order of a set of Python's.
    if (key === "errors" && Array.isArray(value))
      return value.map((item) => JSON.stringify(sorted(without(item)))).sort();
    if (Array.isArray(value)) return value.map((item) => without(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, without(item, name)]));
  };
  // The recorder could not read the body of a HEAD, and there is none.
  return { status, type, body: request.startsWith("HEAD ") || request === "view HEAD" ? "" : without(body) };
}

describe("20: the stand-in answers as two versions of the real ComfyUI were recorded to", () => {
  test.each(["0.3.64", "0.27.0"] as const)("ComfyUI %s", async (version) => {
    const found = {
      equal: [] as string[],
      listed: [] as string[],
      different: [] as unknown[],
      stale: [] as string[],
    };
    for (const line of lines) {
      const { request } = line;
      const ask = requestOf(line);
      const got = ask && comparable(await answerOf(origins[version], ask), request);
      const wanted = comparable(line[version], request);
      const same = JSON.stringify(sorted(got)) === JSON.stringify(sorted(wanted));
      if (same) found.equal.push(request);
      else if (listed[request] !== undefined) found.listed.push(request);
      else found.different.push({ request, got, wanted });
      const other = version === "0.3.64" ? "0.27.0" : "0.3.64";
      const everSame = same && JSON.stringify(line[version]) === JSON.stringify(line[other]);
      if (everSame && listed[request] !== undefined) found.stale.push(request);
    }
    console.log(
      `ComfyUI ${version}: ${found.equal.length} equal, ${found.listed.length} listed, ${found.different.length} different`,
    );
    expect(found.different).toEqual([]);
    expect(found.stale).toEqual([]);
    expect(found.equal.length).toBeGreaterThan(60);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}
