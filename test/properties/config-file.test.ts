import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import { parse, stringify } from "yaml";
import { UserError } from "../../packages/base/errors";
import { editConfig } from "../../packages/cli/adopt/edit-config";
import { ConfigEdit, nextVersion, timeOf } from "../../packages/cli/rotate/edit-config";
import { ConfigFile } from "../../packages/cli/stack/config-file";
import { holds, holdsInTime } from "../support/properties";
import { anyJson, validConfig } from "./config-arbitraries";

const PROJECT = "comfyui-access";
const LIST = `${PROJECT}:serviceTokens`;

/** A stack file as people keep one: comments on lines of their own and behind values, either way of indenting lists. */
const stackFile: fc.Arbitrary<string> = fc
  .record({
    config: validConfig.filter(({ serviceTokens = [] }) => serviceTokens.length > 0),
    indentSeq: fc.boolean(),
    notes: fc.array(fc.nat(9), { minLength: 40, maxLength: 40 }),
    head: fc.constantFrom("", "# The stack of the studio.\n", "---\n"),
  })
  .map(({ config, indentSeq, notes, head }) => {
    const values = Object.entries(config).map(([name, value]) => [`${PROJECT}:${name}`, value]);
    const whole = {
      encryptionsalt: "v1:abc=:v1:def",
      config: { "other:key": "kept", ...Object.fromEntries(values) },
    };
    const text = stringify(whole, { indentSeq, lineWidth: 0 });
    return (
      head +
      text
        .split("\n")
        .flatMap((line, index) => annotated(line, notes[index % 40] ?? 9, index))
        .join("\n")
    );
  });

function annotated(line: string, kind: number, index: number): string[] {
  // Behind a block's name a comment would be the block's, and the library moves it to the block's first line.
  const isValue = /: \S|^\s*- [^:]+$/.test(line) && !/[>|]$/.test(line);
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  if (line === "") return [line];
  if (kind === 0 && index > 0) return [`${indent}# note ${index}`, line];
  if (kind === 1 && isValue) return [`${line} # remark ${index}`];
  return [line];
}

const commentsOf = (yaml: string): string[] =>
  [...yaml.matchAll(/# (?:note|remark) \d+/g)].map(([text]) => text);
type Tokens = Record<string, unknown>[];
const tokensOf = (yaml: string): Tokens => parse(yaml).config[LIST];
const withTokens = (yaml: string, change: (tokens: Tokens) => Tokens) => {
  const whole = parse(yaml);
  return { ...whole, config: { ...whole.config, [LIST]: change(whole.config[LIST]) } };
};
const until = fc
  .integer({ min: 1_800_000_000, max: 4_000_000_000 })
  .map((seconds) => new Date(seconds * 1000));
const fingerprint = fc
  .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 16, maxLength: 16 })
  .map((hex) => `sha256-${hex}`);

const eol = fc.constantFrom("\n", "\r\n");

describe("the edits that a rotation makes", () => {
  test("change what was meant and nothing else; every comment stays, in its order", () => {
    holds(
      fc.property(stackFile, fc.nat(), until, fc.option(fingerprint), (yaml, where, end, proven) => {
        const tokens = tokensOf(yaml);
        const index = where % tokens.length;
        const name = String(tokens[index]?.["name"]);
        const note = proven === null ? undefined : { version: 7, proven, at: timeOf(end) };
        const text = new ConfigEdit(yaml, PROJECT).setVersion(name, 7, end).setNote(name, note).toString();
        const { rotation: _, ...rest } = tokens[index] ?? {};
        const changed = {
          ...rest,
          version: 7,
          previousExpiresAt: timeOf(end),
          ...(note ? { rotation: note } : {}),
        };
        assert.deepEqual(
          parse(text),
          withTokens(yaml, (all) => all.map((token, place) => (place === index ? changed : token))),
        );
        assert.deepEqual(commentsOf(text), commentsOf(yaml));
        assert.deepEqual(Object.keys(parse(text).config), Object.keys(parse(yaml).config));
        assert.equal(
          new ConfigEdit(text, PROJECT).setVersion(name, 7, end).setNote(name, note).toString(),
          text,
        );
      }),
      { runs: 150 },
    );
  });

  test("leave every line as it is written but those of what they change", () => {
    holds(
      fc.property(stackFile, fc.nat(), until, eol, (lines, where, end, newline) => {
        const yaml = lines.replaceAll("\n", newline);
        const tokens = tokensOf(yaml);
        const name = String(tokens[where % tokens.length]?.["name"]);
        const text = new ConfigEdit(yaml, PROJECT).setEnd(name, end).toString();
        const others = (of: string) => of.split("\n").filter((line) => !line.includes("previousExpiresAt"));
        assert.deepEqual(others(text), others(yaml));
        const [more, less] = [text, yaml].map((of) => of.split("\n").length);
        const had = tokens[where % tokens.length]?.["previousExpiresAt"] !== undefined;
        assert.equal((more ?? 0) - (less ?? 0), had ? 0 : 1);
        if (newline === "\r\n") assert.doesNotMatch(text.replaceAll("\r\n", ""), /[\r\n]/);
      }),
      { runs: 150 },
    );
  });

  test("put a stand-in in and take it out again", () => {
    holds(
      fc.property(stackFile, until, (yaml, end) => {
        const name = "made-for-this-stand-in";
        const standIn = { for: "made-for-this", until: timeOf(end) };
        const text = new ConfigEdit(yaml, PROJECT).setStandIn(name, "720h", standIn).toString();
        assert.deepEqual(
          parse(text),
          withTokens(yaml, (all) => [...all, { name, duration: "720h", standIn }]),
        );
        const again = new ConfigEdit(text, PROJECT).remove(name).toString();
        assert.equal(again, yaml);
      }),
      { runs: 120 },
    );
  });

  test("raise a version, by one where a secret is known", () => {
    holds(
      fc.property(stackFile, fc.nat(), until, fc.boolean(), (yaml, where, end, known) => {
        const tokens = tokensOf(yaml);
        const { name, version = 1 } = tokens[where % tokens.length] ?? {};
        const note = known
          ? { version: Number(version), proven: `sha256-${"0".repeat(16)}`, at: timeOf(end) }
          : undefined;
        const noted = new ConfigEdit(yaml, PROJECT).setNote(String(name), note).toString();
        const text = nextVersion(noted, PROJECT, String(name), end);
        const token = tokensOf(text).find((each) => each["name"] === name);
        assert.deepEqual(
          [token?.["version"], token?.["previousExpiresAt"]],
          [Number(version) + (known ? 1 : 100), timeOf(end)],
        );
      }),
      { runs: 100 },
    );
  });
});

