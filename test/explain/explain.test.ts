import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Caller, explain, isNamed } from "../../packages/access/explain";
import { renderExplanation } from "../../packages/cli/explain/render";
import { parseSituation } from "../../packages/cloudflare/read-situation";
import { application, exported, machines, people, policy, TOKEN } from "./state";

const NOW = new Date("2026-11-23T12:00:00Z");

function ask(caller: Caller, own?: object[], address = "comfyui.datacrew.space/prompt", now = NOW) {
  const [hostname = "", ...path] = address.split("/");
  const state = parseSituation(exported(own), "the state");
  return explain(state, { hostname, path: `/${path.join("/")}`, caller }, now);
}

describe("explain", () => {
  test("an allowed person is let in by the policy that names them", () => {
    const answer = ask({ email: "Artist@DataCrew.space" });
    expect(answer).toMatchObject({
      verdict: "granted",
      application: { name: "comfyui", destination: "comfyui.datacrew.space" },
      policy: { action: "Allow", name: "people" },
    });
    // Service Auth is judged first, whatever its precedence.
    expect(answer.policies.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["machines", "not matched"],
      ["people", "matched"],
    ]);
  });

  test("somebody whom no rule names is told that the answer is anybody's", () => {
    const answer = ask({ email: "stranger@example.org" });
    expect(answer.verdict).toBe("refused");
    expect(answer.notes.join()).toContain("the same as for anyone who logs in");
    expect(ask({ email: "artist@datacrew.space" }).notes).toEqual([]);
  });

  test("a token is let in by Service Auth, by its name or its client id", () => {
    for (const token of ["comfyui-api", TOKEN, "0123456789abcdef0123456789abcdef.access"]) {
      expect(ask({ token })).toMatchObject({ verdict: "granted", policy: { action: "Service Auth" } });
    }
  });

  test("an expired token is refused, and the time is said", () => {
    const answer = ask({ token: "comfyui-api" }, undefined, undefined, new Date("2027-12-01T00:00:00Z"));
    expect(answer.verdict).toBe("refused");
    expect(answer.reason).toContain("expired at 2027-11-23");
  });

  test("a token under Allow gets nowhere: that policy is judged after a login", () => {
    const wrong = policy("machines", "allow", [{ serviceToken: { tokenId: TOKEN } }]);
    const answer = ask({ token: "comfyui-api" }, [people, wrong, application(["people", "machines"])]);
    expect(answer.verdict).toBe("refused");
    expect(answer.policies.map(({ outcome }) => outcome)).toEqual(["not asked", "not asked"]);
  });

  test("nobody is sent to the login, or to nothing where there is none", () => {
    expect(ask({ nobody: true })).toMatchObject({
      verdict: "refused",
      reason: "Access asks for a login first",
    });
    const only = ask({ nobody: true }, [machines, application(["machines"])]);
    expect(only.reason).toContain("there is no login");
  });

  test("nobody is stopped by a Bypass, but by the second barrier, which is named", () => {
    const open = policy("open", "bypass", [{ everyone: {} }]);
    const answer = ask({ nobody: true }, [people, open, application(["people", "open"])]);
    expect(answer).toMatchObject({
      verdict: "refused",
      stoppedAt: "connector",
      policy: { action: "Bypass", name: "open" },
    });
    expect(answer.reason).toMatch(/connector requires Access's JWT.*403/);
  });

  test("what hangs on an unstated country is undecided until it is stated", () => {
    const abroad = policy("abroad", "deny", [{ geo: { countryCode: "RU" } }]);
    const own = [abroad, people, application(["abroad", "people"])];
    const email = "artist@datacrew.space";
    expect(ask({ email }, own)).toMatchObject({ verdict: "undecided", dependsOn: ["country"] });
    expect(ask({ email, country: "DE" }, own).verdict).toBe("granted");
    expect(ask({ email, country: "RU" }, own)).toMatchObject({
      verdict: "refused",
      policy: { action: "Block", name: "abroad" },
    });
  });

  test("an IP range is judged by the address stated", () => {
    const office = policy("office", "allow", [{ email: { email: "artist@datacrew.space" } }], {
      requires: [{ ip: { ip: "203.0.113.0/24" } }],
    });
    const own = [office, application(["office"])];
    const email = "artist@datacrew.space";
    expect(ask({ email, ip: "203.0.113.9" }, own).verdict).toBe("granted");
    expect(ask({ email, ip: "198.51.100.9" }, own).verdict).toBe("refused");
  });

  test("a login that the application does not offer is refused before any policy", () => {
    const answer = ask({ email: "artist@datacrew.space", loginMethod: "One-time PIN" });
    expect(answer.verdict).toBe("refused");
    expect(answer.reason).toMatch(/no login with One-time PIN: only Google/);
  });

  test("a policy of another stack leaves the answer open instead of being overlooked", () => {
    const answer = ask({ email: "stranger@example.org" }, [people, application(["people", "elsewhere"])]);
    const foreign = "application comfyui links a policy that is not the stack's own (elsewhere)";
    expect(answer).toMatchObject({ verdict: "undecided", dependsOn: ["policy of another stack", foreign] });
    // It may be a Bypass, which asks nobody who they are.
    expect(ask({ nobody: true }, [people, application(["people", "elsewhere"])])).toMatchObject({
      verdict: "undecided",
      dependsOn: [foreign],
    });
  });

  test("a host name of the tunnel without an application is said to be open", () => {
    const answer = ask({ nobody: true }, undefined, "notes.datacrew.space/");
    expect(answer.verdict).toBe("unguarded");
    expect(answer.notes.join()).toContain("reaches http://localhost:3000");
  });

  test.each([
    [{ nobody: true } as const, "comfyiu.datacrew.space/", /Did you mean comfyui\.datacrew\.space/],
    [{ token: "comfyui-apl" }, "comfyui.datacrew.space/", /Did you mean comfyui-api/],
    [{ email: "a@b.c", loginMethod: "Gogle" }, "comfyui.datacrew.space/", /Did you mean Google/],
  ])("%j at %s is a mistake, and the nearest name is given", (caller, address, said) => {
    expect(() => ask(caller, undefined, address)).toThrow(said);
  });

  test("the text begins with the verdict and marks each rule", () => {
    const text = renderExplanation(ask({ email: "artist@datacrew.space" }));
    expect(text.split("\n")[0]).toBe("GRANTED  comfyui.datacrew.space/prompt for artist@datacrew.space");
    expect(text).toContain('2. Allow "people": matches and decides');
    expect(text).toContain("✓ require  logged in with Google");
  });
});

