import { expect, test } from "vitest";
import { judgePlan, plannedAccess } from "../../components/access-tests";
import { parseConfig } from "../../config/stack-config";
import { cpuTime } from "../support/cpu-time";

const ARTIST = "artist@datacrew.space";

interface Draft {
  applications?: object[];
  serviceTokens?: object[];
  accessTests?: object[];
}

function config({ applications, serviceTokens, accessTests }: Draft) {
  return parseConfig({
    accountId: "0".repeat(32),
    zone: "datacrew.space",
    teamName: "datacrew",
    google: { clientId: "x.apps.googleusercontent.com", clientSecret: "secret" },
    tunnel: { name: "home" },
    applications: applications ?? [{ allow: { emails: [ARTIST] } }],
    ...(serviceTokens === undefined ? {} : { serviceTokens }),
    accessTests: accessTests ?? [
      { who: ARTIST, allow: ["comfyui"] },
      { who: "stranger@example.org", deny: ["comfyui"] },
      { token: "comfyui-api", allow: ["comfyui"] },
      { anyone: true, deny: ["*"] },
    ],
  });
}

test("the plan that the tests describe passes", () => {
  expect(() => judgePlan(config({}))).not.toThrow();
});

test("a plan that revokes everyone fails, with each caller who would be cut off", () => {
  const revoked = { ...config({ serviceTokens: [{ name: "comfyui-api" }] }) };
  const [comfyui] = revoked.applications;
  if (comfyui === undefined) throw new Error("an application was expected");
  comfyui.allow = { emails: ["nobody@datacrew.space"], emailDomains: [] };
  comfyui.serviceTokens = [];
  expect(() => judgePlan(revoked)).toThrow(
    /2 problems in what the access tests expect, nothing was created:[\s\S]*accessTests\[0\]\.allow\[0\]: artist@datacrew\.space at comfyui: expected allow, got refused, same as anyone \(application comfyui, no policy\)[\s\S]*accessTests\[2\]\.allow\[0\]: token comfyui-api at comfyui: expected allow, got refused/,
  );
});

test("a domain that lets the wrong ones in fails, naming the policy", () => {
  const wide = config({
    applications: [{ allow: { emails: [ARTIST], emailDomains: ["example.org"] } }],
  });
  expect(() => judgePlan(wide)).toThrow(
    /stranger@example\.org at comfyui: expected deny, got allowed \(application comfyui, policy Allow "comfyui-google-email"\)\n {4}→ /,
  );
});

test("the model holds exactly what the components would declare", () => {
  const state = plannedAccess(config({ serviceTokens: [{ name: "comfyui-api" }, { name: "ci" }] }));
  expect(
    state.applications[0]?.policies.map(({ name, decision, include, require }) => [
      name,
      decision,
      include,
      require,
    ]),
  ).toEqual([
    ["comfyui-google-email", "allow", [{ email: { email: ARTIST } }], [{ login_method: { id: "Google" } }]],
    [
      "comfyui-service-token",
      "non_identity",
      [{ service_token: { token_id: "comfyui-api" } }, { service_token: { token_id: "ci" } }],
      [],
    ],
  ]);
  expect(state.ingress).toMatchObject([
    { hostname: "comfyui.datacrew.space", jwtRequired: true },
    { service: "http_status:404" },
  ]);
});

test("a stand-in is taken where the token is that it stands in for, and nowhere else", () => {
  const [token, standIn] = ["comfyui-api", "comfyui-api-stand-in"];
  const standing = (tests: object[]) =>
    config({
      applications: [
        { name: "comfyui", hostname: "comfyui.datacrew.space", serviceTokens: [token] },
        { name: "wiki", hostname: "wiki.datacrew.space", allow: { emails: [ARTIST] }, serviceTokens: [] },
      ],
      serviceTokens: [{ name: token }, { name: standIn, duration: "720h", standIn: { for: token } }],
      accessTests: tests,
    });
  expect(() => judgePlan(standing([{ token: standIn, allow: ["comfyui"], deny: ["wiki"] }]))).not.toThrow();
  expect(() => judgePlan(standing([{ token: standIn, deny: ["comfyui"] }]))).toThrow(
    /token comfyui-api-stand-in at comfyui: expected deny, got allowed/,
  );
});

test("judging fifty applications takes a few milliseconds", () => {
  const names = Array.from({ length: 50 }, (_, index) => `app-${index}`);
  const large = config({
    applications: names.map((name) => ({
      name,
      allow: { emails: [ARTIST] },
      serviceTokens: ["comfyui-api"],
    })),
    serviceTokens: [{ name: "comfyui-api" }],
    accessTests: names.map((name) => ({ who: ARTIST, allow: [name] })),
  });
  judgePlan(large);
  const started = cpuTime();
  judgePlan(large);
  // Around 3 ms on a small machine; the bound only catches what grows out of hand.
  expect(cpuTime() - started).toBeLessThan(100);
});
