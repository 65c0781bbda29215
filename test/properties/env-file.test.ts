import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import { UserError } from "../../packages/base/errors";
import { formatValue, type Merged, mergeDotenv, parseDotenv } from "../../packages/cli/secrets/dotenv";
import { caseCount, countCases, holds } from "../support/properties";
import { PROPERTY_SEED } from "../support/property-seed";

const folder = mkdtempSync(join(tmpdir(), "env-properties-"));
afterAll(() => rmSync(folder, { recursive: true }));

const eol = fc.constantFrom("\n", "\r\n");
const key = fc.constantFrom("FOO", "BAR_2", "COMFYUI_URL", "TUNNEL_TOKEN", "x.y", "a-b", "PATH_2");
const words = fc.string({ unit: fc.constantFrom(..."ab1 '\"`#$\\={}\t:ü€"), maxLength: 8 });
const quoted = fc
  .tuple(fc.constantFrom("'", '"', "`"), fc.array(words, { minLength: 1, maxLength: 3 }))
  .map(([quote, lines]) => quote + lines.map((line) => line.replaceAll(quote, "")).join("\n") + quote);
const line = fc.oneof(
  fc.constantFrom("", "# a comment", "\t", "just words", "=x", "export FOO"),
  words,
  fc
    .tuple(
      fc.constantFrom("", " ", "export ", "export\t", "  export "),
      key,
      fc.constantFrom("=", " = ", "= ", "\t="),
      fc.oneof(words, quoted, fc.constantFrom("plain", "https://a.example.org", "''", '""')),
      fc.constantFrom("", " # why", "#c", "  "),
    )
    .map((parts) => parts.join("")),
);
/** Files as people, tools and accidents make them. */
const file = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.array(line, { maxLength: 8 }), eol, fc.boolean(), fc.constantFrom("", "\uFEFF"))
      .map(
        ([lines, end, isEnded, mark]) => mark + lines.join("\n").replaceAll("\n", end) + (isEnded ? end : ""),
      ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(..."A=\n\r\0'\"` #\\$x"), maxLength: 20 }) },
);
const secret = fc.base64String({ minLength: 12, maxLength: 16 }).map((value) => `s3cr3t-${value}`);
const wanted = fc.record(
  {
    COMFYUI_URL: fc.constantFrom("https://comfyui.example.org", "https://b.example.org/x?y=1"),
    COMFYUI_ACCESS_TOKEN: secret.map((value) => `0a1b.access:${value}`),
    TUNNEL_TOKEN: secret,
    CF_ACCESS_CLIENT_SECRET: fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }),
  },
  { requiredKeys: ["COMFYUI_URL"] },
) as fc.Arbitrary<Record<string, string>>;

/** The merge, unless it is refused; a refusal shows nothing of the file and of the values. */
function merged(text: string, values: Record<string, string>): Merged | undefined {
  try {
    return mergeDotenv(text, values);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const value of Object.values(values)) {
      assert.ok(value.length < 8 || !error.message.includes(value), error.message);
    }
    return undefined;
  }
}

