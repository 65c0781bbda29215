import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccountApi } from "../../packages/cloudflare/account-api";
import { AccountSnapshot } from "../../packages/cloudflare/account-snapshot";
import { ApiFailure } from "../../packages/cloudflare/api-failure";

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

function apiAccess() {
  asked = 0;
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { accountId: "a", token: "t", baseUrl };
}

const api = (retries = 4) => new AccountApi({ ...apiAccess(), retries });

const snapshot = (retries?: number) => new AccountSnapshot(api(retries));

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
  await expect(snapshot().applications()).rejects.toThrow(between);
  await expect(snapshot().organization()).rejects.toThrow(between);
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
  const refused = await snapshot(1).applications().catch(String);
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
  await expect(snapshot().zone("example.org")).rejects.toThrow(
    "could not read the zones (HTTP 429, code 10429): too many requests, to be tried again in 300 s",
  );
  expect(asked).toBe(1);
});

test("a short one is waited for", async () => {
  send = (response) => {
    if (asked === 1) response.writeHead(429, { "retry-after": "0.1" }).end("{}");
    else response.writeHead(200, { "content-type": "application/json" }).end(`{"success":true,"result":[]}`);
  };
  expect(await snapshot().applications()).toEqual([]);
  expect(asked).toBe(2);
});

test.each([
  ["token", 401, 10000],
  ["token", 400, 9106],
  ["out of reach", 403, 9109],
  ["permission", 403, 10000],
  ["not set up", 403, 9999],
  ["too many requests", 429, 10429],
  ["refused", 400, 7003],
  ["fault of the API", 500, 1000],
])("a refusal is told apart by its code: %s (HTTP %i, code %i)", async (kind, status, code) => {
  const said = `{"success":false,"errors":[{"code":${code},"message":"refused to t0ken"}],"result":null}`;
  answer("application/json", said, status, { "cf-ray": "9f1a2b3c-FRA" });
  const access = { ...apiAccess(), token: "t0ken", retries: 0 };
  const failure = await new AccountApi(access).list("/a", "the tunnels").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiFailure);
  expect(failure).toMatchObject({ kind, status, code });
  expect(String(failure)).toContain(
    `could not read the tunnels (HTTP ${status}, code ${code}, ray 9f1a2b3c-FRA): refused to [API token]`,
  );
});

test("a list of which only a part would be read is not taken for all of it", async () => {
  const info = `{"page":1,"per_page":50,"total_pages":3}`;
  answer("application/json", `{"success":true,"result":[],"result_info":${info}}`);
  await expect(api().list("/a", "the zones", { mostPages: 2 })).rejects.toThrow(/they fill 3 pages/);
  expect(await api().list("/a", "the zones")).toEqual([]);
  expect(asked).toBe(3);
});

test("an answer without an end is cut off, and not kept", async () => {
  send = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const part = Buffer.alloc(1024 * 1024, "a");
    const more = () => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  };
  await expect(api(0).read("/a", "the tunnel")).rejects.toThrow(/only a part of it came/);
});

test("no redirect is followed: it would take the token along", async () => {
  send = (response) => response.writeHead(302, { location: "/elsewhere" }).end();
  await expect(api().read("/a", "the tunnel")).rejects.toMatchObject({ kind: "refused", status: 302 });
  expect(asked).toBe(1);
});

test("where no connection can be made, a client that does not insist asks once", async () => {
  const waits: number[] = [];
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  const nowhere = { token: "t", accountId: "a", baseUrl: "http://127.0.0.1:1", sleep };
  const refused = { kind: "no answer", network: "ECONNREFUSED" };
  await expect(new AccountApi({ ...nowhere, insists: false }).read("/a", "it")).rejects.toMatchObject(
    refused,
  );
  expect(waits).toEqual([]);
  await expect(new AccountApi(nowhere).read("/a", "it")).rejects.toMatchObject(refused);
  expect(waits).toEqual([500, 1000, 2000, 4000]);
});