describe("the state", () => {
  test("is read as the real provider wrote it", () => {
    const recorded = JSON.parse(
      readFileSync(join(__dirname, "../fixtures/provider-state.json"), "utf8"),
    ) as Record<string, object>;
    const resources = Object.entries(recorded).map(([key, entry]) => ({ type: key.split(" ")[0], ...entry }));
    const state = parseSituation(JSON.stringify({ deployment: { resources } }), "the recording");
    expect(state.applications[0]?.policies.map(({ decision, include }) => [decision, include])).toEqual([
      ["allow", [{ email: { email: "a@b.c" } }]],
      ["non_identity", [{ service_token: { token_id: "{token}" } }]],
    ]);
    expect(state.ingress[0]).toMatchObject({ hostname: "comfyui.datacrew.space", jwtRequired: true });
  });

  test("leaves out what a replacement left to be deleted", () => {
    const old = { ...application([]), delete: true };
    const state = parseSituation(exported([people, application(["people"]), old]), "the state");
    expect(state.applications).toHaveLength(1);
  });

  test.each([
    ["not json", /is not JSON/],
    ["{}", /not a stack's exported state/],
    ['{"deployment":{"resources":[]}}', /no Access application/],
  ])("%s is refused with a remedy", (text, said) => {
    expect(() => parseSituation(text, "x.json")).toThrow(said);
  });
});

test("the names of a rule's fields are no addresses", () => {
  const policy = { id: "p", name: "p", decision: "allow" as const, require: [], exclude: [] };
  const named = (email: string) =>
    isNamed({ policies: [{ ...policy, include: [{ email: { email: "Artist@Datacrew.space" } }] }] }, email);
  expect(named("artist@datacrew.space")).toBe(true);
  expect(named("somebody@email")).toBe(false);
});