test("what `adopt` writes into a stack file is there, with every comment and all other values", () => {
  const top = fc.constantFrom("tunnel", "adopted", "maxSessionDuration", "teamName");
  holds(
    fc.property(stackFile, top, anyJson, (yaml, key, value) => {
      const text = editConfig(yaml, PROJECT, [{ path: [key], value, why: "" }], "Pulumi.dev.yaml");
      const { config, ...rest } = parse(yaml);
      const changed = { ...config, [`${PROJECT}:${key}`]: JSON.parse(JSON.stringify(value)) };
      assert.equal(JSON.stringify(sorted(parse(text))), JSON.stringify(sorted({ ...rest, config: changed })));
      // Remarks inside a list or a mapping that is replaced go with it.
      const isOneValue = [config[`${PROJECT}:${key}`], value].every((each) => typeof each !== "object");
      if (isOneValue) assert.deepEqual(commentsOf(text), commentsOf(yaml));
    }),
    { runs: 150 },
  );
});

/** With the names in one order, `__proto__` among them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

test("text that is no stack file is refused, and never something else", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(..."a:-[]{}#&*!|> \n\t'\""), maxLength: 20 }),
  );
  const attempt = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
    }
  };
  holds(
    fc.property(text, fc.constantFrom("", `config:\n  ${LIST}: `), (tail, head) => {
      attempt(() => new ConfigEdit(head + tail, PROJECT).setVersion("api", 2, new Date(0)).toString());
      attempt(() => new ConfigEdit(head + tail, PROJECT).plain("api"));
      attempt(() =>
        new ConfigEdit(head + tail, PROJECT).setStandIn("a-stand-in", "1h", { for: "a" }).toString(),
      );
      attempt(() => editConfig(head + tail, PROJECT, [{ path: ["tunnel", "id"], value: "x", why: "" }], "f"));
    }),
    { runs: 3000, examples: [["*a", `config:\n  ${LIST}: `]] },
  );
});

describe("the file itself", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-properties-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const content = fc.string({ unit: "grapheme", maxLength: 200 });

  test("is replaced whole, keeps its mode, leaves nothing beside it, and only as it was read", async () => {
    const path = join(folder, "Pulumi.dev.yaml");
    await holdsInTime(
      fc.asyncProperty(
        content,
        content,
        content,
        fc.constantFrom(0o600, 0o640, 0o644),
        async (before, after, other, mode) => {
          writeFileSync(path, before);
          chmodSync(path, mode);
          const file = new ConfigFile(path);
          const read = await file.read();
          await file.replace(read, after);
          assert.equal(await file.read(), after);
          assert.equal(statSync(path).mode & 0o777, mode);
          assert.deepEqual(readdirSync(folder), ["Pulumi.dev.yaml"]);
          writeFileSync(path, `${after} changed`);
          if (other !== after) await assert.rejects(file.replace(after, other), UserError);
          assert.equal(await file.read(), `${after} changed`);
        },
      ),
      { runs: 120 },
    );
  });
});
