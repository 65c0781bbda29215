import { fetch as fetchThrough } from "undici";
import { afterEach, expect, test } from "vitest";
import { dispatcherFor } from "../../../packages/client/typescript/network";
import { ACCESS } from "../client";
import { type Furnished, furnished } from "./support";

let furniture: Furnished | undefined;

afterEach(async () => {
  await furniture?.sandbox.close();
  furniture = undefined;
});

test("the stream begins with everything, then tells what changes and what is asked", async () => {
  furniture = await furnished();
  const stream = await listen(furniture.sandbox.url);
  const before = await stream.until((text) => text.includes("event: log"));
  for (const id of ["applications", "tunnels", "tokens", "identity-providers"]) {
    expect(before).toContain(`{"id":"${id}"`);
  }
  expect(before.match(/event: /g)).toHaveLength(5);

  const { ids, call } = furniture;
  await call("PUT", `${ACCESS}/service_tokens/${ids.token}`, { name: "comfyui-api", enabled: false });
  const after = (await stream.until((text) => text.includes("event: requests"))).slice(before.length);
  expect(after).toContain("disabled");
  expect(after).toContain("PUT");
  // What did not change is not sent again.
  expect(after.match(/event: section/g)).toHaveLength(1);
  stream.close();
});

test("what changes by time alone is told, too", async () => {
  furniture = await furnished();
  const stream = await listen(furniture.sandbox.url);
  expect(await stream.until((text) => text.includes("event: log"))).toContain("valid");
  await furniture.advanceDays(360);
  await stream.until((text) => text.includes("expires soon") && text.includes("clock was moved forward"));
  await furniture.advanceDays(10);
  await stream.until((text) => text.includes("expired"));
  stream.close();
});

test("a reset empties the log and the page", async () => {
  furniture = await furnished();
  const stream = await listen(furniture.sandbox.url);
  const before = await stream.until((text) => text.includes("event: log"));
  furniture.sandbox.reset();
  const after = (await stream.until((text) => text.lastIndexOf("event: log") >= before.length)).slice(
    before.length,
  );
  expect(after).toContain("event: log\ndata: []");
  expect(after).toContain("No application yet.");
  stream.close();
});

test("a rush of requests ends in one list of the latest 200", async () => {
  furniture = await furnished();
  const stream = await listen(furniture.sandbox.url);
  const before = await stream.until((text) => text.includes("event: log"));
  const { sandbox } = furniture;
  await Promise.all(Array.from({ length: 300 }, (_, i) => fetch(`${sandbox.url}/client/v4/rush/${i}`)));
  const after = await stream.until((text) => /\/rush\/\d+.*\n\n$/.test(text.slice(before.length)));
  for (const line of after.split("\n").filter((text) => text.startsWith("data: ["))) {
    expect(JSON.parse(line.slice(6)).length).toBeLessThanOrEqual(200);
  }
  const page = await (await fetch(sandbox.url)).text();
  expect(page.match(/class="entry"/g)).toHaveLength(200);
  stream.close();
});

test("no secret is on the page, in its files or in its stream", async () => {
  furniture = await furnished({ edge: true });
  const { sandbox, secrets, ids, call } = furniture;
  const rotated = await call("POST", `${ACCESS}/service_tokens/${ids.token}/rotate`, {
    previous_client_secret_expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const dispatcher = dispatcherFor(sandbox.edge?.network ?? {});
  const url = `https://comfyui.datacrew.space/?key=${rotated.client_secret}`;
  for (const secret of [rotated.client_secret, "a-wrong-secret-that-nobody-has"]) {
    const headers = { "CF-Access-Client-Id": rotated.client_id, "CF-Access-Client-Secret": secret };
    await (await fetchThrough(url, { dispatcher, headers, redirect: "manual" })).body?.cancel();
  }
  await dispatcher.destroy();

  const stream = await listen(sandbox.url);
  const streamed = await stream.until((text) => text.includes("event: log"));
  stream.close();
  const page = await (await fetch(sandbox.url)).text();
  expect(page).toContain("the previous one is valid until");
  expect(page.match(/data-side="edge"/g)).toHaveLength(2);

  const state = sandbox.store.snapshot();
  const hashes = [
    ...state.serviceTokens.flatMap((token) => [token.clientSecretHash, token.previousClientSecretHash ?? ""]),
    ...state.apiTokens.map(({ valueHash }) => valueHash),
  ];
  const hidden = [...secrets, ...hashes, rotated.client_secret, "a-wrong-secret-that-nobody-has"];
  expect(hidden.length).toBeGreaterThan(12);
  for (const secret of hidden) {
    expect(secret.length).toBeGreaterThan(20);
    expect(page.includes(secret)).toBe(false);
    expect(streamed.includes(secret)).toBe(false);
  }
});

async function listen(url: string) {
  const abort = new AbortController();
  const response = await fetch(`${url}/__page__/events`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    /** All that came, once it is as wanted and the last event is whole. */
    async until(isEnough: (text: string) => boolean): Promise<string> {
      while (!isEnough(text) || !text.endsWith("\n\n")) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream ended");
        text += decoder.decode(value, { stream: true });
      }
      return text;
    },
    close: () => abort.abort(),
  };
}
