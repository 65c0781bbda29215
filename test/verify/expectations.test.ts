import { describe, expect, test } from "vitest";
import { type Declaration, expected, fits } from "../../packages/cli/verify/expectations";
import { type Outcome, outcomeOf, type RawAnswer } from "../../packages/cli/verify/outcome";
import type { DeclaredProperties, VerifyTarget, What, Who } from "../../packages/cli/verify/target";

const AUD = "a".repeat(64);
const TEAM = "datacrew.cloudflareaccess.com";

function declared(
  properties: DeclaredProperties = {},
  serviceTokenMode: VerifyTarget["serviceTokenMode"] = "strict",
  write = true,
): Declaration {
  const application = { url: "https://comfyui.datacrew.space", aud: AUD, declared: properties };
  return { application, teamName: "datacrew", serviceTokenMode, write };
}

const login: Outcome = { is: "login", host: TEAM, aud: AUD };
const comfyui: Outcome = { is: "comfyui", status: 200 };
const refused = (status: number, by: "access" | "connector" | "unclear" = "access"): Outcome => ({
  is: "refused",
  status,
  by,
});
const preflight = (allowsOrigin: string | null): Outcome => ({ is: "preflight", status: 200, allowsOrigin });

describe("what a cell must show", () => {
  test.each<[string, Who, What, Declaration, Outcome[], Outcome[]]>([
    [
      "nobody is sent to the login",
      "nobody",
      "page",
      declared(),
      [login],
      [comfyui, refused(401), refused(403)],
    ],
    [
      "the login has to be this team's and application's",
      "nobody",
      "api",
      declared(),
      [login],
      [
        { ...login, host: "other.cloudflareaccess.com" },
        { ...login, aud: "b".repeat(64) },
      ],
    ],
    ["the second barrier alone is not enough", "nobody", "page", declared(), [], [refused(403, "connector")]],
    [
      "without people, 401",
      "nobody",
      "page",
      declared({ people: false }),
      [refused(401)],
      [login, refused(403)],
    ],
    [
      "without people and without the 401 setting, 403",
      "nobody",
      "websocket",
      declared({ people: false, serviceAuth401: false }),
      [refused(403)],
      [refused(401)],
    ],
    [
      "strict: a wrong token is 401",
      "wrong-token",
      "page",
      declared(),
      [refused(401)],
      [login, refused(403)],
    ],
    [
      "legacy: a wrong token is 401, or a login",
      "wrong-token",
      "page",
      declared({}, "legacy"),
      [refused(401), login],
      [refused(403)],
    ],
    [
      "legacy without the 401 setting: a login",
      "wrong-token",
      "page",
      declared({ serviceAuth401: false }, "legacy"),
      [login],
      [refused(401), refused(403)],
    ],
    [
      "unknown mode: what either answers, and never ComfyUI",
      "wrong-token",
      "api",
      declared({}, "unknown"),
      [refused(401), login],
      [comfyui, refused(403, "connector")],
    ],
    [
      "a valid token gets in",
      "valid-token",
      "api",
      declared(),
      [comfyui],
      [login, refused(401), refused(403)],
    ],
    [
      "a WebSocket has to live",
      "valid-token",
      "websocket",
      declared(),
      [{ is: "websocket", alive: true }],
      [{ is: "websocket", alive: false }],
    ],
    [
      "without --write an upload is asked with GET",
      "valid-token",
      "upload",
      declared({}, "strict", false),
      [
        { is: "comfyui", status: 404 },
        { is: "comfyui", status: 405 },
      ],
      [comfyui, refused(403)],
    ],
    [
      "another Google user is told off after the login",
      "other-user",
      "page",
      declared(),
      [refused(403)],
      [comfyui, login],
    ],
    ["and has no session", "other-user", "api", declared(), [login], [comfyui]],
    [
      "preflights are refused",
      "valid-token",
      "preflight",
      declared(),
      [refused(403), refused(403, "unclear")],
      [preflight(null)],
    ],
    [
      "unless CORS is declared, for the declared origin",
      "nobody",
      "preflight",
      declared({ preflight: { origins: ["https://app.example.org"] } }),
      [preflight("https://app.example.org")],
      [preflight("https://elsewhere.example"), preflight(null), refused(403)],
    ],
    [
      "a preflight that is passed on ends at the connector",
      "nobody",
      "preflight",
      declared({ preflight: "passed-on" }),
      [refused(403, "connector"), refused(403, "unclear")],
      [refused(403, "access"), preflight("https://elsewhere.example")],
    ],
    ["on the machine itself no credential is needed", "local", "page", declared(), [comfyui], [login]],
    [
      "and no other web site is let in",
      "local",
      "preflight",
      declared(),
      [preflight(null), preflight("https://comfyui.datacrew.space")],
      [preflight("*"), preflight("https://elsewhere.example")],
    ],
  ])("%s", (_, who, what, declaration, right, wrong) => {
    const expectation = expected(who, what, declaration);
    for (const outcome of right) expect(fits(expectation, outcome), JSON.stringify(outcome)).toBe(true);
    for (const outcome of wrong) expect(fits(expectation, outcome), JSON.stringify(outcome)).toBe(false);
    expect(expectation.text).not.toBe("");
  });
});

