import { describe, expect, it } from "vitest";
import { finished, get, submit, testOrigin, workflow } from "./support";

type Fields = Record<string, string>;
async function upload(url: string, bytes: string, fields: Fields = {}, filename = "photo.png") {
  const form = new FormData();
  form.append("image", new Blob([bytes]), filename);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const response = await fetch(url, { method: "POST", body: form });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

describe("uploads", () => {
  it("keep the name, the subfolder and the type, and can be viewed", async () => {
    const origin = await testOrigin();
    const path = `${origin.url}/api/upload/image`;
    expect((await upload(path, "one", { subfolder: "a/b", type: "temp" })).body).toEqual({
      name: "photo.png",
      subfolder: "a/b",
      type: "temp",
    });
    const view = await fetch(`${origin.url}/view?filename=photo.png&subfolder=a/b&type=temp`);
    expect([view.headers.get("content-type"), await view.text()]).toEqual(["image/png", "one"]);
  });

  it("reuse the name for the same bytes, number others, and overwrite when told", async () => {
    const origin = await testOrigin();
    const path = `${origin.url}/upload/image`;
    const names: string[] = [];
    for (const bytes of ["one", "one", "two", "three", "two"])
      names.push((await upload(path, bytes)).body.name);
    expect(names).toEqual(["photo.png", "photo.png", "photo (1).png", "photo (2).png", "photo (1).png"]);
    expect((await upload(path, "four", { overwrite: "1" })).body.name).toBe("photo.png");
    const view = await fetch(`${origin.url}/view?filename=photo.png&type=input`);
    expect(await view.text()).toBe("four");
  });

  it("make the file one that LoadImage can choose", async () => {
    const origin = await testOrigin();
    await upload(`${origin.url}/upload/image`, "one");
    const { body } = await get(origin, "/object_info/LoadImage");
    expect(body.LoadImage.input.required.image[0]).toEqual(["photo.png"]);
    const prompt = {
      "1": { class_type: "LoadImage", inputs: { image: "photo.png" } },
      "2": { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    };
    const { outputs } = await finished(origin, await submit(origin, { prompt }));
    expect(outputs["2"].images[0]).toMatchObject({ type: "temp" });
  });

  it.each([
    ["leads out of the folder", { subfolder: "../.." }, "x.png", 400],
    ["has a name that leads out", {}, "../../x.png", 400],
    ["names an unknown folder", { type: "models" }, "x.png", 500],
  ])("are refused when the upload %s", async (_, fields, name, status) => {
    const origin = await testOrigin();
    expect((await upload(`${origin.url}/upload/image`, "x", fields as Fields, name)).status).toBe(status);
  });

  it("without a file get 400 and an empty body", async () => {
    const origin = await testOrigin();
    const form = new FormData();
    form.append("type", "input");
    const response = await fetch(`${origin.url}/upload/image`, { method: "POST", body: form });
    expect([response.status, await response.text()]).toEqual([400, ""]);
  });

  it("above the limit get 413 and leave nothing", async () => {
    const origin = await testOrigin({ maxUploadSize: 1 });
    expect((await upload(`${origin.url}/upload/image`, "x".repeat(2 ** 20))).status).toBe(413);
    expect((await get(origin, "/object_info/LoadImage")).body.LoadImage.input.required.image[0]).toEqual([]);
  });

  it("of a mask need the image that it belongs to", async () => {
    const origin = await testOrigin();
    const path = `${origin.url}/upload/mask`;
    expect((await upload(path, "mask")).status).toBe(500);
    const original_ref = JSON.stringify({ filename: "photo.png", type: "input" });
    expect((await upload(path, "mask", { original_ref })).body.name).toBe("photo.png");
  });
});

describe("GET /view", () => {
  it("streams an output of any size, which no memory holds", async () => {
    const origin = await testOrigin();
    const before = process.memoryUsage().rss;
    const response = await fetch(`${origin.url}/view?filename=bytes-629145600.bin`);
    expect(response.headers.get("content-length")).toBe("629145600");
    let size = 0;
    let most = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(size).toBe(629_145_600);
    // A third of it: garbage that is not collected yet counts as well.
    expect(most - before).toBeLessThan(200 * 2 ** 20);
  });

  it("pads generated images to the size that is set", async () => {
    const origin = await testOrigin({ outputBytes: 100_000 });
    await finished(origin, await submit(origin, { prompt: workflow() }));
    const bytes = await (await fetch(`${origin.url}/view?filename=ComfyUI_00001_.png`)).bytes();
    expect(bytes).toHaveLength(100_000);
    expect(Buffer.from(bytes.subarray(1, 4)).toString()).toBe("PNG");
  });

  it.each([
    ["bytes=0-3", 206, "bytes 0-3/100000"],
    ["bytes=70000-", 206, "bytes 70000-99999/100000"],
    ["bytes=-5", 206, "bytes 99995-99999/100000"],
    ["bytes=100000-", 416, "bytes */100000"],
    ["bytes=0-1,3-4", 416, "bytes */100000"],
  ])("serves the range %s with %i", async (range, status, contentRange) => {
    const origin = await testOrigin();
    const url = `${origin.url}/view?filename=bytes-100000.bin`;
    const whole = await (await fetch(url)).bytes();
    const response = await fetch(url, { headers: { range } });
    expect([response.status, response.headers.get("content-range")]).toEqual([status, contentRange]);
    const [from, to] = contentRange.match(/\d+/g)?.map(Number) ?? [];
    const expected = status === 206 ? whole.slice(from, (to ?? 0) + 1) : new Uint8Array();
    expect(await response.bytes()).toEqual(expected);
  });

  it.each([
    ["filename=absent.png", 404],
    ["", 404],
    ["filename=/etc/passwd", 400],
    ["filename=../input/x.png", 400],
    ["filename=x.png&type=models", 400],
    ["filename=x.png&subfolder=../..", 403],
  ])("answers ?%s with %i and no body", async (query, status) => {
    const origin = await testOrigin();
    const response = await fetch(`${origin.url}/view?${query}`);
    expect([response.status, await response.text()]).toEqual([status, ""]);
  });
});
