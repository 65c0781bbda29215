import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, test, vi } from "vitest";
import { DEV_ACCOUNT_ID } from "../../packages/sandbox/account/seed";
import { cookieValues } from "../../packages/sandbox/edge/cookies";
import { recognise } from "../../packages/sandbox/edge/credentials";
import { verify } from "../../packages/sandbox/edge/jwt";
import { HOST, type Rig, startRig, TEAM_HOST } from "../sandbox/edge/rig";
import { countCases, holdsInTime } from "../support/properties";

/** Everything that the sandbox logs is a mistake of its own. */
const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);

let rig: Rig;
const accidents: unknown[] = [];
const note = (error: unknown) => void accidents.push(error);
beforeAll(async () => {
  rig = await startRig();
  process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterAll(async () => {
  process.off("uncaughtException", note).off("unhandledRejection", note);
  await rig.close();
});

const CRLF = "\r\n";
const long = "x".repeat(20_000);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwtParts = fc.constantFrom(
  "",
  "x",
  base64({}),
  base64({ alg: "none" }),
  base64({ alg: "RS256", kid: "x" }),
  base64({ alg: "HS256", typ: "JWT" }),
  base64({
    aud: ["x"],
    iss: `https://${TEAM_HOST}`,
    exp: 4e9,
    iat: 1,
    type: "app",
    email: "artist@datacrew.space",
  }),
  base64(null),
  "\\",
  "%00",
  "x".repeat(3000),
);
const jwt = fc.array(jwtParts, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));

const token = fc.oneof(
  jwt,
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 12,
  }),
);
const goodHeader = fc.oneof(
  token.map((value) => `Cookie: CF_Authorization=${value}`),
  token.map(
    (value) =>
      `cookie: a=b; CF_Authorization=${value}; CF_Authorization=; CF_Session=${value}; CF_AppSession=x;;;=;`,
  ),
  token.map((value) => `cf-access-token: ${value}`),
  token.map((value) => `Cf-Access-Jwt-Assertion: ${value}`),
  token.map((value) => `Authorization: ${value}`),
  fc
    .tuple(token, token)
    .map(([id, secret]) => `CF-Access-Client-Id: ${id}${CRLF}CF-Access-Client-Secret: ${secret}`),
  token.map((value) => `authorization: {"cf-access-client-id":"${value}","cf-access-client-secret":"x"}`),
  fc.constantFrom(
    "X-Forwarded-For: 127.0.0.1",
    "CF-Connecting-IP: ::1",
    "CF-IPCountry: XX",
    "Cf-Access-Authenticated-User-Email: artist@datacrew.space",
    "X: a\tb",
    "Expect: 100-continue",
    "Range: bytes=0-0,-1",
    "Connection: close, cf-access-jwt-assertion, host",
    "Connection: upgrade",
    "TE: trailers",
    "Content-Encoding: gzip",
    "Origin: null",
    "Access-Control-Request-Method: GET",
    "X-Http-Method-Override: OPTIONS",
    "X-Original-URL: /",
    "Forwarded: host=open.datacrew.space",
    `X-Forwarded-Host: open.datacrew.space`,
    Array.from({ length: 300 }, (_, index) => `x-${index}: y`).join(CRLF),
  ),
);
const badHeader = fc.constantFrom(
  `X-Long: ${long}`,
  "X : y",
  " X: folded",
  "X\0Y: z",
  "NoColon",
  ": empty",
  "Expect: x",
);
const header = fc.oneof({ weight: 20, arbitrary: goodHeader }, { weight: 1, arbitrary: badHeader });
/** Mostly the usual one: what is odd in two places is refused for the first. */
const mostly = <T>(usual: T, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });

