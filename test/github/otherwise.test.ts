import { expect, test } from "vitest";
import { otherwise } from "../../packages/github/plain/otherwise";
import { accessOf } from "./reviews";

const wider = (...lines: string[]) => ({
  verdict: "wider" as const,
  lines: ["@@ Gains access @@", ...lines],
});
const change = (hash: string, access: ReturnType<typeof wider>) => ({
  ...accessOf({ access }),
  hash: hash.repeat(64),
});
const none = { unapproved: [], missing: [] };

test("equal hashes are equal changes, and so are equal lines where ids became known", () => {
  expect(otherwise(change("1", wider("+ a")), change("1", wider("+ a")))).toEqual(none);
  expect(otherwise(change("1", wider("+ a", "+ b")), change("2", wider("+ b", "+ a")))).toEqual(none);
});

test("what nobody approved is told, and what was approved and did not happen", () => {
  expect(
    otherwise(change("1", wider("+ a", "- x")), change("2", wider("+ a", "+ stranger", "  why"))),
  ).toEqual({
    unapproved: ["+ stranger"],
    missing: ["- x"],
  });
});

test("no hash is no agreement: the lines decide", () => {
  const unhashed = { ...change("1", wider("+ a")), hash: undefined };
  expect(otherwise(unhashed, { ...change("1", wider("+ a", "+ b")), hash: undefined }).unapproved).toEqual([
    "+ b",
  ]);
});

test("a secret's line that only a plan can tell is not missed, and one in the state is told", () => {
  const secrets = (line: string) => ({ ...accessOf({ secrets: wider(line) }), hash: undefined });
  expect(otherwise(secrets("+ planned"), accessOf())).toMatchObject({ missing: [] });
  expect(otherwise(accessOf(), { ...secrets("+ granted"), hash: "3".repeat(64) }).unapproved).toEqual([
    "+ granted",
  ]);
});

test("what could not be read before the update is not missed, and what came of it is told", () => {
  const open = { verdict: "undecided" as const, lines: ["! policies of application a cannot be read yet"] };
  const planned = { ...accessOf({ notJudged: open }), hash: undefined };
  expect(otherwise(planned, accessOf())).toEqual(none);
  expect(otherwise(planned, accessOf({ access: wider("+ stranger") })).unapproved).toEqual(["+ stranger"]);
});
