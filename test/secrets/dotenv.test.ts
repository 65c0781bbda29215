import { parseEnv } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../packages/base/errors";
import { DotenvError, formatValue, mergeDotenv, parseDotenv } from "../../packages/cli/secrets/dotenv";
import { holds } from "../support/properties";

const OWN = {
  COMFYUI_URL: "https://comfyui.example.org",
  CF_ACCESS_CLIENT_SECRET: "0a1b2c",
  TUNNEL_TOKEN: "eyJhIjoi==",
};

describe("a new file", () => {
  test("gets a comment and one line per key", () => {
    expect(mergeDotenv("", OWN).text).toBe(
      [
        "# Written by npm run env; lines that are not its own are kept.",
        "COMFYUI_URL=https://comfyui.example.org",
        "CF_ACCESS_CLIENT_SECRET=0a1b2c",
        "TUNNEL_TOKEN=eyJhIjoi==",
        "",
      ].join("\n"),
    );
  });
});

describe("a file with other lines", () => {
  test("keeps comments, blank lines, order and odd spacing around a changed line", () => {
    const before = "# mine\n\nFOO = bar # why\n  COMFYUI_URL=http://old\n\nBAZ='a b'\n";
    expect(mergeDotenv(before, { COMFYUI_URL: "https://new" }).text).toBe(
      "# mine\n\nFOO = bar # why\n  COMFYUI_URL=https://new\n\nBAZ='a b'\n",
    );
  });

  test("keeps the export prefix, the quotes and the comment of the line that changes", () => {
    const before = `export COMFYUI_URL="old" # the app\n`;
    expect(mergeDotenv(before, { COMFYUI_URL: "https://new" }).text).toBe(
      `export COMFYUI_URL="https://new" # the app\n`,
    );
  });

  test("puts a new key behind the last one of its kind, not at the end", () => {
    const before = "COMFYUI_URL=https://x\nFOO=1\n";
    expect(mergeDotenv(before, { COMFYUI_URL: "https://x", TUNNEL_TOKEN: "t" }).text).toBe(
      "COMFYUI_URL=https://x\nTUNNEL_TOKEN=t\nFOO=1\n",
    );
  });

  test("ends an unfinished last line before it adds another", () => {
    expect(mergeDotenv("FOO=1", { TUNNEL_TOKEN: "t" }).text).toMatch(/^FOO=1\n\n#.*\nTUNNEL_TOKEN=t\n$/);
    expect(mergeDotenv("COMFYUI_URL=u", { COMFYUI_URL: "u", TUNNEL_TOKEN: "t" }).text).toBe(
      "COMFYUI_URL=u\nTUNNEL_TOKEN=t\n",
    );
  });

  test("writes CRLF where the file does", () => {
    const merged = mergeDotenv("FOO=1\r\nCOMFYUI_URL=old\r\n", { COMFYUI_URL: "new", TUNNEL_TOKEN: "t" });
    expect(merged.text).toBe("FOO=1\r\nCOMFYUI_URL=new\r\nTUNNEL_TOKEN=t\r\n");
  });

  test("keeps quoted values over several lines, even with one of our keys inside", () => {
    const before = `KEY="-----BEGIN\nCOMFYUI_URL=inside\n-----END"\nB='x\n\ny' # c\n`;
    const merged = mergeDotenv(before, { COMFYUI_URL: "https://x" });
    expect(merged.text.startsWith(before)).toBe(true);
    expect(parseEnv(merged.text)).toMatchObject({
      KEY: "-----BEGIN\nCOMFYUI_URL=inside\n-----END",
      COMFYUI_URL: "https://x",
    });
  });

  test("replaces an own value over several lines as a whole", () => {
    expect(mergeDotenv(`A=1\nTUNNEL_TOKEN="a\nb"\nB=2\n`, { TUNNEL_TOKEN: "t" }).text).toBe(
      `A=1\nTUNNEL_TOKEN="t"\nB=2\n`,
    );
  });

  test("updates the last of several lines with one key, which readers use, and reports them", () => {
    const merged = mergeDotenv("COMFYUI_URL=a\nFOO=1\nCOMFYUI_URL=b\n", { COMFYUI_URL: "c" });
    expect(merged.text).toBe("COMFYUI_URL=a\nFOO=1\nCOMFYUI_URL=c\n");
    expect(merged.duplicates).toEqual([{ key: "COMFYUI_URL", lines: [1, 3] }]);
  });

  test("is not rewritten when it holds the values, whatever their quotes", () => {
    const text = `\uFEFF# bom\nexport COMFYUI_URL='https://comfyui.example.org'\nCF_ACCESS_CLIENT_SECRET="0a1b2c" # s\nTUNNEL_TOKEN=eyJhIjoi==`;
    expect(mergeDotenv(text, OWN)).toEqual({ text, added: [], updated: [], duplicates: [] });
  });

  test.each([
    ["COMFYUI_URL=abc#def\n", "abc", "COMFYUI_URL=abc\n"],
    ["COMFYUI_URL=abc\t# why\n", "abc", "COMFYUI_URL=abc # why\n"],
    ["COMFYUI_URL=`abc`\n", "abc", "COMFYUI_URL=abc\n"],
    ["COMFYUI_URL='abc'def\n", "abc", "COMFYUI_URL='abc'\n"],
    ["export\tCOMFYUI_URL=abc\n", "abc", "export COMFYUI_URL=abc\n"],
    [`COMFYUI_URL="a$b"\n`, "a$b", "COMFYUI_URL='a$b'\n"],
  ])("a line that only some readers take for the value is written anew: %j", (before, value, after) => {
    expect(mergeDotenv(before, { COMFYUI_URL: value }).text).toBe(after);
  });
});

describe("text that would be damaged is refused, by line and without its content", () => {
  test.each([
    [`A=1\nB="hidden\n`, /opens on line 2 is never closed/],
    ["A='hidden", /opens on line 1 is never closed/],
    [`A="hidden\nB=2\nC="x"\n`, /opens on line 1 is closed on another line, in the middle of text/],
    ["A=1\n\nP='C:\\hidden\\'\nB='x'\n", /disagree where the value on line 3 ends/],
    ["A=1\nP='hidden\\\\'\n", /disagree where the value on line 2 ends/],
    ["A=1\n 'hidden\nB='x'\n", /line 2 starts with a quote/],
    [`A="hidden\\"\n`, /disagree where the value on line 1 ends/],
    ["A=`hidden\nCOMFYUI_URL=x`\n", /backtick that opens on line 1/],
    ["A=1\nB=hidden\0\n", /line 2 holds a NUL/],
    ["A=1\n\rB=hidden", /line 2 holds a carriage return/],
    ["A= \nCOMFYUI_URL=hidden\n", /line 1 has an empty value followed by blanks/],
    [`# c\n\t#B="hidden\nCOMFYUI_URL=y\n#"\n`, /Node would read/],
  ])("%j", (text, message) => {
    const refused = catchError(() => mergeDotenv(text, { COMFYUI_URL: "https://secret-value" }));
    expect(refused).toBeInstanceOf(DotenvError);
    expect(refused.message).toMatch(message);
    expect(refused.message).toMatch(/\n {2}→ \S/);
    expect(refused.message).not.toMatch(/hidden|secret-value/);
  });

  test.each([
    "A=it's\n",
    "A=`x\ny`\n",
    `A="x"y"\n`,
    "just text\n",
    `A="a\\"b"\n`,
    "=x\n",
    "=`\n",
    "A=`\n",
    "A B=1\n",
  ])("but odd lines that nothing depends on are kept: %j", (text) => {
    expect(mergeDotenv(text, OWN).text.startsWith(text)).toBe(true);
  });
});

describe("formatValue", () => {
  // Each written form was read with Node 24.21.0, compose-go 2.16.2, python-dotenv 1.2.2 and dash: all gave the value.
  test.each([
    ["0a1b.access:9f-_x", "0a1b.access:9f-_x"],
    ["eyJhIjoiMSJ9==", "eyJhIjoiMSJ9=="],
    ["https://a.example.org/x?y=1&z=%20", "'https://a.example.org/x?y=1&z=%20'"],
    ["", "''"],
    ["two words", "'two words'"],
    [" edges ", "' edges '"],
    ["a#b", "'a#b'"],
    ["pa$$word $HOME", "'pa$$word $HOME'"],
    ['say "hi"', `'say "hi"'`],
    ["it's", `"it's"`],
    ["C:\\temp\\new", "'C:\\temp\\new'"],
    ["line\nline", "'line\nline'"],
    ["tick`tick", "'tick`tick'"],
    ["größe ✓", "'größe ✓'"],
  ])("%j is written as %s", (value, written) => {
    expect(formatValue("KEY", value)).toBe(written);
    expect(parseEnv(`KEY=${written}\nNEXT=1\n`)).toEqual({ KEY: value, NEXT: "1" });
  });

  test.each(["a\rb", "\0", `\${HOME}`, 'it\'s "both"', "end\\", "a\\\\b", "it's $5", "\ud800", "\u007f"])(
    "%j is refused without being shown, since readers disagree about it",
    (value) => {
      const refused = catchError(() => formatValue("TUNNEL_TOKEN", value));
      expect(refused).toBeInstanceOf(UserError);
      expect(refused.message).toContain("TUNNEL_TOKEN");
      expect(refused.message.includes(value)).toBe(false);
    },
  );

  test.each(["A-B", "1A", "", "A B", "A=B"])("refuses %j as a key", (key) => {
    expect(() => formatValue(key, "x")).toThrow(UserError);
  });
});

describe("for any text", () => {
  const blank = fc.constantFrom("", " ", "\t", "  ");
  const name = fc.constantFrom("FOO", "BAR_2", "COMFYUI_URL", "TUNNEL_TOKEN", "x.y", "a-b");
  const words = fc.string({ unit: fc.constantFrom(..."ab1 '\"`#$\\={}\t:ü") });
  const value = fc.oneof(
    words,
    words.map((text) => `'${text}'`),
    words.map((text) => `"${text}"`),
    fc.array(words, { maxLength: 3 }).map((lines) => `"${lines.join("\n")}"`),
    fc.array(words, { maxLength: 3 }).map((lines) => `\`${lines.join("\n")}\``),
  );
  const line = fc.oneof(
    fc.constant(""),
    words,
    words.map((text) => `# ${text}`),
    fc
      .tuple(
        blank,
        fc.constantFrom("", "export "),
        name,
        blank,
        blank,
        value,
        fc.constantFrom("", " # c", "#c", " "),
      )
      .map(
        ([indent, keyword, key, left, right, text, end]) =>
          `${indent}${keyword}${key}${left}=${right}${text}${end}`,
      ),
  );
  const file = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, eol, ended]) => lines.join("\n").replaceAll("\n", eol) + (ended ? eol : ""));
  const wanted = fc
    .record(
      {
        COMFYUI_URL: fc.webUrl(),
        TUNNEL_TOKEN: fc.base64String({ minLength: 4 }),
        CF_ACCESS_CLIENT_ID: fc.string({ unit: "grapheme", minLength: 1 }),
      },
      { requiredKeys: ["COMFYUI_URL"] },
    )
    .map((values) => ({ ...values }));

  test("taking it apart and joining the pieces gives the text again", () => {
    holds(
      fc.property(file, (text) => {
        const pieces = orRefusal(() => parseDotenv(text));
        if (pieces !== undefined) expect(pieces.map((piece) => piece.raw).join("")).toBe(text);
      }),
      { runs: 500 },
    );
  });

  test("a merge is refused or leaves the wanted values to Node and everything else as it was", () => {
    let merges = 0;
    holds(
      fc.property(file, wanted, (text, values) => {
        const merged = orRefusal(() => mergeDotenv(text, values));
        if (merged === undefined) return;
        merges += 1;
        const { ...after } = parseEnv(merged.text);
        expect(after).toEqual({ ...parseEnv(text), ...values });
        const changed = [...merged.added, ...merged.updated];
        const foreign = parseDotenv(text).filter(({ entry }) => !changed.includes(entry?.key ?? ""));
        const kept = parseDotenv(merged.text).map((piece) => piece.raw);
        for (const { raw } of foreign) {
          const at = kept.findIndex((piece) => piece.trimEnd() === raw.trimEnd());
          expect(at).toBeGreaterThanOrEqual(0);
          kept.splice(0, at + 1);
        }
      }),
      { runs: 1000 },
    );
    expect(merges).toBeGreaterThan(200);
  });

  test("a second merge changes nothing", () => {
    holds(
      fc.property(file, wanted, (text, values) => {
        const once = orRefusal(() => mergeDotenv(text, values));
        if (once === undefined) return;
        expect(mergeDotenv(once.text, values)).toMatchObject({ text: once.text, added: [], updated: [] });
      }),
      { runs: 500 },
    );
  });

  test("every value that is written at all is read back by Node", () => {
    holds(
      fc.property(fc.oneof(words, fc.string({ unit: "binary" })), (text) => {
        const written = orRefusal(() => formatValue("KEY", text));
        if (written !== undefined)
          expect(parseEnv(`A=1\nKEY=${written}\nB=2`)).toEqual({ A: "1", KEY: text, B: "2" });
      }),
      { runs: 1000 },
    );
  });
});

function orRefusal<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
