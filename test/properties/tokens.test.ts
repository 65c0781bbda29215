import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { isLocal, mayCarryCredential, parseAddress } from "../../packages/client/typescript/address";
import {
  type Credential,
  mustBeCurrent,
  parseToken,
  redact,
} from "../../packages/client/typescript/credential";
import { ComfyUIError } from "../../packages/client/typescript/errors";
import { settingsOf } from "../../packages/client/typescript/options";
import { caseCount, countCases, holds } from "../support/properties";
import { PROPERTY_SEED } from "../support/property-seed";
import { type PythonWorker, startPython } from "../utils/python";
import { anyJson, hostname, NASTY_KEYS, ownObject } from "./config-arbitraries";

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 16,
});
const secret = printable.map((text) => `S3CR3T${text}`);
/** A secret that may be one: with a quote at its end it is refused, as what was copied with too much. */
const properSecret = secret.map((text) => `${text}Z`);
const id = fc
  .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 8, maxLength: 8 })
  .map((hex) => `${hex}.access`);

const pair = fc.tuple(id, secret).map((parts) => parts.join(":"));
const single = fc
  .tuple(id, secret, anyJson)
  .map(([clientId, clientSecret, more]) =>
    JSON.stringify({ "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret, more }),
  );
const base64 = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const exp = fc.constantFrom<unknown>(
  0,
  1,
  -1,
  1e300,
  -1e300,
  4_102_444_800,
  8.64e12,
  8.65e12,
  1.5,
  "soon",
  null,
  true,
  [],
  {},
);
const claims = fc.oneof(
  exp.map((end) => ({ exp: end, aud: ["x"] })),
  anyJson,
  fc.array(fc.tuple(fc.constantFrom(...NASTY_KEYS, "exp"), anyJson), { maxLength: 3 }).map(ownObject),
);
const jwt = fc
  .tuple(claims, secret)
  .map(([payload, tail]) => `${base64({ alg: "RS256" })}.${base64(payload)}.${base64(tail)}`);
const broken = fc
  .tuple(fc.oneof(pair, single, jwt), fc.nat(), fc.string({ unit: "binary", maxLength: 2 }))
  .map(
    ([text, where, instead]) =>
      text.slice(0, where % text.length) + instead + text.slice((where % text.length) + 1),
  );
const blank = fc.constantFrom("", " ", "\n", "\t\r\n", "\uFEFF", "\u0085", "\x1c", "\u00a0", "\u2028");
const token = fc
  .tuple(
    blank,
    fc.oneof(
      pair,
      single,
      jwt,
      broken,
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "{", "{}", "a.b.c", ":", "[]", "..", '{"a":NaN}'),
    ),
    blank,
  )
  .map((parts) => parts.join(""));

/** What a token is read as, or the error that this client has for all of them. */
function read(text: string): { credential?: Credential; error?: ComfyUIError } {
  try {
    const credential = parseToken(text, "Authorization");
    try {
      mustBeCurrent(credential);
      return { credential };
    } catch (error) {
      assert.ok(error instanceof ComfyUIError, String(error));
      return { credential, error };
    }
  } catch (error) {
    assert.ok(error instanceof ComfyUIError, String(error));
    return { error };
  }
}

/** Whether a text of some length is repeated; of a broken token every part counts as secret. */
const shows = (message: string, text: string): boolean => {
  for (let from = 0; from + 10 <= text.length; from += 1)
    if (message.includes(text.slice(from, from + 10))) return true;
  return false;
};

describe("COMFYUI_ACCESS_TOKEN", () => {
  test("is taken or refused, whatever it is, and no error shows any of it", () => {
    holds(
      fc.property(token, (text) => {
        const { credential, error } = read(text);
        for (const [name, value] of Object.entries(credential?.headers ?? {})) {
          assert.match(name, /^(cf-access-(client-id|client-secret|token)|authorization)$/);
          assert.match(value, /^[\x20-\x7e]+$/);
        }
        if (error)
          assert.ok(
            !shows(
              error.message.replace(/\{"cf-access-client-id": …, "cf-access-client-secret": …\}/, ""),
              text.trim().replace(/"?cf-access-client-(id|secret)"?/g, ""),
            ),
            error.message,
          );
      }),
      { runs: 8000, examples: [[`a.${base64({ exp: 1e300 })}.c`], [`a.${base64({ exp: -1e300 })}.c`]] },
    );
  });

  test("goes out as it was meant, in each of its forms, and comes out of a text without it", () => {
    holds(
      fc.property(
        id,
        properSecret,
        fc.constantFrom("", " ", "\n", "\uFEFF", "\u00a0"),
        (clientId, clientSecret, around) => {
          const own = { "cf-access-client-id": clientId, "cf-access-client-secret": clientSecret };
          const two = parseToken(`${around}${clientId}:${clientSecret}${around}`, "X");
          assert.deepEqual(two.headers, own);
          const one = parseToken(JSON.stringify(own), "X-Token");
          assert.deepEqual(JSON.parse(one.headers["x-token"] ?? ""), own);
          for (const credential of [one, two]) {
            const said = redact(`${clientId} ${JSON.stringify(own)} and ${clientSecret}`, credential);
            assert.ok(!said.includes(clientSecret) && !said.includes(clientId), said);
          }
        },
      ),
      { runs: 4000 },
    );
  });
});

const port = fc.constantFrom("", ":443", ":8188", ":0", ":65535", ":65536", ":", ":x");
const host = fc.oneof(
  { weight: 3, arbitrary: hostname },
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((ip) => `[${ip}]`),
  fc.constantFrom(
    "localhost",
    "LOCALHOST",
    "localhost.",
    "comfyui",
    "a.local",
    "A.LOCAL.",
    "host.docker.internal",
    "x.localhost",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[fe80::1%25eth0]",
    "10.1.2.3",
    "192.168.1.1.",
    "169.254.169.254",
    "100.64.0.1",
    "[fd00::1]",
    "[::]",
    "0",
    "xn--bcher-kva.example",
    "bücher.example",
    "１２７.0.0.1",
    "ⓛocalhost",
    "comfyui。local",
    "a..b",
    "-a.example",
    "a_b.example",
    "%6cocalhost",
    "loc%61lhost",
    "example.org",
    "example.org.",
    "example.org..",
    "EXAMPLE.org",
    "a b.example",
    "a\tb.example",
    "lo\ncalhost",
    "",
    ".",
    "127.0.0.1.nip.io",
    "localhost.example.org",
    "1.2.3.4.5",
    "256.1.1.1",
    "0x.1",
    "08.1.1.1",
  ),
  fc.string({ unit: fc.constantFrom(..."a1.-_:@%[]/\\?#\u00fcß "), maxLength: 6 }),
);
const url = fc
  .tuple(
    fc.constantFrom(
      "https://",
      "https://",
      "https://",
      "HTTPS://",
      "http://",
      "https:",
      "https:/",
      "https:\\\\",
      "ftp://",
      "ws://",
      "//",
      "",
      " https://",
    ),
    fc.constantFrom("", "", "", "", "user@", "user:hidden-pw@", "@", "example.org@", "example.org\\@"),
    host,
    port,
    fc.constantFrom("", "/", "/comfy", "/a//", "/../x", "?q=1", "#f", "/ä b", "\\x", "/%", "?", "#"),
    fc.constantFrom("", "", "", " ", "\n"),
  )
  .map((parts) => parts.join(""));

interface Read {
  error?: string;
  message?: string;
  origin?: string;
  path?: string;
  local?: boolean;
  carries?: boolean;
}

function readUrl(text: string): Read {
  try {
    const address = parseAddress(text);
    return {
      origin: address.origin,
      path: address.pathname.replace(/\/$/, ""),
      local: isLocal(address),
      carries: mayCarryCredential(address),
    };
  } catch (error) {
    assert.ok(error instanceof ComfyUIError, String(error));
    return { error: error.code, message: error.message };
  }
}

/** By plain reading: whether a host name, as the URL standard writes it, is this machine's or its network's. */
function isNear(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(bare) === 4) {
    const [a = 0, b = 0] = bare.split(".").map(Number);
    return (
      a === 0 ||
      a === 10 ||
      a === 127 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168)
    );
  }
  if (isIP(bare) === 6) {
    const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare);
    if (mapped) {
      const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
      return isNear([high >> 8, high & 255, low >> 8, low & 255].join("."));
    }
    return bare === "::" || bare === "::1" || /^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/.test(bare);
  }
  return !bare.includes(".") || /\.(localhost|local|internal)$/.test(bare);
}

