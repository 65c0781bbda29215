import { describe, expect, test } from "vitest";
import { refuseForeignAddresses } from "../../config/provider-addresses";
import { secretPlacesOf } from "../../packages/cli/access-diff/secret-places";
import { problemsOf, REQUIRED } from "../support/config-problems";

/** What the config says of an application's service and of an Infisical. */
const problems = ({ service, siteUrl }: { service?: string; siteUrl?: string }) =>
  problemsOf({
    ...REQUIRED,
    applications: [{ allow: { emails: ["artist@datacrew.space"] }, service }],
    infisical: { projectId: "3f0f4b0e-0f57-4b4e-9d6f-0a3d3c6a8f11", environment: "prod", siteUrl },
  });

describe("1: an address of which two readers would make two hosts", () => {
  test.each([
    "http://localhost:8188\n",
    "\thttp://localhost:8188",
    "http://local\u200bhost:8188",
    "http://local\u0007host:8188",
    "http://ⓛocalhost:8188",
    "tcp://ⓛocalhost:22",
    "http://ｌocalhost:8188",
    "http://lоcalhost:8188",
    "http://%6cocalhost:8188",
    "http://a\\b",
    "unix:/run/a\u0007b",
  ])("the service %j is refused", (service) => {
    expect(problems({ service }).map(({ path }) => path)).toEqual(["applications[0].service"]);
  });

  test.each([
    "http://LocalHost:8188",
    "http://comfy_ui:8188",
    "https://[::1]:8188",
    "http://bücher.example.org",
    "http://xn--bcher-kva.example.org",
    "unix:/run/comfyui.sock",
  ])("the service %j is taken", (service) => {
    expect(problems({ service })).toEqual([]);
  });

  test.each([
    "https://[",
    "https://\u0007",
    "https://a\\b",
    "https://ev\u200bil.com",
    "https://%61pp.infisical.com",
    "https://app.infisiсal.com",
    "https://ⓐpp.infisical.com",
    "https://app.infisical.com\n",
    "https://app.infisical.com:99999",
    "https://0x7f.1",
  ])("the Infisical %j is refused", (siteUrl) => {
    expect(problems({ siteUrl }).map(({ path }) => path)).toEqual(["infisical.siteUrl"]);
  });

  test.each(["https://app.infisical.com", "https://eu.infisical.com/", "https://Secrets.example.org:8443"])(
    "the Infisical %j is taken",
    (siteUrl) => {
      expect(problems({ siteUrl })).toEqual([]);
    },
  );

  test("is named in ASCII, by the config and by the review", () => {
    const siteUrl = "https://app.infisiсal.com";
    const host = new URL(siteUrl).host;
    expect(problems({ siteUrl })[0]?.found).toContain(host);
    const config = { "comfyui-access:infisical": { value: JSON.stringify({ siteUrl }) } };
    expect(secretPlacesOf(Object.entries(config), "comfyui-access")["infisical"]?.[0]).toContain(host);
  });

  test.each([
    "https://ⓐpi.cloudflare.com/client/v4",
    "https://api.cloudflare.com\\client",
    "https://api.cloudflare.com\n",
  ])("Cloudflare's %j is refused", (address) => {
    expect(() => refuseForeignAddresses([["cloudflare:baseUrl", address]], {})).toThrow(/cloudflare:baseUrl/);
  });
});
