import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, test, vi } from "vitest";
import { type Origin, startOrigin } from "../../packages/sandbox/origin";
import { workflow } from "../sandbox/origin/support";
import { countCases, holdsInTime } from "../support/properties";
import { anyJson, NASTY_KEYS, ownObject } from "./config-arbitraries";

const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
const MARK = "outside-of-every-folder";

let origin: Origin;
/** A folder beside the stand-in's own, with a file that nobody may read and that nothing may be added to. */
let beside: string;
const accidents: unknown[] = [];
const note = (error: unknown) => void accidents.push(error);
beforeAll(async () => {
  beside = mkdtempSync(join(tmpdir(), "origin-properties-"));
  writeFileSync(join(beside, "secret.png"), MARK);
  origin = await startOrigin({ settings: { msPerNode: 0, msPerStep: 0 } });
  process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterAll(async () => {
  process.off("uncaughtException", note).off("unhandledRejection", note);
  await origin.close();
  rmSync(beside, { recursive: true });
});

const names = fc.oneof(
  fc.constantFrom(
    "a.png",
    "../a.png",
    "../../a.png",
    "..",
    ".",
    "/etc/passwd",
    "\\..\\a.png",
    "a/../../b",
    "%2e%2e/a",
    "....//a",
    "a\0.png",
    "x".repeat(300),
    "ü.png",
    "con",
    ".hidden",
    "a\nb",
    'a"b',
    "",
    "~/a",
    "input/../../x",
  ),
  fc
    .constantFrom("../", "../../", "/tmp/")
    .chain((up) => fc.constant(up).map((each) => `${each}origin-properties/secret.png`)),
  fc.string({ unit: fc.constantFrom(..."./\\a%0"), maxLength: 8 }),
);
const oddWorkflow = fc.oneof(
  anyJson,
  fc
    .tuple(
      fc.constantFrom("1", "2", "4", "6"),
      fc.oneof(fc.constantFrom("inputs", "class_type", ...NASTY_KEYS)),
      anyJson,
    )
    .map(([node, field, value]) => {
      const whole = workflow();
      return { ...whole, [node]: ownObject([...Object.entries(whole[node] as object), [field, value]]) };
    }),
  fc
    .tuple(
      fc.constantFrom("ckpt_name", "text", "width", "seed", "steps", "model", "images", "filename_prefix"),
      fc.oneof(anyJson, names, fc.constant(["6", 0]), fc.constant(["4", 0]), fc.constant(["4", 99])),
    )
    .map(([input, value]) => {
      const nodes = Object.entries(workflow()).map(([id, node]) => [
        id,
        { ...node, inputs: { ...node.inputs, ...(input in node.inputs ? { [input]: value } : {}) } },
      ]);
      return Object.fromEntries(nodes);
    }),
);
interface Asked {
  path: string;
  init: RequestInit;
}
const post = (path: string, body: unknown): Asked => ({
  path,
  init: { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) },
});
const request: fc.Arbitrary<Asked> = fc.oneof(
  oddWorkflow.map((prompt) => post("/prompt", { prompt, client_id: "c" })),
  anyJson.map((value) => post("/prompt", value)),
  fc
    .constantFrom("", "{", "[".repeat(5000), '{"prompt":{"__proto__":{}}}')
    .map((text) => post("/prompt", text)),
  fc
    .tuple(fc.constantFrom("/queue", "/interrupt", "/history", "/free"), anyJson)
    .map(([path, body]) => post(path, body)),
  fc
    .tuple(
      names,
      names,
      fc.constantFrom("input", "output", "temp", "..", "x"),
      fc.boolean(),
      fc.constantFrom("image", "mask"),
    )
    .map(([name, subfolder, type, overwrite, kind]) => {
      const form = new FormData();
      form.set("image", new Blob(["bytes"]), name);
      for (const [key, value] of Object.entries({
        subfolder,
        type,
        overwrite: String(overwrite),
        original_ref: "{}",
      }))
        form.set(key, value);
      return { path: `/upload/${kind}`, init: { method: "POST", body: form } };
    }),
  fc
    .tuple(names, fc.constantFrom("multipart/form-data", "multipart/form-data; boundary=x", "text/plain"))
    .map(([body, type]) => ({
      path: "/upload/image",
      init: { method: "POST", body: `--x\r\n${body}`, headers: { "content-type": type } },
    })),
  fc
    .tuple(names, names, fc.constantFrom("input", "output", "temp", "..", ""))
    .map(([filename, subfolder, type]) => ({
      path: `/view?${new URLSearchParams({ filename, subfolder, type })}`,
      init: {},
    })),
  fc
    .tuple(
      fc.constantFrom(
        "/view?filename=",
        "/history/",
        "/api/userdata/",
        "/api/jobs/",
        "/object_info/",
        "/extensions/",
        "/models/",
        "/",
      ),
      names,
    )
    .map(([path, name]) => ({ path: path + encodeURIComponent(name), init: {} })),
  fc
    .constantFrom(
      "/view?filename=%",
      "/%ff",
      "/..%2f..%2fetc/passwd",
      "//",
      "/history?max_items=-1&offset=x",
      "/api/api/prompt",
      "/ws",
      "/queue?x=%00",
    )
    .map((path) => ({ path, init: {} })),
);

test("no prompt, upload or address takes ComfyUI's stand-in down, or leads out of its folders", {
  timeout: 300_000,
}, async () => {
  const own = readdirSync(beside);
  const outside = join(tmpdir(), "a.png");
  const statuses = new Map<number, number>();
  await holdsInTime(
    fc.asyncProperty(fc.array(request, { minLength: 5, maxLength: 20, size: "max" }), async (all) => {
      countCases(all.length - 1, 0);
      for (const { path, init } of all) {
        logged.mockClear();
        const response = await fetch(origin.url + path, {
          ...init,
          redirect: "manual",
          signal: AbortSignal.timeout(5000),
        });
        const text = await response.text();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        const said = `${init.method} ${path} ${String(init.body).slice(0, 300)}: ${response.status} ${text.slice(0, 300)} ${logged.mock.lastCall?.[0]}`;
        assert.ok(!text.includes(MARK) && !text.includes("root:x:"), said);
        assert.equal(logged.mock.calls.length, 0, said);
        assert.ok(!existsSync(outside), said);
      }
      assert.deepEqual(accidents.splice(0), []);
      assert.deepEqual(readdirSync(beside), own);
      assert.ok(Object.keys(Object.prototype).length === 0);
    }),
    { runs: 60, withinMs: 6_000 },
  );
  assert.equal((await fetch(`${origin.url}/system_stats`)).status, 200);
  const sum = [...statuses.values()].reduce((total, count) => total + count, 0);
  const share = (status: number) => (statuses.get(status) ?? 0) / sum;
  assert.ok(share(200) > 0.05 && share(400) > 0.05, JSON.stringify([...statuses]));
});