describe("whatever the file holds", () => {
  test("values are put in, or it is left alone with a reason; never half of it, and never another error", () => {
    let merges = 0;
    let cases = 0;
    holds(
      fc.property(file, wanted, (text, values) => {
        cases += 1;
        const result = merged(text, values);
        if (result === undefined) return;
        merges += 1;
        assert.deepEqual(readByNode(result.text, values), { ...readByNode(text, values), ...values });
        const own = parseDotenv(result.text, Object.keys(values)).flatMap(({ entry }) => entry ?? []);
        for (const [name, value] of Object.entries(values)) {
          assert.equal(own.findLast((entry) => entry.key === name)?.value, value);
        }
      }),
      { runs: 6000 },
    );
    assert.ok(merges > cases / 4, `${merges} of ${cases} files could be merged into`);
  });

  test("every byte of other lines stays", () => {
    holds(
      fc.property(file, wanted, (text, values) => {
        const result = merged(text, values);
        if (result === undefined) return;
        const [before, after] = [text, result.text].map((each) => foreignText(each, result));
        if (before === after) return;
        // The one addition: the end of a last line that had none, and a blank line before a new block.
        assert.ok(
          after?.startsWith(before ?? "") && /^(\r?\n){1,2}$/.test(after.slice(before?.length)),
          JSON.stringify([before, after]),
        );
      }),
      { runs: 6000 },
    );
  });

  test("a second time changes nothing", () => {
    holds(
      fc.property(file, wanted, (text, values) => {
        const once = merged(text, values);
        if (once === undefined) return;
        const { text: twice, added, updated } = mergeDotenv(once.text, values);
        assert.deepEqual([twice, added, updated], [once.text, [], []]);
      }),
      { runs: 4000 },
    );
  });

  test("its pieces, joined, are the file", () => {
    holds(
      fc.property(file, (text) => {
        try {
          assert.equal(
            parseDotenv(text)
              .map(({ raw }) => raw)
              .join(""),
            text,
          );
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { runs: 5000 },
    );
  });
});

/** What Node reads; it takes a tab behind `export` for a part of the name, which a line of ours loses when it changes. */
function readByNode(text: string, values: Record<string, string>): Record<string, string | undefined> {
  const isOurs = (name: string) => name.startsWith("export\t") && (name.split(/\s+/)[1] ?? "") in values;
  return Object.fromEntries(Object.entries(parseEnv(text)).filter(([name]) => !isOurs(name)));
}

/** The file without the lines of what was put in. */
function foreignText(text: string, { added, updated }: Merged): string {
  const pieces = parseDotenv(text);
  const last = (name: string) => pieces.findLastIndex(({ entry }) => entry?.key === name);
  const own = new Set([...added, ...updated].map(last));
  const isHeader = (raw: string) => raw.startsWith("# Written by npm run env");
  return pieces
    .flatMap(({ raw }, index) => (own.has(index) || (added.length > 0 && isHeader(raw)) ? [] : [raw]))
    .join("");
}

const anyValue = fc.oneof(
  words,
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary-ascii", maxLength: 12 }),
  fc.base64String(),
  fc.webUrl(),
  fc.array(words, { maxLength: 3 }).map((lines) => lines.join("\n")),
);

/** The value as it is written, unless there is no way that all readers agree about. */
function written(value: string, wish: "" | "'" | '"' = ""): string | undefined {
  try {
    return formatValue("KEY", value, wish);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.ok(value.length < 6 || !error.message.includes(value));
    return undefined;
  }
}

describe("a value that is written at all", () => {
  const wish = fc.constantFrom("" as const, "'" as const, '"' as const);

  test("is read alike by Node, Docker Compose and python-dotenv", () => {
    holds(
      fc.property(anyValue, wish, (value, quote) => {
        const text = written(value, quote);
        if (text === undefined) return;
        const lines = `A=1\nKEY=${text}\nB=2\n`;
        assert.deepEqual({ ...parseEnv(lines) }, { A: "1", KEY: value, B: "2" });
        assert.equal(asCompose(text), value);
        assert.equal(asPython(text), value);
      }),
      { runs: 6000 },
    );
  });

  test("is read alike by a POSIX shell", () => {
    const values = fc.sample(anyValue, { numRuns: caseCount(3000), seed: PROPERTY_SEED });
    const started = performance.now();
    const rows = values.flatMap((value, index) => {
      const text = written(value);
      return text === undefined ? [] : [{ name: `KEY_${index}`, text, value }];
    });
    const path = join(folder, "values");
    for (let from = 0; from < rows.length; from += 1000) {
      const some = rows.slice(from, from + 1000);
      writeFileSync(path, some.map(({ name, text }) => `${name}=${text}\n`).join(""));
      const read = environmentOf(path);
      for (const { name, text, value } of some) assert.equal(read.get(name), value, text);
    }
    countCases(rows.length, performance.now() - started);
    assert.ok(rows.length > values.length / 4, `${rows.length} of ${values.length} values can be written`);
  });

  test("so a whole file means the same to a shell", () => {
    // Lines that a shell can read itself; the format's own freedoms are tried above.
    const shellLine = fc.oneof(
      fc.constantFrom("", "# a comment's quote", "  # another"),
      fc
        .tuple(
          fc.constantFrom("", "export "),
          fc.constantFrom("FOO", "BAR", "COMFYUI_URL"),
          fc.constantFrom("1", "'a b'", '"a b"', "'x\ny'"),
        )
        .map(([keyword, name, value]) => `${keyword}${name}=${value}`),
    );
    const files = fc.sample(
      fc.tuple(
        fc.array(shellLine, { maxLength: 6 }).map((lines) => lines.join("\n")),
        wanted,
      ),
      {
        numRuns: caseCount(60),
        seed: PROPERTY_SEED,
      },
    );
    const started = performance.now();
    const path = join(folder, "file");
    let read = 0;
    for (const [text, values] of files) {
      const result = merged(text, values);
      if (result === undefined) continue;
      writeFileSync(path, result.text);
      const environment = environmentOf(path);
      for (const [name, value] of Object.entries(parseEnv(result.text)))
        assert.equal(environment.get(name), value);
      read += 1;
    }
    countCases(read, performance.now() - started);
    assert.ok(read > files.length / 2);
  });
});

/** What a shell has in its environment after reading a file. */
function environmentOf(path: string): Map<string, string> {
  const output = execFileSync("/bin/sh", ["-c", 'set -a; . "$1"; env -0', "sh", path], {
    env: { PATH: process.env["PATH"] ?? "" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return new Map(
    output
      .split("\0")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}

/**
 * One value by python-dotenv's rules.
 * @see https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/parser.py
 */
function asPython(text: string): string {
  const single = /^'((?:\\'|[^'])*)'/.exec(text)?.[1];
  const double = /^"((?:\\"|[^"])*)"/.exec(text)?.[1];
  const escapes: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
  const plain =
    single?.replace(/\\([\\'])/g, "$1") ??
    double?.replace(/\\([\\'"abfnrtv])/g, (_, letter: string) => escapes[letter] ?? letter) ??
    (/^[^\r\n]*/.exec(text)?.[0] ?? "").replace(/\s+#.*/, "").trimEnd();
  return plain.replace(/\$\{[^}:]*(?::-([^}]*))?\}/g, "$1");
}

/**
 * One value by Docker Compose's rules.
 * @see https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
 */
function asCompose(text: string): string {
  if (text.startsWith("'")) return text.slice(1, closeOf(text, "'"));
  const inner = text.startsWith('"')
    ? text
        .slice(1, closeOf(text, '"'))
        .replace(/\\(.)/gs, (_, letter: string) => ({ n: "\n", r: "\r", t: "\t" })[letter] ?? letter)
    : (text.split("\n")[0] ?? "").replace(/ #.*/, "").trim();
  return inner.replace(/\$(\w+|\{[^}]*\})/g, "");
}

function closeOf(text: string, quote: string): number {
  for (let index = 1; index < text.length; index++) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === quote) return index;
  }
  return -1;
}