describe("what an answer amounts to", () => {
  const answer = (status: number, headers: Record<string, string> = {}, body = ""): RawAnswer => ({
    kind: "response",
    status,
    headers,
    body,
  });
  const loginUrl = `https://${TEAM}/cdn-cgi/access/login/comfyui.datacrew.space?kid=${AUD}&meta=x`;
  const json = { "content-type": "application/json" };

  test.each<[string, RawAnswer, What, Outcome]>([
    ["a redirect to the login", answer(302, { location: loginUrl }), "page", login],
    [
      "a redirect elsewhere, without its query",
      answer(302, { location: "https://example.org/x?token=y" }),
      "page",
      { is: "other", status: 302, hint: "redirect to https://example.org/x" },
    ],
    ["a marked refusal", answer(403, { "cf-access-aud": AUD }, "no"), "api", refused(403)],
    ["a block page", answer(401, {}, "<title>Error ・ Cloudflare Access</title>"), "page", refused(401)],
    ["a 401 of any form", answer(401), "api", refused(401)],
    ["an empty 403", answer(403), "api", refused(403, "connector")],
    ["an empty 403 to a preflight", answer(403), "preflight", refused(403, "unclear")],
    ["an empty 502", answer(502), "api", { is: "origin-fault", status: 502 }],
    ["no connector", answer(530, {}, "error 1033"), "page", { is: "tunnel-down", status: 530 }],
    ["ComfyUI's page", answer(200, {}, "<title>ComfyUI</title>"), "page", comfyui],
    ["ComfyUI's statistics", answer(200, json, '{"system":{},"devices":[]}'), "api", comfyui],
    [
      "JSON of somebody else's",
      answer(200, json, '{"status":"ok"}'),
      "api",
      { is: "other", status: 200, hint: "application/json" },
    ],
    ["an upload", answer(200, json, '{"name":"a.png"}'), "upload", comfyui],
    [
      "somebody else's page",
      answer(200, {}, "<title>Notes</title>"),
      "page",
      { is: "other", status: 200, hint: 'page "Notes"' },
    ],
    [
      "a first event",
      { kind: "websocket", firstMessage: '{"type":"status"}' },
      "websocket",
      { is: "websocket", alive: true },
    ],
    [
      "another first event",
      { kind: "websocket", firstMessage: "hello" },
      "websocket",
      { is: "websocket", alive: false },
    ],
  ])("%s", (_, raw, what, outcome) => {
    expect(outcomeOf(raw, what)).toEqual(outcome);
  });
});
