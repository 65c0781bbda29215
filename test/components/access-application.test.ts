import { afterEach, describe, expect, test } from "vitest";
import {
  AccessApplication,
  type AccessApplicationArgs,
  precedence,
} from "../../components/access-application";
import { UserError } from "../../packages/base/errors";
import { knownValue, type Recorder, startMocks, UNKNOWN } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const args = (overrides: Partial<AccessApplicationArgs> = {}): AccessApplicationArgs => ({
  accountId: "account",
  hostname: "comfyui.datacrew.space",
  identityProviderId: "idp",
  allow: { emails: ["artist@datacrew.space"], emailDomains: [] },
  tokenIds: ["token"],
  sessionDuration: "12h",
  ...overrides,
});

async function declared(overrides?: Partial<AccessApplicationArgs>): Promise<Recorder> {
  run = await startMocks("update");
  new AccessApplication("comfyui", args(overrides));
  await run.settled();
  return run;
}

describe.each(["preview", "update"] as const)("in %s", (mode) => {
  test("the application waits for its policies, and all are children of the component", async () => {
    run = await startMocks(mode);
    new AccessApplication("comfyui", args());
    await run.settled();
    const component = run.resource("AccessApplication", "comfyui");
    const application = run.resource("ZeroTrustAccessApplication", "comfyui");
    const people = run.resource("ZeroTrustAccessPolicy", "comfyui-google-email");
    const tokens = run.resource("ZeroTrustAccessPolicy", "comfyui-service-token");
    expect([application, people, tokens].map(({ parent }) => parent)).toEqual(Array(3).fill(component.urn));
    expect(application.dependencies).toEqual([people.urn, tokens.urn]);
    expect(new Set(run.resources.map(({ urn }) => urn)).size).toBe(4);
  });

  test("id and audience tag are known exactly after the update", async () => {
    run = await startMocks(mode);
    const { applicationId, aud } = new AccessApplication("comfyui", args());
    const expected =
      mode === "preview"
        ? [UNKNOWN, UNKNOWN]
        : ["id-of-ZeroTrustAccessApplication-comfyui", "aud-of-comfyui"];
    expect([await knownValue(applicationId), await knownValue(aud)]).toEqual(expected);
  });
});

test("people come before tokens, each with an explicit precedence", async () => {
  const { inputs } = (await declared()).resource("ZeroTrustAccessApplication", "comfyui");
  expect(inputs.policies).toEqual([
    { id: "id-of-ZeroTrustAccessPolicy-comfyui-google-email", precedence: 1 },
    { id: "id-of-ZeroTrustAccessPolicy-comfyui-service-token", precedence: 2 },
  ]);
});

test("the application offers one login, redirects to it, and spells out durations and cookies", async () => {
  const { inputs } = (await declared()).resource("ZeroTrustAccessApplication", "comfyui");
  expect(inputs).toMatchObject({
    type: "self_hosted",
    destinations: [{ type: "public", uri: "comfyui.datacrew.space" }],
    allowedIdps: ["idp"],
    autoRedirectToIdentity: true,
    sessionDuration: "12h",
    httpOnlyCookieAttribute: true,
    sameSiteCookieAttribute: "lax",
    enableBindingCookie: false,
    serviceAuth401Redirect: true,
    optionsPreflightBypass: false,
  });
  expect(inputs).not.toHaveProperty("domain");
  expect(inputs).not.toHaveProperty("selfHostedDomains");
});

test("without tokens there is no policy for them, without people none for those", async () => {
  const names = ({ resources }: Recorder) =>
    resources.filter(({ type }) => type.endsWith("Policy")).map(({ name }) => name);
  expect(names(await declared({ tokenIds: [] }))).toEqual(["comfyui-google-email"]);
  expect(names(await declared({ allow: { emails: [], emailDomains: [] } }))).toEqual([
    "comfyui-service-token",
  ]);
});

test("an application that nobody could reach is refused before any of its parts reaches a provider", async () => {
  run = await startMocks("update");
  const nobody = args({ allow: { emails: [], emailDomains: [] }, tokenIds: [] });
  expect(() => new AccessApplication("comfyui", nobody)).toThrow(UserError);
  await run.settled();
  expect(run.resources.filter(({ custom }) => custom)).toEqual([]);
});

test("an empty policy list is refused", () => {
  expect(() => precedence("comfyui", [])).toThrow(
    "application comfyui has no policy\n  → Allow an e-mail address or a mail domain, or name a service token.",
  );
});