/** How long a body is said to be, and what comes. */
const oddFraming = fc.constantFrom<[lines: string[], body: string]>(
  [[], ""],
  [["Content-Length: 5"], "hello"],
  [["Content-Length: 5"], "hel"],
  [["Content-Length: 0"], "GET / HTTP/1.1\r\nHost: comfyui.datacrew.space\r\n\r\n"],
  [["Content-Length: -1"], ""],
  [["Content-Length: 5, 6"], "hello"],
  [["Content-Length: 5", "Content-Length: 6"], "hello!"],
  [["Content-Length: 99999999999999999999"], "x"],
  [["Content-Length: 0x5"], "hello"],
  [["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"],
  [["Transfer-Encoding: chunked"], "zz\r\nhello"],
  [["Transfer-Encoding: chunked"], '5;ext="\r\nhello\r\n0\r\nX: trailer\r\n\r\n'],
  [["Transfer-Encoding: chunked"], "ffffffffffffffff\r\nx"],
  [
    ["Transfer-Encoding: chunked", "Content-Length: 4"],
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: comfyui.datacrew.space\r\n\r\n",
  ],
  [["Content-Length: 6", "Transfer-Encoding: chunked"], "0\r\n\r\nG"],
  [["Transfer-Encoding: xchunked", "Content-Length: 3"], "abc"],
  [["Transfer-Encoding: identity, chunked"], "0\r\n\r\n"],
  [["Transfer-Encoding : chunked"], "0\r\n\r\n"],
  [["Transfer-Encoding:\tchunked"], "0\r\n\r\n"],
  [["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"],
);
const framing = mostly<[lines: string[], body: string]>([[], ""], oddFraming);
const hostLine = fc.oneof(
  { weight: 6, arbitrary: fc.constant([`Host: ${HOST}`]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      [],
      [`host: ${HOST.toUpperCase()}:443`],
      ["Host: open.datacrew.space"],
      [`Host: ${HOST}`, "Host: open.datacrew.space"],
      ["Host: "],
      ["Host: [::1]:443"],
      [`Host: ${HOST}.`],
      [`Host: user@${HOST}`],
      [`Host: ${HOST}, open.datacrew.space`],
      ["Host: *"],
      [`Host: ${HOST}/x`],
      ["Host: __proto__"],
      [`Host: ${TEAM_HOST}`],
      [`Host: ${HOST}:99999`],
      [`Host: ${HOST} `],
    ),
  },
);
const oddTarget = fc.constantFrom(
  "/",
  "/",
  "/system_stats",
  "//",
  "/../",
  "/%",
  "/%2e%2e/",
  "/\\",
  "/?a=%ff",
  `/${long.slice(0, 9000)}`,
  "*",
  `https://${HOST}/`,
  `http://open.datacrew.space/`,
  "https://open.datacrew.space:443/x",
  "open.datacrew.space:443",
  "",
  "x",
  "/cdn-cgi/access/authorized?code=x&state=y",
  "/cdn-cgi/access/authorized?nonce=%00&state=__proto__",
  "/cdn-cgi/access/logout",
  "/cdn-cgi/access/get-identity",
  "/cdn-cgi/access/certs",
  "/cdn-cgi/access/login/x?kid=x&redirect_url=//evil&meta=x.y.z",
  "/cdn-cgi/access/callback?code=x&state=x",
  "/cdn-cgi/access/sso/oidc/x/.well-known/openid-configuration",
  "/\u00e9",
  "/a b",
  "/#x",
);
const target = mostly("/", oddTarget);
const oddMethod = fc.constantFrom(
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "DELETE",
  "CONNECT",
  "TRACE",
  "PRI",
  "get",
  "XYZZY",
  "G\0T",
  "",
);
const method = mostly("GET", oddMethod);
const upgrade = fc.constantFrom<string[]>(
  [],
  [],
  [],
  [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: c2FuZGJveCBzYW5kYm94IQ==",
  ],
  ["Connection: Upgrade", "Upgrade: websocket"],
  ["Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: x"],
  [
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket, foo",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Version: 99",
  ],
);

/** A request as bytes, well-formed or not, with everything but a credential that counts. */
const written = fc
  .record({
    method,
    target,
    version: mostly("HTTP/1.1", fc.constantFrom("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP", "")),
    host: hostLine,
    headers: fc.array(header, { maxLength: 3 }),
    upgrade,
    framing,
    end: mostly(CRLF, fc.constantFrom("\n", "\r")),
    closes: fc.boolean(),
  })
  .map(
    ({
      method: verb,
      target: path,
      version,
      host,
      headers,
      upgrade: asked,
      framing: [lines, body],
      end,
      closes,
    }) =>
      [
        [verb, path, version].join(" "),
        ...host,
        ...headers,
        ...asked,
        ...lines,
        ...(closes ? ["Connection: close"] : []),
        "",
        body,
      ].join(end),
  );
const rubbish = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.constantFrom(
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00",
    `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    "\r\n\r\n\r\n",
    "GET / HTTP/1.1\r\n".repeat(50),
  ),
);
const stream = fc.oneof(
  { weight: 8, arbitrary: written },
  { weight: 1, arbitrary: rubbish },
  { weight: 1, arbitrary: fc.tuple(written, written).map((both) => both.join("")) },
);

/** Writes bytes as they are to the edge and reads until it ends the connection, or has said nothing for a while. */
function exchanged(bytes: string, servername: string, quietMs = 60): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket: TLSSocket = connect(
      { host: "127.0.0.1", port: rig.edge.port, servername, ca: rig.edge.ca },
      () => {
        socket.write(Buffer.from(bytes, "latin1"));
        // To half a request there is no answer; a connection that was let through would stay.
        socket.setTimeout(quietMs, () => socket.destroy());
      },
    );
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

test("no bytes without a credential reach the origin, or harm the edge", { timeout: 300_000 }, async () => {
  const statuses = new Map<string, number>();
  await exchanged(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, HOST);
  const before = process.memoryUsage().heapUsed;
  await holdsInTime(
    fc.asyncProperty(fc.array(stream, { minLength: 4, maxLength: 16, size: "max" }), async (all) => {
      rig.origin.arrived.length = 0;
      countCases(all.length - 1, 0);
      logged.mockClear();
      const said100 = await Promise.all(all.map((bytes) => exchanged(bytes, HOST)));
      const answers = said100.map((text) => text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ""));
      for (const [index, text] of answers.entries()) {
        const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? (text === "" ? "closed" : text.slice(0, 20));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const said = `${JSON.stringify(all[index]?.slice(0, 600))}: ${text.slice(0, 400)} ${logged.mock.lastCall?.[0]}`;
        assert.match(status, /^(30[0-9]|4\d\d|200|204|closed)$/, said);
        // A 200 is of a page of Access, never what stands behind it.
        assert.ok(!text.includes('"method":'), said);
      }
      assert.deepEqual(rig.origin.arrived, [], JSON.stringify(all));
      assert.equal(logged.mock.calls.length, 0, String(logged.mock.lastCall?.[0]));
      assert.deepEqual(accidents.splice(0), []);
    }),
    { runs: 120, withinMs: 8_000 },
  );
  // It still stands, and lets in who may come in.
  const passed = await exchanged(
    `GET /after HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nCF-Access-Client-Id: ${rig.token.client_id}\r\nCF-Access-Client-Secret: ${rig.token.client_secret}\r\n\r\n`,
    HOST,
    10_000,
  );
  assert.match(passed, /^HTTP\/1\.1 200 /);
  const grownMiB = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
  assert.ok(grownMiB < 150, `the heap has grown by ${grownMiB.toFixed()} MiB`);
  // Not all are refused at the door, by Node's own parser.
  const all = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  assert.ok((statuses.get("302") ?? 0) / all > 0.1, JSON.stringify([...statuses]));
});

test("rubbish in place of names in TLS gets no answer", async () => {
  await holdsInTime(
    fc.asyncProperty(
      fc.constantFrom(
        "nowhere.example",
        "localhost",
        "__proto__",
        "a".repeat(63),
        `${HOST}.evil.example`,
        "x.cloudflareaccess.com",
        randomUUID(),
      ),
      async (name) => {
        assert.equal(await exchanged(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, name), "");
      },
    ),
    { runs: 15 },
  );
});

test("no text is taken for a token, and no words about it hold any of it", async () => {
  const keys = await rig.edge.keysOf("datacrew");
  const expected = {
    issuer: `https://${TEAM_HOST}`,
    audience: rig.app.aud,
    type: "app" as const,
    now: new Date(),
  };
  await holdsInTime(
    fc.asyncProperty(token, fc.constantFrom<string[]>([], ["cf-access-client-id"]), async (text, more) => {
      const found = await verify(keys, text, expected);
      assert.ok("fault" in found && (text.length < 8 || !found.fault.includes(text)), JSON.stringify(found));
      const raw = ["CF-Access-Client-Id", text, "cf-access-client-secret", text, "Authorization", text];
      const options = { accountId: DEV_ACCOUNT_ID, singleHeader: "Authorization", strict: true };
      const seen = recognise(rig.sandbox.store, [...raw, ...more.flatMap((name) => [name, text])], options);
      assert.notEqual(seen.kind, "valid");
      if (seen.kind === "invalid") assert.ok(text.length < 8 || !seen.why.includes(text), seen.why);
      for (const value of cookieValues(`a=${text}; CF_Authorization=${text};`, "CF_Authorization")) {
        assert.ok(text.includes(value));
      }
    }),
    { runs: 3000 },
  );
});
