import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccountApi } from "../../packages/cloudflare/account-api";

let send: (response: ServerResponse) => void;
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  request.resume();
  send(response);
});
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());

function api(retries = 4): AccountApi {
  asked = 0;
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new AccountApi({ accountId: "a", token: "t", baseUrl, retries });
}

const answer = (type: string, body: string, status = 200, headers = {}) => {
  send = (response) => response.writeHead(status, { "content-type": type, ...headers }).end(body);
};

test.each([
  ["a page", "text/html", "<html>Log in first</html>"],
  ["a list", "application/json", "[]"],
  ["null", "application/json", "null"],
  ["another object", "application/json", `{"ok":true}`],
])("%s is not taken for an account in which nothing is", async (_, type, body) => {
  answer(type, body);
  const between = /no answer of Cloudflare's API, but of something in between/;
  await expect(api().applications()).rejects.toThrow(between);
  await expect(api().organization()).rejects.toThrow(between);
  const change = { action: "delete", object: "the tunnel" };
  if (body !== "null") await expect(api().write("delete", "/a", change)).rejects.toThrow(between);
});

const HALF = `{"result":{"client_secret":"s3cr3t`;

test("half an answer to a read is tried again, and said without its words when it stays so", async () => {
  send = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(asked === 1 ? HALF : `{"success":true,"result":{"id":"x"}}`);
  };
  expect(await api().read("/a", "the tunnel")).toEqual({ id: "x" });
  expect(asked).toBe(2);

  answer("application/json", HALF);
  const refused = await api(1).applications().catch(String);
  expect(refused).toMatch(/could not read the Access applications: no answer \(only a part of it came\)$/);
  expect(asked).toBe(2);
});

test("half an answer to a change is not tried again: it may have been made", async () => {
  answer("application/json", HALF);
  const refused = await api().write("post", "/a", { action: "rotate", object: "the token" }).catch(String);
  expect(refused).toMatch(
    /could not rotate the token: no answer \(only a part of it came\); it may have been done$/,
  );
  expect(asked).toBe(1);
  // A query of the analytics changes nothing.
  const query = await api().graphql("{ viewer }", "the analytics").catch(String);
  expect(query).toMatch(/could not read the analytics: no answer \(only a part of it came\)$/);
});

test("a wait that is long is reported instead, with how long it is", async () => {
  answer("application/json", `{"errors":[{"code":10429,"message":"slow down"}]}`, 429, {
    "retry-after": "300",
  });
  await expect(api().zone("example.org")).rejects.toThrow(
    "could not read the zones (HTTP 429, code 10429): too many requests, to be tried again in 300 s",
  );
  expect(asked).toBe(1);
});

test("a short one is waited for", async () => {
  send = (response) => {
    if (asked === 1) response.writeHead(429, { "retry-after": "0.1" }).end("{}");
    else response.writeHead(200, { "content-type": "application/json" }).end(`{"success":true,"result":[]}`);
  };
  expect(await api().applications()).toEqual([]);
  expect(asked).toBe(2);
});
