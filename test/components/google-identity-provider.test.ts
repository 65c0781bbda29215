import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test } from "vitest";
import { GoogleIdentityProvider } from "../../components/google-identity-provider";
import { knownValue, type Recorder, SECRET, startMocks, UNKNOWN } from "../support/mocks";

let run: Recorder;
afterEach(() => run?.settled());

const client = { clientId: "x.apps.googleusercontent.com", clientSecret: "GOCSPX-value" };

test.each(["preview", "update"] as const)(
  "creates the provider with the secret marked, in %s",
  async (mode) => {
    run = await startMocks(mode);
    const google = new GoogleIdentityProvider("google", {
      accountId: "account",
      teamName: "datacrew",
      google: client,
    });
    const id = await knownValue(google.providerId);
    await run.settled();
    const provider = run.resource("ZeroTrustAccessIdentityProvider", "google");
    expect(id).toBe(mode === "preview" ? UNKNOWN : "id-of-ZeroTrustAccessIdentityProvider-google");
    expect(provider.inputs).toEqual({
      accountId: "account",
      name: "Google",
      type: "google",
      config: { clientId: client.clientId, clientSecret: SECRET },
    });
    expect(provider.parent).toBe(run.resource("GoogleIdentityProvider", "google").urn);
  },
);

test("a secret given as an output is passed on once", async () => {
  run = await startMocks("update");
  const google = { ...client, clientSecret: pulumi.secret(client.clientSecret) };
  new GoogleIdentityProvider("google", { accountId: "account", teamName: "datacrew", google });
  await run.settled();
  const { plain } = run.resource("ZeroTrustAccessIdentityProvider", "google");
  expect(plain.config).toEqual(client);
});

test("the component's own state holds no input, so no secret either", async () => {
  run = await startMocks("update");
  new GoogleIdentityProvider("google", { accountId: "account", teamName: "datacrew", google: client });
  await run.settled();
  expect(run.resource("GoogleIdentityProvider", "google").plain).toEqual({});
});

test("an existing provider is used as it is", async () => {
  run = await startMocks("preview");
  const google = new GoogleIdentityProvider("google", {
    accountId: "account",
    teamName: "datacrew",
    google: { identityProviderId: "existing" },
  });
  expect(await knownValue(google.providerId)).toBe("existing");
  await run.settled();
  expect(run.resources.map(({ type }) => type)).toEqual(["comfyui-access:components:GoogleIdentityProvider"]);
});

test("says what the OAuth client has to list", async () => {
  run = await startMocks("update");
  const google = new GoogleIdentityProvider("google", {
    accountId: "account",
    teamName: "datacrew",
    google: client,
  });
  expect(google.javascriptOrigin).toBe("https://datacrew.cloudflareaccess.com");
  expect(google.redirectUri).toBe("https://datacrew.cloudflareaccess.com/cdn-cgi/access/callback");
});