describe("COMFYUI_URL", () => {
  test("is taken or refused, and the token goes to no local host and over no plain http", () => {
    holds(
      fc.property(url, pair, (text, credential) => {
        let settings: ReturnType<typeof settingsOf>;
        try {
          settings = settingsOf({ url: text, token: credential });
        } catch (error) {
          assert.ok(error instanceof ComfyUIError && error.kind === "usage", String(error));
          assert.ok(!error.message.includes("hidden-pw"), error.message);
          return;
        }
        const { address } = settings;
        assert.ok(address.username === "" && address.password === "" && /^https?:$/.test(address.protocol));
        const mayGo = address.protocol === "https:" && !isNear(address.hostname);
        assert.equal(settings.credential !== undefined, mayGo, address.href);
        assert.equal(settings.withheld === undefined, mayGo);
      }),
      {
        runs: 8000,
        // 00fc: of no private network, as short as it is written; and names with an empty part.
        examples: [
          ["https://[fc::1:0:0:0:0:0]", "id.access:secret"],
          ["https://[fe8::1]", "id.access:secret"],
          ["https://1../", "id.access:secret"],
          ["https://localhost../", "id.access:secret"],
        ],
      },
    );
  });
});

describe("both clients", () => {
  let python: PythonWorker;
  beforeAll(() => {
    python = startPython("../properties/read_credentials.py");
  });
  afterAll(() => python.close());

  test("read the same cases alike", async () => {
    // Those that once were read differently come first.
    const known = [
      ["https://0x.1", "a.e30.c"],
      ["https://[4::9]\\x", "a.W10.c"],
      ["https://a.example:0", `a.${Buffer.from('{"exp":NaN}').toString("base64url")}.c`],
      ["https://stra\u00dfe.example", "\uFEFF0a.access:b"],
      ["https://a.example/../x", "\x1c0a.access:b"],
      ["https://1../", "a:b"],
      ["https://a.example/[a|b]^", "a:b"],
    ] as [string, string][];
    const sample = fc.sample(fc.tuple(url, token), { numRuns: caseCount(4000), seed: PROPERTY_SEED });
    const cases = [...known, ...sample];
    const started = performance.now();
    const differences: string[] = [];
    const answers = await Promise.all(
      cases.map(([each, text]) =>
        python.ask<{
          url: Read;
          token: { headers?: Record<string, string>; error?: string; message?: string };
        }>({ url: each, token: text }),
      ),
    );
    answers.forEach((theirs, index) => {
      const [each = "", text = ""] = cases[index] ?? [];
      const ours = read(text);
      const same = [ours.credential?.headers, ours.error?.code];
      if (JSON.stringify(same) !== JSON.stringify([theirs.token.headers, theirs.token.error])) {
        differences.push(
          `token ${JSON.stringify(text)}: ${JSON.stringify(same)}, and in Python ${JSON.stringify(theirs.token)}`,
        );
      }
      const own = readUrl(each);
      // Where one of them refuses a URL it sends nothing: what both would use has to be the same.
      if (own.error !== undefined || theirs.url.error !== undefined) return;
      // Of an IP address in another notation only the meaning counts.
      const named = { ...theirs.url, origin: new URL(theirs.url.origin ?? "").origin };
      if (JSON.stringify(own) !== JSON.stringify(named)) {
        differences.push(
          `URL ${JSON.stringify(each)}: ${JSON.stringify(own)}, and in Python ${JSON.stringify(theirs.url)}`,
        );
      }
    });
    countCases(cases.length, performance.now() - started);
    assert.deepEqual(differences.sort((a, b) => a.length - b.length).slice(0, 40), []);
  });
});
