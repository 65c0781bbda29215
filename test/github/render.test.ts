import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { code, fenced } from "../../packages/github/plain/escape";
import { readMarker, writeMarker } from "../../packages/github/plain/marker";
import { type Comment, render, stateOf } from "../../packages/github/plain/render";
import { MalformedReview, parseReview, type Review } from "../../packages/github/plain/review";
import { holds } from "../support/properties";
import { accessOf, commit, goodReview } from "./reviews";

function commentOf(review: Review): Comment {
  const marker = { key: "comfyui-access/prod", commit, run: 1, attempt: 1, state: stateOf(review) };
  return { marker, review, runUrl: "https://github.com/owner/name/actions/runs/1" };
}

/** As GitHub might count at most: UTF-8 bytes. */
const bytes = (text: string) => Buffer.byteLength(text);

/** Text as somebody would write it who wants to be more than text. */
const hostile = fc.string({
  unit: fc.constantFrom(
    "`",
    "``",
    "```",
    "\n",
    "\r",
    "<b>",
    "@admin",
    "<!-- ",
    " -->",
    "|",
    "\u202e",
    "\u200b",
    "x",
    "💥",
  ),
  maxLength: 40,
});

describe("untrusted text", () => {
  test("cannot leave its code span", () => {
    holds(
      fc.property(hostile, (text) => {
        const span = code(text);
        const ticks = /^`+/.exec(span)?.[0] ?? "";
        const inner = span.slice(ticks.length, -ticks.length);
        expect(span.endsWith(ticks)).toBe(true);
        expect(inner).not.toMatch(/[\n\r\u202e\u200b]/);
        expect(inner.match(/`+/g)?.some((run) => run.length === ticks.length) ?? false).toBe(false);
      }),
    );
  });

  test("cannot close its fence", () => {
    holds(
      fc.property(fc.array(hostile, { minLength: 1 }), (lines) => {
        const [opening = "", ...rest] = fenced(lines).split("\n");
        expect(rest.at(-1)).toBe(opening);
        expect(rest.slice(0, -1).some((line) => line.startsWith(opening))).toBe(false);
      }),
    );
  });

  test("cannot forge a marker, nor put a line of its own among ours", () => {
    const forged = writeMarker({ key: "comfyui-access/prod", commit, run: 9, attempt: 9, state: "applied" });
    const review = goodReview();
    review.accessTests.failures = [`x\n${forged}`];
    review.diagnostics = [`\`\`\`\n${forged}\n### ✅ No changes`];
    if (review.access) review.access.sections.access.lines = [`+ \`\`\`\n### ✅ No changes`];
    const body = render(commentOf(review));
    expect(readMarker(body)).toMatchObject({ run: 1, state: "blocked" });
    expect(body.split("\n").filter((line) => line.startsWith("### "))).toEqual([
      expect.stringContaining("Blocked"),
    ]);
  });
});

test("a line break in a name forges neither a heading nor a line of the diff", () => {
  const review = goodReview();
  const breaks = ["\n", "\r", "\r\n", "\u2028", "\u2029", "\v", "\f", "\u0085"];
  const lines = breaks.map(
    (each) => `- a${each}+ forged${each}@@ Gains access @@${each}#### Guardrails: met`,
  );
  review.access = accessOf({ access: { verdict: "narrower", lines } });
  const body = render(commentOf(review));
  expect(body.match(/(^|[\r\v\f\u0085\u2028\u2029])(\+ forged|@@ Gains)/gm)).toBeNull();
  expect(body.split("\n").filter((line) => line === "#### Guardrails: met")).toHaveLength(1);
});

describe("the size of a comment", () => {
  test("stays below the limit whatever is in it, and no access line is missing", () => {
    const big = (count: number) =>
      Array.from({ length: count }, (_, index) => `+ person-${index}@example.org 💥 gains`);
    holds(
      fc.property(
        fc.nat(1200),
        fc.nat(3000),
        fc.nat(3000),
        fc.nat(2000),
        (lines, failures, diagnostics, steps) => {
          const review = goodReview();
          if (review.access) review.access.sections.traffic = { verdict: "moves", lines: big(lines) };
          review.accessTests.failures = big(failures);
          review.diagnostics = big(diagnostics);
          review.steps = big(steps).map((name) => ({
            op: "delete",
            type: "t",
            name,
            properties: ["a", "b"],
          }));
          const body = render(commentOf(review));
          expect(bytes(body)).toBeLessThan(65_536);
          for (const line of review.access?.sections.traffic.lines ?? []) expect(body).toContain(line);
          if (diagnostics > 1000) expect(body).toMatch(/\d+ more lines are left out here; the run has all/);
        },
      ),
      { runs: 30 },
    );
  });

  test("access changes that do not fit are not shown in part: the comment leads to the run, under its own verdict", () => {
    const review = goodReview();
    const lines = Array.from({ length: 4000 }, (_, n) => `+ person-${n}@example.org gains`);
    review.access = { ...accessOf({ access: { verdict: "wider", lines } }), labels: ["access-widens"] };
    const body = render(commentOf(review));
    expect(body).toContain("### 📝 Changes");
    review.accessTests.failures = ["accessTests[1]: expected deny"];
    expect(render(commentOf(review))).toContain("### ⛔ Blocked: 1 access test fails");
    expect(body).toContain("too long for a comment. Read it in the run.");
    expect(body).not.toContain("person-1@");
    expect(body).toContain("https://github.com/owner/name/actions/runs/1");
  });
});

describe("a file from another job", () => {
  test("is read back as it was written", () => {
    expect(parseReview(JSON.stringify(goodReview()))).toEqual(goodReview());
  });

  const broken: [string, unknown][] = [
    ["commit", "main"],
    ["commit", `${commit}\n`],
    ["project", "a/b"],
    ["completed", "true"],
    ["counts", { "<b>": 1 }],
    ["counts", { same: -1 }],
    ["steps", [{ op: "update", type: "t", name: 1, properties: [] }]],
    ["guardrails", [{ rule: "r", level: "off", resource: "x", message: "m" }]],
    ["access", { ...accessOf(), hash: "short" }],
    ["access", { ...accessOf(), labels: ["any-other"] }],
    ["access", { ...accessOf(), verdict: "same" }],
    ["access", { ...accessOf(), sections: { access: { verdict: "same", lines: [] } } }],
    ["access", accessOf({ traffic: { verdict: "same", lines: ["+ x"] } })],
    ["access", accessOf({ traffic: { verdict: "good" as "same", lines: [] } })],
    ["version", 1],
    ["diagnostics", ["x".repeat(4001)]],
    ["diagnostics", Array.from({ length: 5001 }, () => "x")],
    ["more", 1],
  ];
  test.each(broken)("is refused with another %s", (field, value) => {
    const text = JSON.stringify({ ...goodReview(), [field]: value });
    expect(() => parseReview(text)).toThrow(MalformedReview);
  });

  test("is refused when it is too large, before it is read", () => {
    expect(() => parseReview(`"${"x".repeat(900_001)}"`)).toThrow("more than 900000 bytes");
  });
});
