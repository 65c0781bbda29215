import { describe, expect, test } from "vitest";
import { type AccessTest, judgeAccessTests } from "../../packages/access/tests/judge";
import { renderAccessTests } from "../../packages/access/tests/render";
import { parseSituation } from "../../packages/cloudflare/read-situation";
import { application, exported, machines, people, policy, TOKEN } from "../explain/state";

const NOW = new Date("2026-11-23T12:00:00Z");
const ARTIST = "artist@datacrew.space";

type Draft = Partial<AccessTest> & { allow?: string[]; deny?: string[] };

function judge(drafts: Draft[], own?: object[], now = NOW) {
  const tests = drafts.map((draft) => ({ allow: [], deny: [], ...draft }));
  return judgeAccessTests(parseSituation(exported(own), "the state"), tests, now);
}

function one(draft: Draft, own?: object[], now = NOW) {
  const [result, ...more] = judge([draft], own, now);
  if (result === undefined || more.length > 0) throw new Error("one result was expected");
  return result;
}

describe("access tests on a state", () => {
  test("who may and who may not, with the application and the policy that decide", () => {
    const results = judge([
      { who: ARTIST, allow: ["comfyui", "comfyui/prompt"] },
      { who: "stranger@example.org", deny: ["comfyui"] },
      { token: "comfyui-api", allow: ["comfyui"] },
      { anyone: true, deny: ["comfyui"] },
    ]);
    expect(results.map(({ got, passed }) => [got, passed])).toEqual([
      ["allowed", true],
      ["allowed", true],
      ["refused, same as anyone", true],
      ["allowed", true],
      ["refused", true],
    ]);
    expect(results[0]?.by).toBe('application comfyui, policy Allow "people"');
    expect(results[3]?.by).toBe('application comfyui, policy Service Auth "machines"');
  });

  test("a wrong expectation fails, and says where it stands", () => {
    const result = one({ who: ARTIST, deny: ["comfyui"] });
    expect(result).toMatchObject({
      test: 0,
      path: "accessTests[0].deny[0]",
      expected: "deny",
      got: "allowed",
      passed: false,
    });
    expect(one({ token: "comfyui-api", deny: ["comfyui/prompt"] }).passed).toBe(false);
    expect(one({ anyone: true, allow: ["comfyui"] }).passed).toBe(false);
  });

  test("an address that no rule names is the same as anyone, and cannot be allowed", () => {
    const everybody = policy("people", "allow", [{ everyone: {} }]);
    const typo = one({ who: "artits@datacrew.spaec", allow: ["comfyui"] });
    expect(typo).toMatchObject({ got: "refused, same as anyone", passed: false });
    expect(typo.remedy).toContain("No rule names artits@datacrew.spaec");
    const open = one({ who: "x@example.org", allow: ["comfyui"] }, [everybody, application(["people"])]);
    expect(open).toMatchObject({ got: "allowed, same as anyone", passed: false });
  });

  test.each<[string, Draft, RegExp]>([
    ["an unknown application", { anyone: true, deny: ["comfyiu"] }, /no application comfyiu.*comfyui/],
    [
      "an unknown token",
      { token: "comfyui-apl", deny: ["comfyui"] },
      /no service token comfyui-apl.*comfyui-api/,
    ],
    ["an empty entry", { anyone: true, deny: [""] }, /an empty entry/],
    ["a test without an entry", { anyone: true }, /nothing is expected/],
    ["two subjects", { who: ARTIST, token: "comfyui-api", allow: ["comfyui"] }, /2 subjects/],
    ["no subject", { allow: ["comfyui"] }, /0 subjects/],
    [
      "an unknown circumstance",
      { who: ARTIST, with: { contry: "NL" }, allow: ["comfyui"] },
      /contry.*country/,
    ],
    [
      "an unknown login",
      { who: ARTIST, with: { loginMethod: "Gogle" }, allow: ["comfyui"] },
      /Gogle.*Google/,
    ],
  ])("%s fails with the nearest right one", (_, draft, said) => {
    const { passed, got, remedy } = one(draft);
    expect(passed).toBe(false);
    expect(`${got} ${remedy}`).toMatch(said);
  });

  test("a * that matches nothing fails", () => {
    const state = parseSituation(exported(), "the state");
    const nothing = { ...state, applications: [], ingress: [], records: [], hostnames: [] };
    const [result] = judgeAccessTests(nothing, [{ anyone: true, allow: [], deny: ["*"] }], NOW);
    expect(result).toMatchObject({ passed: false, got: "* matches nothing" });
  });

  test("a * also means the host names of the tunnel that no application guards", () => {
    const results = judge([{ anyone: true, deny: ["*"] }]);
    expect(results.map(({ place, passed }) => [place, passed])).toEqual([
      ["* (comfyui)", true],
      ["* (notes.datacrew.space)", false],
    ]);
    expect(results[1]?.by).toBe("no application in front of notes.datacrew.space");
  });

  test("what hangs on something unstated fails and names it; stated, it is judged", () => {
    const home = policy("home", "allow", [{ email: { email: ARTIST } }], {
      requires: [{ geo: { countryCode: "NL" } }],
    });
    const own = [home, application(["home"])];
    const open = one({ who: ARTIST, allow: ["comfyui"] }, own);
    expect(open).toMatchObject({ passed: false, got: "it depends on country" });
    expect(open.remedy).toContain("with: { country: NL }");
    expect(one({ who: ARTIST, deny: ["comfyui"] }, own).passed).toBe(false);
    expect(one({ who: ARTIST, with: { country: "nl" }, allow: ["comfyui"] }, own).passed).toBe(true);
    expect(one({ who: ARTIST, with: { country: "DE" }, deny: ["comfyui"] }, own).passed).toBe(true);
  });

  test("what no test can state is left to verify", () => {
    const posture = policy("laptops", "allow", [{ email: { email: ARTIST } }], {
      requires: [{ devicePosture: { integrationUid: "1" } }],
    });
    const result = one({ who: ARTIST, allow: ["comfyui"] }, [posture, application(["laptops"])]);
    expect(result).toMatchObject({ passed: false, got: "it depends on device_posture" });
    expect(result.remedy).toContain("verify");
  });

  test("people are tried with the Google login, wherever others are offered too", () => {
    const own = [people, application(["people"], { allowedIdps: [] })];
    const text = exported(own).replace('"name":"Google"', '"name":"Google","type":"google"');
    const tests = [{ who: ARTIST, allow: ["comfyui"], deny: [] }];
    const [result] = judgeAccessTests(parseSituation(text, "the state"), tests, NOW);
    expect(result).toMatchObject({ got: "allowed", passed: true });
  });

  test("a token under Allow, and one that expired, are refused", () => {
    const wrong = policy("machines", "allow", [{ serviceToken: { tokenId: TOKEN } }]);
    const draft = { token: "comfyui-api", allow: ["comfyui"] };
    expect(one(draft, [wrong, application(["machines"])]).passed).toBe(false);
    expect(one(draft, undefined, new Date("2028-01-01T00:00:00Z")).passed).toBe(false);
  });

  test("a Bypass that the connector stops is no access", () => {
    const open = policy("open", "bypass", [{ everyone: {} }]);
    const result = one({ anyone: true, deny: ["comfyui"] }, [open, machines, application(["open"])]);
    expect(result).toMatchObject({ passed: true, got: "refused by the connector" });
  });

  test("the text begins with the verdict, and a failure ends with what to do", () => {
    const text = renderAccessTests(
      judge([
        { who: ARTIST, allow: ["comfyui"] },
        { anyone: true, deny: ["*"] },
      ]),
    );
    expect(text.split("\n")[0]).toBe("1 of 3 access tests FAILED");
    expect(text).toContain("accessTests[1].deny[0] → Put an application in front of notes.datacrew.space");
  });
});
