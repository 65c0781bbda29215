import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Searcher, type Secret } from "./searcher";

const TEXT = `5ec+2e7/${randomBytes(24).toString("hex")}"&<\\end`;
const BYTES = randomBytes(32);

const search = (text: string | Buffer, secrets: Secret[] = [{ label: "secret", value: TEXT }]) =>
  new Searcher(secrets).search(Buffer.from(text as string));

const found = (text: string | Buffer) => search(text).map(({ spelling, part }) => `${part}, ${spelling}`);

describe("a secret is found", () => {
  const spellings: [string, string | Buffer][] = [
    ["in clear", TEXT],
    ["as JSON writes it", JSON.stringify({ TEXT })],
    ["percent-encoded", `https://x/?s=${encodeURIComponent(TEXT)}&t`],
    ["percent-encoded", encodeURIComponent(TEXT).replace(/%../g, (code) => code.toLowerCase())],
    ["as HTML writes it", `<b>${TEXT.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")}</b>`],
    ["in hexadecimal", Buffer.from(TEXT).toString("hex")],
    ["in hexadecimal", Buffer.from(TEXT).toString("hex").toUpperCase()],
    ["in UTF-16", Buffer.from(TEXT, "utf16le")],
    ...["", "a", "id"].flatMap((before): [string, string][] => [
      ["in Base64", Buffer.from(`${before}${TEXT} and more`).toString("base64")],
      ["in Base64", Buffer.from(`${before}${TEXT} and more`).toString("base64url")],
    ]),
  ];
  test.each(spellings)("%s (%#)", (spelling, text) => {
    expect(found(text)).toContainEqual(`whole, ${spelling}`);
    const among = Buffer.concat([randomBytes(1000), Buffer.from(text as string), randomBytes(1000)]);
    expect(found(among)).toContainEqual(`whole, ${spelling}`);
  });

  test.each([
    ["its beginning", TEXT.slice(0, 23)],
    ["its end", TEXT.slice(-23)],
    ["any part of that length", TEXT.slice(17, 40)],
  ])("by %s", (_, part) => {
    expect(found(`… ${part}…`)).toContain("part, in clear");
  });

  test("by any part of it in any spelling that is long enough", () => {
    const hex = Buffer.from(TEXT).toString("hex");
    for (let at = 0; at + 23 <= hex.length; at++) expect(found(hex.slice(at, at + 23))).not.toEqual([]);
  });

  test("as bytes, and as what stands for them", () => {
    const secrets = [{ label: "key", value: BYTES }];
    for (const text of [
      BYTES,
      BYTES.toString("hex"),
      BYTES.toString("base64"),
      BYTES.toString("base64url"),
    ]) {
      expect(search(text, secrets)).toEqual([expect.objectContaining({ label: "key", part: "whole" })]);
    }
  });

  test("where several begin alike, and where one stands at the very end", () => {
    const secrets = ["same-start-one-secret", "same-start-two-secret"].map((value) => ({
      label: value,
      value,
    }));
    const labels = search("same-start-one-secretsame-start-two-secret", secrets).map(({ label }) => label);
    expect(new Set(labels)).toEqual(new Set(["same-start-one-secret", "same-start-two-secret"]));
  });

  test("once for each way in which it is written, whole if it is so anywhere", () => {
    const hits = search(`${TEXT.slice(0, 30)} ${TEXT} ${TEXT}`);
    expect(hits.filter(({ spelling }) => spelling === "in clear")).toEqual([
      { label: "secret", spelling: "in clear", part: "whole", offset: 0 },
    ]);
  });
});

describe("nothing is found", () => {
  test.each([
    ["in nothing", ""],
    ["in the few characters that tell one from another", TEXT.slice(0, 8)],
    [
      "in what differs by one character",
      TEXT.split("")
        .map((char, at) => (at % 7 === 3 ? "~" : char))
        .join(""),
    ],
  ])("%s", (_, text) => {
    expect(found(text)).toEqual([]);
  });

  test("in ten million random bytes, nor in as many hexadecimal digits", () => {
    const bytes = randomBytes(10_000_000);
    expect(search(bytes)).toEqual([]);
    expect(search(bytes.subarray(0, 5_000_000).toString("hex"))).toEqual([]);
  });

  test("by a part of a value that stands in the source code", () => {
    const constant = { label: "constant", value: "sandbox-0000000000000000000", constant: true };
    expect(search("sandbox-0000000000000", [constant])).toEqual([]);
    expect(search("is sandbox-0000000000000000000", [constant])).toHaveLength(1);
  });
});

test("a secret that would be met by chance is refused", () => {
  expect(() => new Searcher([{ label: "pin", value: "1234567" }])).toThrow("pin is too short");
});

test("a hit holds no part of the secret", () => {
  const said = JSON.stringify(search(TEXT));
  for (let at = 0; at + 6 <= TEXT.length; at++) expect(said).not.toContain(TEXT.slice(at, at + 6));
});
